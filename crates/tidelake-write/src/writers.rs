//! The buckets that are open for writing, and when they flush.

use arrow_array::{Array, BooleanArray, Int8Array, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::{filter, filter_record_batch};
use futures::{FutureExt, StreamExt, channel::oneshot, future::BoxFuture, stream::FuturesUnordered};
use indexmap::IndexMap;
use tidelake_append::AppendBucket;
use tidelake_datafile::{Bucket, BucketPlace, BucketRows, JobResult, TableFiles, WRITE_BUFFER_SIZE};
use tidelake_io::FilePath;
use tidelake_lsm::{IGNORE_DELETE, LsmBucket};
use tidelake_meta::{BucketMode, CommitMessage, ManifestStore, SnapshotStore};
use tidelake_types::{PartitionValues, RowKind, arrow_schema};

use crate::{
    RestoredStates, RoutedRows, Router, conform,
    error::{InvalidRowsSnafu, PoisonedSnafu, Result},
};

/// What a writer needs of its table.
#[derive(Debug, Clone)]
pub struct WriteParts {
    /// Storage, schema, formats.
    pub files: TableFiles,
    /// Where the buckets' state is read.
    pub snapshots: SnapshotStore,
    /// Where the buckets' state is read.
    pub manifests: ManifestStore,
    /// How many flushes may run at once.
    pub slots: usize,
}

/// All changes since the last hand-over, and the files that are not durable yet.
#[derive(Debug, Default)]
pub struct PreparedMessages {
    /// One for each bucket that changed.
    pub messages: Vec<CommitMessage>,
    /// To be synced before the commit publishes.
    pub unsynced: Vec<FilePath>,
}

type BucketKey = (PartitionValues, i32);

struct OpenBucket {
    bucket: Box<dyn Bucket>,
    place: BucketPlace,
    flushing: bool,
}

/// Takes batches of a table and turns them into commit messages.
pub struct BucketWriters {
    parts: WriteParts,
    schema: SchemaRef,
    router: Router,
    restored: RestoredStates,
    fresh: bool,
    total_buckets: i32,
    buffer_bytes: u64,
    /// Rows that take away are left out: option `ignore-delete`.
    ignore_delete: bool,
    open: IndexMap<BucketKey, OpenBucket>,
    running: FuturesUnordered<BoxFuture<'static, (BucketKey, Option<JobResult>)>>,
    /// Why this writer cannot go on. Set while rows are on their way into buckets or out of them: whoever gives up in
    /// between (an error, a dropped future) leaves half of them behind, and the other half must not be committed alone.
    failed: Option<&'static str>,
}

impl std::fmt::Debug for BucketWriters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketWriters").field("table", &self.parts.files.layout.root()).finish_non_exhaustive()
    }
}

impl BucketWriters {
    /// For a table. What this build cannot write is a typed error that names the option.
    pub fn try_new(parts: WriteParts) -> Result<Self> {
        let schema = &parts.files.schema;
        tidelake_meta::unsupported_for_writing(schema)?;
        parts.files.check_formats()?;
        Ok(Self {
            schema: arrow_schema(&schema.fields)?,
            router: Router::try_new(schema)?,
            restored: RestoredStates::default(),
            fresh: false,
            total_buckets: match schema.bucket_mode()? {
                BucketMode::HashFixed(buckets) => buckets,
                _ => -1,
            },
            buffer_bytes: schema.options.get(&WRITE_BUFFER_SIZE)?.0,
            ignore_delete: schema.has_primary_key() && schema.options.get(&IGNORE_DELETE)?,
            open: IndexMap::new(),
            running: FuturesUnordered::new(),
            failed: None,
            parts,
        })
    }

    /// Takes rows: columns by name (see [`conform`]), and the byte of each row's kind (all `+I` without kinds).
    ///
    /// Rows that do not fit are refused whole, and the writer goes on. After every other error, and after a cancelled call,
    /// a part of the rows may be in: the writer refuses all further calls but [`Self::abandon`].
    pub async fn write(&mut self, rows: &RecordBatch, kinds: Option<&Int8Array>) -> Result<()> {
        self.check_usable()?;
        if let Some(kinds) = kinds {
            check_kinds(kinds, rows.num_rows())?;
        }
        let rows = conform(rows, &self.parts.files.schema, &self.schema)?;
        let (rows, kinds) = match kinds {
            Some(kinds) if self.ignore_delete => adds(&rows, kinds)?,
            kinds => (rows, kinds.cloned()),
        };
        self.restore().await?;
        let routed = self.router.route(&rows, kinds.as_ref())?;
        self.failed = Some("an earlier write ended half-way");
        self.take_in(routed).await?;
        self.failed = None;
        Ok(())
    }

    async fn take_in(&mut self, routed: Vec<RoutedRows>) -> Result<()> {
        for routed in routed {
            let key = (routed.partition, routed.bucket);
            let open = self.opened(&key)?;
            open.bucket.add(BucketRows { rows: routed.rows, kinds: routed.kinds })?;
            if open.bucket.needs_flush() {
                self.start_flush(&key).await?;
            }
        }
        while self.memory_bytes() > self.buffer_bytes {
            let largest = (self.open.iter().filter(|(_, open)| !open.flushing))
                .max_by_key(|(_, open)| open.bucket.memory_bytes());
            match largest.map(|(key, _)| key.clone()) {
                Some(key) => self.start_flush(&key).await?,
                None => self.finish_one().await?,
            }
        }
        Ok(())
    }

    /// Rows in memory, in bytes; those of running flushes not counted.
    pub fn memory_bytes(&self) -> u64 {
        self.open.values().map(|open| open.bucket.memory_bytes()).sum()
    }

    /// Flushes everything and hands over all changes since the last call. Buckets close; the next rows open them again.
    ///
    /// After an error nothing was handed over: a flush that failed has its rows back, and the call may be repeated.
    pub async fn prepare_commit(&mut self) -> Result<PreparedMessages> {
        self.check_usable()?;
        let keys: Vec<BucketKey> = self.open.keys().cloned().collect();
        for key in &keys {
            self.start_flush(key).await?;
        }
        while !self.running.is_empty() {
            self.finish_one().await?;
        }
        self.failed = Some("an earlier hand-over ended half-way");
        let prepared = self.hand_over()?;
        self.failed = None;
        self.fresh = false;
        Ok(prepared)
    }

    fn hand_over(&mut self) -> Result<PreparedMessages> {
        let mut prepared = PreparedMessages::default();
        for ((partition, bucket), open) in &mut self.open {
            let increment = open.bucket.prepare_commit()?;
            if increment.is_empty() {
                continue;
            }
            for file in increment.append.added.iter().chain(&increment.append.changelog) {
                prepared.unsynced.push(self.parts.files.layout.data_file(&open.place.path, file)?);
                self.restored.note((partition.clone(), *bucket), file.max_sequence_number);
            }
            let (partition, bucket) = (partition.clone(), *bucket);
            prepared.messages.push(CommitMessage { partition, bucket, total_buckets: self.total_buckets, increment });
        }
        self.open.clear();
        Ok(prepared)
    }

    /// Stops, and deletes the files that were not handed over. Best effort: what cannot be deleted is an orphan.
    pub async fn abandon(mut self) {
        while let Some((key, result)) = self.running.next().await {
            if let (Some(open), Some(result)) = (self.open.get_mut(&key), result) {
                // Its rows are given up, whether or not it failed.
                let _ = open.bucket.complete(result);
            }
        }
        for (_, open) in self.open {
            for path in open.bucket.abandon() {
                let _ = self.parts.files.io.delete(&path).await;
            }
        }
    }

    fn check_usable(&self) -> Result<()> {
        match self.failed {
            Some(reason) => PoisonedSnafu { reason }.fail(),
            None => Ok(()),
        }
    }

    /// Once for each commit: what others committed since the last one is newer than our next rows must be.
    async fn restore(&mut self) -> Result<()> {
        if !self.fresh {
            let parts = &self.parts;
            self.restored.refresh(&parts.files.schema, &parts.snapshots, &parts.manifests).await?;
            self.fresh = true;
        }
        Ok(())
    }

    fn opened(&mut self, key: &BucketKey) -> Result<&mut OpenBucket> {
        let index = match self.open.get_index_of(key) {
            Some(index) => index,
            None => {
                let files = &self.parts.files;
                let state = self.restored.bucket(&files.schema, key, self.total_buckets)?;
                let path = files.layout.bucket_path(&files.schema, &key.0, key.1)?;
                let place = BucketPlace { partition: key.0.clone(), bucket: key.1, path };
                let bucket: Box<dyn Bucket> = if files.schema.has_primary_key() {
                    Box::new(LsmBucket::new(files.clone(), place.clone(), state.max_sequence)?)
                } else {
                    Box::new(AppendBucket::new(files.clone(), place.clone(), state.max_sequence)?)
                };
                self.open.insert_full(key.clone(), OpenBucket { bucket, place, flushing: false }).0
            }
        };
        Ok(&mut self.open[index])
    }

    /// Sends a bucket's rows to a flush, as soon as a slot is free.
    async fn start_flush(&mut self, key: &BucketKey) -> Result<()> {
        while self.open.get(key).is_some_and(|open| open.flushing) || self.running.len() >= self.parts.slots.max(1) {
            self.finish_one().await?;
        }
        let Some(open) = self.open.get_mut(key) else { return Ok(()) };
        let Some(job) = open.bucket.flush_job()? else { return Ok(()) };
        open.flushing = true;
        let (sender, receiver) = oneshot::channel();
        let task = self.parts.files.runtime.spawn(async move {
            // The receiver is gone only if the writer was dropped: then nobody wants the result.
            let _ = sender.send(job.run().await);
        });
        let key = key.clone();
        self.running.push(
            async move {
                let result = receiver.await.ok();
                drop(task);
                (key, result)
            }
            .boxed(),
        );
        Ok(())
    }

    /// Waits for one flush and takes its files in.
    async fn finish_one(&mut self) -> Result<()> {
        let Some((key, result)) = self.running.next().await else { return Ok(()) };
        let Some(open) = self.open.get_mut(&key) else { return Ok(()) };
        let Some(result) = result else {
            // The task died with the rows it held.
            self.failed = Some("a flush ended without a result");
            return self.check_usable();
        };
        open.flushing = false;
        Ok(open.bucket.complete(result)?)
    }
}

/// The rows that do not take away, with their kinds.
fn adds(rows: &RecordBatch, kinds: &Int8Array) -> Result<(RecordBatch, Option<Int8Array>)> {
    let is_add = |kind: Option<i8>| kind.and_then(RowKind::from_byte).map(|kind| !kind.is_retract());
    let kept: BooleanArray = kinds.iter().map(is_add).collect();
    let kinds = filter(kinds, &kept)?;
    Ok((filter_record_batch(rows, &kept)?, Some(Int8Array::from(kinds.to_data()))))
}

fn check_kinds(kinds: &Int8Array, rows: usize) -> Result<()> {
    if kinds.len() != rows {
        let message = format!("{} row kinds were given for {rows} rows", kinds.len());
        return InvalidRowsSnafu { message }.fail();
    }
    match kinds.iter().find(|kind| kind.and_then(RowKind::from_byte).is_none()) {
        Some(kind) => InvalidRowsSnafu { message: format!("{kind:?} is not a row kind (0 to 3)") }.fail(),
        None => Ok(()),
    }
}
