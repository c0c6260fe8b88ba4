//! The buckets that are open for writing: rows in, files out.

use std::collections::BTreeSet;

use arrow_array::{Array, BooleanArray, Int8Array, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::{filter, filter_record_batch};
use indexmap::{IndexMap, IndexSet};
use tidelake_append::AppendBucket;
use tidelake_datafile::{Bucket, BucketPlace, BucketRows, CompactMode, JobKind, TableFiles, WRITE_BUFFER_SIZE};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FilePath;
use tidelake_lsm::{IGNORE_DELETE, LsmBucket};
use tidelake_meta::{
    BucketMode, ChangelogProducer, CommitMessage, DataFileMeta, FileChanges, ManifestStore, SnapshotStore, WRITE_ONLY,
};
use tidelake_types::{RowKind, arrow_schema};

use crate::{
    COMMIT_FORCE_COMPACT, FULL_COMPACTION_DELTA_COMMITS, RestoredStates, RoutedRows, Router, conform,
    error::{Error, InvalidRowsSnafu, PoisonedSnafu, Result, SchemaMovedSnafu, UnsupportedSnafu},
    memory::WriterMemory,
    open::OpenBucket,
    restore::BucketKey,
    slots::{Finished, Slots},
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
    /// How many jobs may run at once.
    pub slots: usize,
    /// Buckets open empty, whatever the table holds: for rows that replace it.
    pub ignore_existing: bool,
}

/// All changes since the last hand-over, and the files that are not durable yet.
#[derive(Debug, Default)]
pub struct PreparedMessages {
    /// One for each bucket that changed.
    pub messages: Vec<CommitMessage>,
    /// To be synced before the commit publishes.
    pub unsynced: Vec<FilePath>,
}

/// Takes batches of a table and turns them into commit messages. Buckets of key tables compact beside it.
pub struct BucketWriters {
    parts: WriteParts,
    schema: SchemaRef,
    router: Router,
    restored: RestoredStates,
    /// Whether the state was looked at since the last hand-over.
    fresh: bool,
    total_buckets: i32,
    buffer_bytes: u64,
    /// Rows that take away are left out: option `ignore-delete`.
    ignore_delete: bool,
    compaction: CompactionRules,
    open: IndexMap<BucketKey, OpenBucket>,
    slots: Slots,
    memory: WriterMemory,
    /// Buckets that got rows since the last hand-over.
    written: IndexSet<BucketKey>,
    /// Buckets that got rows since their last full compaction; kept only where there are any by number of commits.
    since_full: IndexSet<BucketKey>,
    /// Compactions were asked for: the next hand-over waits for them.
    must_wait: bool,
    /// A hand-over decides what is compacted, not the flushes before it.
    is_preparing: bool,
    hand_overs: u64,
    /// Of a compaction; told at the next hand-over, since rows do not depend on it.
    compaction_error: Option<Error>,
    /// Why this writer cannot go on. Set while rows are on their way into buckets or out of them: whoever gives up in
    /// between (an error, a dropped future) leaves half of them behind, and the other half must not be committed alone.
    failed: Option<&'static str>,
}

/// What the table's options say of compaction beside writing.
#[derive(Debug, Clone, Copy)]
struct CompactionRules {
    enabled: bool,
    /// Every hand-over waits.
    forced: bool,
    full_every: Option<i64>,
}

impl CompactionRules {
    fn try_new(parts: &WriteParts) -> Result<Self> {
        let schema = &parts.files.schema;
        let options = &schema.options;
        let write_only = options.get(&WRITE_ONLY)?;
        let has_buckets = schema.has_primary_key() || matches!(schema.bucket_mode()?, BucketMode::HashFixed(_));
        let by_producer = (schema.changelog_producer()? == ChangelogProducer::FullCompaction).then_some(1);
        let full_every = options.get(&FULL_COMPACTION_DELTA_COMMITS)?.or(by_producer);
        let enabled = has_buckets && !write_only;
        Ok(Self {
            enabled,
            forced: options.get(&COMMIT_FORCE_COMPACT)?,
            full_every: full_every.filter(|_| enabled).map(|every| every.max(1)),
        })
    }

    fn is_full_due(self, identifier: i64) -> bool {
        self.full_every.is_some_and(|every| identifier == i64::MAX || identifier % every == 0)
    }
}

impl std::fmt::Debug for BucketWriters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketWriters").field("table", &self.parts.files.layout.root()).finish_non_exhaustive()
    }
}

impl BucketWriters {
    /// For a table. What this build cannot write is a typed error that names the option; `ResourceExhausted` if the memory
    /// budget has no room for a writer.
    pub fn try_new(parts: WriteParts) -> Result<Self> {
        let schema = &parts.files.schema;
        tidelake_meta::unsupported_for_writing(schema)?;
        parts.files.check_formats()?;
        let compaction = CompactionRules::try_new(&parts)?;
        Ok(Self {
            schema: arrow_schema(&schema.fields)?,
            router: Router::try_new(schema)?,
            restored: RestoredStates::new(compaction.enabled),
            fresh: false,
            total_buckets: match schema.bucket_mode()? {
                BucketMode::HashFixed(buckets) => buckets,
                _ => -1,
            },
            buffer_bytes: schema
                .options
                .get(&WRITE_BUFFER_SIZE)?
                .0
                .min(parts.files.runtime.memory().budget_bytes() / 2),
            ignore_delete: schema.has_primary_key() && schema.options.get(&IGNORE_DELETE)?,
            compaction,
            open: IndexMap::new(),
            slots: Slots::new(parts.files.runtime.clone(), parts.slots),
            memory: WriterMemory::try_new(&parts.files.runtime, &parts.files.layout.root().to_string())?,
            written: IndexSet::new(),
            since_full: IndexSet::new(),
            must_wait: false,
            is_preparing: false,
            hand_overs: 0,
            compaction_error: None,
            failed: None,
            parts,
        })
    }

    /// Takes rows: columns by name (see [`conform`]), and the byte of each row's kind (all `+I` without kinds). Waits for
    /// compactions where a bucket has too many sorted runs.
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
        self.is_preparing = false;
        self.note_ended().await?;
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
            let needs_flush = open.bucket.needs_flush();
            if self.compaction.enabled {
                self.written.insert(key.clone());
            }
            if needs_flush {
                self.start_flush(&key).await?;
            }
        }
        loop {
            let bytes = self.memory_bytes();
            if self.memory.holds(bytes) && bytes <= self.buffer_bytes {
                return Ok(());
            }
            let idle = self.open.iter().filter(|(_, open)| !open.flushing && open.bucket.memory_bytes() > 0);
            match idle.max_by_key(|(_, open)| open.bucket.memory_bytes()).map(|(key, _)| key.clone()) {
                Some(key) => self.start_flush(&key).await?,
                None if self.slots.is_idle() => return Ok(()),
                None => self.finish_one().await?,
            }
        }
    }

    /// Rows in memory, in bytes; those of running flushes not counted.
    pub fn memory_bytes(&self) -> u64 {
        self.open.values().map(|open| open.bucket.memory_bytes()).sum()
    }

    /// Starts compactions that are part of the next hand-over, which waits for them: what the options find worth it in the
    /// buckets written since the last one, or everything in all buckets of the table.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the table is `write-only` or of a kind that writers do not compact. `Conflict` if all buckets are
    /// asked for and one has files of a newer schema.
    pub async fn compact(&mut self, mode: CompactMode) -> Result<()> {
        self.check_usable()?;
        self.is_preparing = true;
        if !self.compaction.enabled {
            let message = format!(
                "writers of {} do not compact: option `write-only` is true, or the table has neither a primary key nor buckets",
                self.parts.files.layout.root()
            );
            return UnsupportedSnafu { message }.fail();
        }
        self.restore().await?;
        let keys: Vec<BucketKey> = match mode {
            CompactMode::Auto => self.written.iter().cloned().collect(),
            CompactMode::Full if self.parts.ignore_existing => self.open.keys().cloned().collect(),
            CompactMode::Full => {
                let filled: IndexSet<_> = self.restored.filled().map(|(key, _)| key.clone()).collect();
                self.check_schemas()?;
                filled.into_iter().chain(self.open.keys().cloned()).collect::<IndexSet<_>>().into_iter().collect()
            }
        };
        for key in &keys {
            self.opened(key)?;
            self.start_flush(key).await?;
        }
        self.must_wait = true;
        self.run_compactions(&keys, mode).await?;
        if mode == CompactMode::Full {
            self.since_full.clear();
        }
        Ok(())
    }

    /// Flushes everything and hands over all changes since the last call: rows, and compactions that have ended. Those that
    /// still run belong to a later call, unless `wait` is set, or the options ask for it: `commit.force-compact`, too many
    /// sorted runs, a full compaction that is due at this `identifier`.
    ///
    /// After an error nothing was handed over: a flush that failed has its rows back, and the call may be repeated.
    pub async fn prepare_commit(&mut self, identifier: i64, wait: bool) -> Result<PreparedMessages> {
        self.check_usable()?;
        self.tell_compaction_error()?;
        self.is_preparing = true;
        if self.compaction.enabled {
            if self.compaction.full_every.is_some() {
                self.since_full.extend(self.written.iter().cloned());
            }
            self.compact_for_hand_over(identifier, wait).await?;
        } else {
            self.flush_all().await?;
        }
        self.failed = Some("an earlier hand-over ended half-way");
        let prepared = self.hand_over()?;
        self.failed = None;
        self.fresh = false;
        self.must_wait = false;
        self.written.clear();
        Ok(prepared)
    }

    async fn flush_all(&mut self) -> Result<()> {
        let keys: Vec<BucketKey> = self.open.keys().cloned().collect();
        for key in &keys {
            self.start_flush(key).await?;
        }
        while self.open.values().any(|open| open.flushing) {
            self.finish_one().await?;
        }
        Ok(())
    }

    /// As Java's writers do at this point: everything is flushed, one more compaction starts where it is worth it.
    async fn compact_for_hand_over(&mut self, identifier: i64, wait: bool) -> Result<()> {
        let full_due: Vec<BucketKey> = match self.compaction.is_full_due(identifier) {
            true => self.since_full.iter().cloned().collect(),
            false => Vec::new(),
        };
        if !self.open.is_empty() || !full_due.is_empty() {
            self.restore().await?;
        }
        for key in &full_due {
            self.opened(key)?;
        }
        self.flush_all().await?;
        if !full_due.is_empty() {
            self.run_compactions(&full_due, CompactMode::Full).await?;
        }
        let all: Vec<BucketKey> = self.open.keys().cloned().collect();
        if wait || self.must_wait || self.compaction.forced || !full_due.is_empty() {
            self.run_compactions(&all, CompactMode::Auto).await?;
            self.settle(&all).await?;
        } else {
            self.note_ended().await?;
            self.want(&all, CompactMode::Auto);
            self.start_wanted();
            while self.open.values().any(|open| open.bucket.waits_for().is_some()) {
                self.finish_one().await?;
            }
        }
        self.tell_compaction_error()?;
        for key in &full_due {
            self.since_full.swap_remove(key);
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<PreparedMessages> {
        self.hand_overs += 1;
        let mut prepared = PreparedMessages::default();
        for ((partition, bucket), open) in &mut self.open {
            let increment = open.bucket.prepare_commit()?;
            if increment.is_empty() {
                continue;
            }
            for file in written(&increment.append).chain(written(&increment.compact)) {
                prepared.unsynced.push(self.parts.files.layout.data_file(&open.place.path, file)?);
            }
            for file in increment.append.added.iter().filter(|_| !self.parts.ignore_existing) {
                self.restored.note((partition.clone(), *bucket), file.max_sequence_number);
            }
            open.note_handed_over(self.hand_overs, &increment);
            let (partition, bucket) = (partition.clone(), *bucket);
            prepared.messages.push(CommitMessage { partition, bucket, total_buckets: self.total_buckets, increment });
        }
        let keeps = self.compaction.enabled && !self.parts.ignore_existing;
        self.open.retain(|_, open| open.compacting || keeps && (open.wants.is_some() || !open.is_settled()));
        Ok(prepared)
    }

    /// The committer dropped the compactions of the last hand-over. Their buckets are opened anew, and their files deleted,
    /// before the next rows.
    pub fn compactions_dropped(&mut self) {
        for open in self.open.values_mut() {
            open.note_dropped(self.hand_overs);
        }
        self.fresh = false;
    }

    /// Stops, and deletes the files that were not handed over. Best effort: what cannot be deleted is an orphan.
    pub async fn abandon(mut self) {
        while let Some(finished) = self.slots.next().await {
            if let (Some(open), Some(result)) = (self.open.get_mut(&finished.key), finished.result) {
                // Its rows are given up, whether or not it failed.
                let _ = open.bucket.complete(result);
            }
        }
        for (_, open) in std::mem::take(&mut self.open) {
            self.delete(open.bucket.abandon()).await;
        }
    }

    fn check_usable(&self) -> Result<()> {
        match self.failed {
            Some(reason) => PoisonedSnafu { reason }.fail(),
            None => Ok(()),
        }
    }

    fn tell_compaction_error(&mut self) -> Result<()> {
        self.compaction_error.take().map_or(Ok(()), Err)
    }

    /// Full compactions by hand leave no bucket out.
    fn check_schemas(&self) -> Result<()> {
        let known = self.parts.files.schema.id;
        for (_, state) in self.restored.filled() {
            if let Some(file) = state.files.values().find(|file| file.schema_id > known) {
                let table = self.parts.files.layout.root().clone();
                let (file, newer) = (file.file_name.clone(), file.schema_id);
                return SchemaMovedSnafu { table, file, newer, known }.fail();
            }
        }
        Ok(())
    }

    /// Once for each commit: what others committed since the last one is newer than our next rows must be. A bucket that
    /// others changed, or whose compaction was dropped, is opened anew.
    async fn restore(&mut self) -> Result<()> {
        if self.fresh || self.parts.ignore_existing {
            return Ok(());
        }
        let parts = &self.parts;
        self.restored.refresh(&parts.files.schema, &parts.snapshots, &parts.manifests).await?;
        let seen = self.restored.seen().clone();
        let empty = IndexMap::new();
        let restored = &self.restored;
        let found = |key: &BucketKey| restored.bucket(key).map_or(&empty, |state| &state.files);
        let mut changed: IndexSet<BucketKey> = IndexSet::new();
        let mut lost: BTreeSet<u64> = BTreeSet::new();
        for (key, open) in &mut self.open {
            if !open.agrees(found(key), &seen) {
                lost.extend(open.lost_compactions(found(key), &seen));
                changed.insert(key.clone());
            }
        }
        // A commit drops its compactions of all buckets or of none.
        for (key, open) in &mut self.open {
            lost.iter().for_each(|number| open.note_dropped(*number));
            if !open.agrees(found(key), &seen) {
                changed.insert(key.clone());
            }
        }
        // One that has rows already goes on, and is looked at again after the next hand-over.
        let changed: Vec<BucketKey> = changed.into_iter().filter(|key| !self.written.contains(key)).collect();
        if !changed.is_empty() {
            self.settle(&changed).await?;
        }
        for key in changed {
            let Some(open) = self.open.swap_remove(&key) else { continue };
            let empty = IndexMap::new();
            let found = self.restored.bucket(&key).map_or(&empty, |state| &state.files);
            let to_come = open.rows_to_come(found, &seen);
            let layout = &self.parts.files.layout;
            let useless = open.useless_files(found, &seen);
            let mut useless: Vec<FilePath> =
                useless.iter().filter_map(|file| layout.data_file(&open.place.path, file).ok()).collect();
            useless.extend(open.bucket.abandon());
            if self.compaction.full_every.is_some() {
                self.since_full.insert(key.clone());
            }
            match to_come {
                Some(to_come) => drop(self.open_with(&key, to_come)?),
                // Its levels would have gaps.
                None => {
                    let index = self.open_with(&key, Vec::new())?;
                    self.open[index].compacts = false;
                }
            }
            self.delete(useless).await;
        }
        self.restored.forget_seen();
        self.fresh = true;
        Ok(())
    }

    fn opened(&mut self, key: &BucketKey) -> Result<&mut OpenBucket> {
        let index = match self.open.get_index_of(key) {
            Some(index) => index,
            None => self.open_with(key, Vec::new())?,
        };
        Ok(&mut self.open[index])
    }

    /// Opens a bucket with the files it has, and with some that are not committed yet.
    fn open_with(&mut self, key: &BucketKey, to_come: Vec<DataFileMeta>) -> Result<usize> {
        let files = &self.parts.files;
        let mut state = Default::default();
        if !self.parts.ignore_existing {
            self.restored.check_count(&files.schema, key, self.total_buckets)?;
            state = self.restored.bucket(key).cloned().unwrap_or_default();
        }
        let path = files.layout.bucket_path(&files.schema, &key.0, key.1)?;
        let place = BucketPlace { partition: key.0.clone(), bucket: key.1, path };
        let known = state.files.keys().cloned().collect();
        let alive: Vec<DataFileMeta> = state.files.into_values().chain(to_come.iter().cloned()).collect();
        // What a newer schema has more would be lost.
        let compacts = self.compaction.enabled && alive.iter().all(|file| file.schema_id <= files.schema.id);
        let (bucket, compacts) = bucket_of(files, &place, state.max_sequence, compacts.then_some(alive))?;
        let mut open = OpenBucket::new(bucket, place, compacts, known);
        let changes = FileChanges { added: to_come, ..FileChanges::default() };
        open.note_handed_over(
            self.hand_overs,
            &tidelake_meta::BucketIncrement { append: changes, ..Default::default() },
        );
        Ok(self.open.insert_full(key.clone(), open).0)
    }

    /// Sends a bucket's rows to a flush, as soon as a slot is free and the bucket has not too many sorted runs.
    async fn start_flush(&mut self, key: &BucketKey) -> Result<()> {
        loop {
            let Some(open) = self.open.get(key).filter(|open| open.bucket.memory_bytes() > 0) else { return Ok(()) };
            let bytes = open.bucket.memory_bytes();
            let may_start = !open.flushing && self.slots.has_room_for_flush() && open.bucket.waits_for().is_none();
            if may_start && self.memory.begin_flush(key, bytes) {
                break;
            }
            self.finish_one().await?;
        }
        let Some(open) = self.open.get_mut(key) else { return Ok(()) };
        let job = open.bucket.flush_job();
        let Ok(Some(job)) = job else {
            self.memory.end_flush(key);
            return Ok(job.map(|_| ())?);
        };
        open.flushing = true;
        self.slots.start(key.clone(), job);
        Ok(())
    }

    /// Waits until all of these compact no more, then starts a compaction of each where it is worth it. Returns when all have
    /// started.
    async fn run_compactions(&mut self, keys: &[BucketKey], mode: CompactMode) -> Result<()> {
        self.settle(keys).await?;
        self.want(keys, mode);
        self.start_wanted();
        while self.open.values().any(|open| open.wants == Some(mode)) {
            self.finish_one().await?;
        }
        Ok(())
    }

    /// Waits until nothing of these is out or about to start.
    async fn settle(&mut self, keys: &[BucketKey]) -> Result<()> {
        let busy = |open: &OpenBucket| open.flushing || open.compacting;
        for key in keys {
            while self.open.get(key).is_some_and(busy) {
                self.finish_one().await?;
            }
            if let Some(open) = self.open.get_mut(key) {
                open.wants = None;
            }
        }
        Ok(())
    }

    fn want(&mut self, keys: &[BucketKey], mode: CompactMode) {
        for key in keys {
            if let Some(open) = self.open.get_mut(key).filter(|open| open.compacts && !open.compacting) {
                open.wants = Some(mode);
            }
        }
    }

    /// Starts compactions as slots are free. One that cannot be planned is told of like one that fails.
    fn start_wanted(&mut self) {
        for (key, open) in &mut self.open {
            if !self.slots.has_room_for_compaction() {
                break;
            }
            // A full compaction takes the rows of a running flush along.
            if open.compacting || open.flushing && open.wants == Some(CompactMode::Full) {
                continue;
            }
            let Some(mode) = open.wants.take() else { continue };
            match open.bucket.compact_job(mode) {
                Ok(Some(job)) => {
                    open.compacting = true;
                    self.slots.start(key.clone(), job);
                }
                Ok(None) => {}
                Err(error) => drop(self.compaction_error.get_or_insert(error.into())),
            }
        }
    }

    /// Takes in what has ended, without waiting.
    async fn note_ended(&mut self) -> Result<()> {
        while let Some(finished) = self.slots.next_ended() {
            self.complete(finished).await?;
        }
        Ok(())
    }

    /// Waits for one job and takes its files in.
    async fn finish_one(&mut self) -> Result<()> {
        match self.slots.next().await {
            Some(finished) => self.complete(finished).await,
            None => Ok(()),
        }
    }

    async fn complete(&mut self, finished: Finished) -> Result<()> {
        let Finished { key, kind, result } = finished;
        let Some(open) = self.open.get_mut(&key) else {
            self.start_wanted();
            return Ok(());
        };
        let Some(result) = result else {
            // The task died with the rows it held, or with files that nobody knows.
            self.failed = Some("a flush or a compaction ended without a result");
            return self.check_usable();
        };
        let completed = open.bucket.complete(result);
        let obsolete = open.bucket.take_obsolete();
        match kind {
            JobKind::Flush => {
                open.flushing = false;
                self.memory.end_flush(&key);
                completed?;
                if open.compacts && !open.compacting && !self.is_preparing {
                    open.wants = open.wants.or(Some(CompactMode::Auto));
                }
            }
            _ => {
                open.compacting = false;
                match completed {
                    // Others compacted the bucket, and expiry took the old files away: it is looked at anew after the next
                    // hand-over.
                    Err(error) if error.kind() == ErrorKind::NotFound => open.compacts = false,
                    Err(error) => {
                        self.compaction_error.get_or_insert(error.into());
                    }
                    Ok(()) => {}
                }
            }
        }
        self.start_wanted();
        self.delete(obsolete).await;
        Ok(())
    }

    /// Best effort: what cannot be deleted is an orphan, which harms nobody. (`&mut`: buckets go from thread to thread, but
    /// are of one at a time.)
    async fn delete(&mut self, paths: Vec<FilePath>) {
        for path in paths {
            let _ = self.parts.files.io.delete(&path).await;
        }
    }
}

/// A bucket, and whether it was told of its files: those that compaction does not do justice to yet are written without.
fn bucket_of(
    files: &TableFiles,
    place: &BucketPlace,
    max_sequence: i64,
    alive: Option<Vec<DataFileMeta>>,
) -> Result<(Box<dyn Bucket>, bool)> {
    if !files.schema.has_primary_key() {
        let bucket = AppendBucket::new(files.clone(), place.clone(), max_sequence)?;
        let compacts = alive.is_some();
        let bucket = if let Some(alive) = alive { bucket.with_files(alive)? } else { bucket };
        return Ok((Box::new(bucket), compacts));
    }
    let bucket = LsmBucket::new(files.clone(), place.clone(), max_sequence)?;
    let Some(alive) = alive else { return Ok((Box::new(bucket), false)) };
    match bucket.with_files(alive) {
        Ok(bucket) => Ok((Box::new(bucket), true)),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            Ok((Box::new(LsmBucket::new(files.clone(), place.clone(), max_sequence)?), false))
        }
        Err(error) => Err(error.into()),
    }
}

/// The files that are new. One that only changed its level was there before.
pub(crate) fn written(changes: &FileChanges) -> impl Iterator<Item = &DataFileMeta> {
    let moved = |file: &DataFileMeta| changes.removed.iter().any(|other| other.file_name == file.file_name);
    changes.added.iter().filter(move |file| !moved(file)).chain(&changes.changelog)
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
