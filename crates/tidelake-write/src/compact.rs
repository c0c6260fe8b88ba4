//! Compaction for its own sake: all buckets of a table, from its newest snapshot to commit messages.
//!
//! ```text
//!  snapshot ──► files of each bucket ──► its bucket compacts itself ──► CommitMessage, if anything changed
//!               or, without buckets,     as many at once as there
//!               packs of small files     are slots
//! ```

use std::sync::{Arc, Mutex};

use futures::{FutureExt, StreamExt, stream::FuturesOrdered};
use indexmap::IndexMap;
use tidelake_append::{AppendBucket, RewriteJob, SmallFiles, pack_small_files};
use tidelake_datafile::{Bucket, BucketPlace, CompactMode, Job, TableFiles};
use tidelake_io::FilePath;
use tidelake_lsm::LsmBucket;
use tidelake_meta::{
    BucketIncrement, BucketMode, CommitMessage, DataFileMeta, DataFileNames, FileChanges, PartitionMatcher, TableSchema,
};
use tidelake_types::PartitionValues;

use crate::{
    PreparedMessages, WriteParts,
    error::{JobLostSnafu, Result, SchemaMovedSnafu, UnsupportedSnafu},
    options::SOURCE_SPLIT_OPEN_FILE_COST,
    restore::latest_alive,
    slots::spawned,
    writers::written,
};

/// Compacts every bucket of a table as it is now, or those of some `partitions`. Their files are only written; a commit makes
/// them count. After an error nothing is left, as far as it could be deleted.
///
/// # Errors
///
/// `Unsupported` for tables that this build does not compact, by option. `Conflict` if the table has files of a newer schema
/// than that of `parts`.
pub async fn compact_buckets(
    parts: &WriteParts,
    mode: CompactMode,
    partitions: Option<&PartitionMatcher>,
) -> Result<PreparedMessages> {
    let files = &parts.files;
    check_compactable(files)?;
    let mut work = buckets(parts, mode, partitions).await?.into_iter();
    let mut prepared = PreparedMessages::default();
    let mut running = FuturesOrdered::new();
    let mut failed = None;
    loop {
        while failed.is_none()
            && running.len() < parts.slots.max(1)
            && let Some(bucket) = work.next()
        {
            let (files, path) = (files.clone(), bucket.place.path.clone());
            let result = spawned(&parts.files.runtime, async move { compact_bucket(&files, bucket, mode).await });
            running.push_back(result.map(|result| result.unwrap_or_else(|| JobLostSnafu { bucket: path }.fail())));
        }
        // After a failure those that run are heard out, or they would leave files behind.
        match running.next().await {
            None => break,
            Some(Ok((message, written))) => {
                prepared.unsynced.extend(written);
                prepared.messages.extend((!message.increment.is_empty()).then_some(message));
            }
            Some(Err(error)) => failed = failed.or(Some(error)),
        }
    }
    let Some(error) = failed else { return Ok(prepared) };
    for path in prepared.unsynced {
        let _ = files.io.delete(&path).await;
    }
    Err(error)
}

fn check_compactable(files: &TableFiles) -> Result<()> {
    let schema = &files.schema;
    tidelake_meta::unsupported_for_writing(schema)?;
    if !schema.has_primary_key() && schema.options.get(&tidelake_meta::DELETION_VECTORS_ENABLED)? {
        let message = "option `deletion-vectors.enabled`: compaction of append tables with it is not supported yet";
        return UnsupportedSnafu { message }.fail();
    }
    Ok(files.check_formats()?)
}

/// A bucket and all files it holds; of a table without buckets, some files to be rewritten together.
struct BucketWork {
    place: BucketPlace,
    total_buckets: i32,
    files: Vec<DataFileMeta>,
}

async fn buckets(
    parts: &WriteParts,
    mode: CompactMode,
    partitions: Option<&PartitionMatcher>,
) -> Result<Vec<BucketWork>> {
    let schema: &TableSchema = &parts.files.schema;
    let fields = schema.partition_fields();
    let mut work: IndexMap<_, BucketWork> = IndexMap::new();
    for entry in latest_alive(&parts.snapshots, &parts.manifests).await? {
        if let Some(partitions) = partitions
            && !partitions.matches(&entry.partition)?
        {
            continue;
        }
        if entry.file.schema_id > schema.id {
            let (table, file) = (parts.files.layout.root().clone(), entry.file.file_name);
            return SchemaMovedSnafu { table, file, newer: entry.file.schema_id, known: schema.id }.fail();
        }
        let key = (entry.partition, entry.bucket);
        if let Some(known) = work.get_mut(&key) {
            known.files.push(entry.file);
            continue;
        }
        let partition = PartitionValues::from_row(&fields, &key.0)?;
        let path = parts.files.layout.bucket_path(schema, &partition, key.1)?;
        let place = BucketPlace { partition, bucket: key.1, path };
        work.insert(key, BucketWork { place, total_buckets: entry.total_buckets, files: vec![entry.file] });
    }
    let work = work.into_values();
    if schema.bucket_mode()? != BucketMode::Unaware {
        return Ok(work.collect());
    }
    let mut rules = SmallFiles::try_new(&parts.files)?;
    if mode == CompactMode::Full {
        rules.files_min = 2;
    }
    let open_file_bytes = schema.options.get(&SOURCE_SPLIT_OPEN_FILE_COST)?.0;
    let packs = work.flat_map(|BucketWork { place, total_buckets, files }| {
        let packs = pack_small_files(rules, files, open_file_bytes);
        packs.into_iter().map(move |files| BucketWork { place: place.clone(), total_buckets, files })
    });
    Ok(packs.collect())
}

type Compacted = (CommitMessage, Vec<FilePath>);

/// What changed, and the files that were written for it.
async fn compact_bucket(files: &TableFiles, work: BucketWork, mode: CompactMode) -> Result<Compacted> {
    let BucketWork { place, total_buckets, files: alive } = work;
    let increment = if files.schema.bucket_mode()? == BucketMode::Unaware {
        rewrite(files, &place, alive).await?
    } else {
        let mut bucket: Box<dyn Bucket> = match files.schema.has_primary_key() {
            true => Box::new(LsmBucket::new(files.clone(), place.clone(), -1)?.with_files(alive)?),
            false => Box::new(AppendBucket::new(files.clone(), place.clone(), -1)?.with_files(alive)?),
        };
        match compact_while_worth_it(bucket.as_mut(), files, mode).await {
            Ok(()) => bucket.prepare_commit()?,
            Err(error) => {
                delete(files, bucket.abandon()).await;
                return Err(error);
            }
        }
    };
    let new = written(&increment.compact).map(|file| Ok(files.layout.data_file(&place.path, file)?));
    let written = new.collect::<Result<_>>()?;
    let message = CommitMessage { partition: place.partition, bucket: place.bucket, total_buckets, increment };
    Ok((message, written))
}

/// Until nothing is worth it any more, or once everything.
async fn compact_while_worth_it(bucket: &mut dyn Bucket, files: &TableFiles, mode: CompactMode) -> Result<()> {
    while let Some(job) = bucket.compact_job(mode)? {
        let completed = bucket.complete(job.run().await);
        delete(files, bucket.take_obsolete()).await;
        completed?;
        if mode == CompactMode::Full {
            break;
        }
    }
    Ok(())
}

async fn rewrite(files: &TableFiles, place: &BucketPlace, inputs: Vec<DataFileMeta>) -> Result<BucketIncrement> {
    let names = Arc::new(Mutex::new(DataFileNames::new(files.runtime.ids().uuid())));
    let job: Job = Box::new(RewriteJob { files: files.clone(), place: place.clone(), names, inputs });
    match job.run().await.outcome {
        Ok(produced) => {
            let compact = FileChanges { added: produced.added, removed: produced.removed, changelog: Vec::new() };
            Ok(BucketIncrement { compact, ..BucketIncrement::default() })
        }
        Err(failed) => {
            delete(files, failed.left).await;
            Err(failed.error.into())
        }
    }
}

/// Best effort: what cannot be deleted is an orphan.
async fn delete(files: &TableFiles, paths: Vec<FilePath>) {
    for path in paths {
        let _ = files.io.delete(&path).await;
    }
}
