//! Compaction for its own sake: all buckets of a key table, from its newest snapshot to commit messages.
//!
//! ```text
//!  snapshot ──► files of each bucket ──► LsmBucket::compact ──► CommitMessage, if anything changed
//!                                        as many at once as there are slots
//! ```

use futures::{StreamExt, channel::oneshot, stream::FuturesOrdered};
use indexmap::IndexMap;
use tidelake_datafile::{Bucket, BucketPlace, CompactMode, TableFiles};
use tidelake_io::FilePath;
use tidelake_lsm::LsmBucket;
use tidelake_meta::{CommitMessage, DataFileMeta, FileChanges, TableSchema};
use tidelake_types::PartitionValues;

use crate::{
    PreparedMessages, WriteParts,
    error::{JobLostSnafu, Result, SchemaMovedSnafu, UnsupportedSnafu},
    restore::alive_at,
};

/// Compacts every bucket of a table as it is now. Their files are only written; a commit makes them count. After an error
/// nothing is left, as far as it could be deleted.
///
/// # Errors
///
/// `Unsupported` for tables that this build does not compact, by option. `Conflict` if the table has files of a newer schema
/// than that of `parts`.
pub async fn compact_buckets(parts: &WriteParts, mode: CompactMode) -> Result<PreparedMessages> {
    let files = &parts.files;
    check_compactable(files)?;
    let mut work = buckets(parts).await?.into_iter();
    let mut prepared = PreparedMessages::default();
    let mut running = FuturesOrdered::new();
    let mut failed = None;
    loop {
        while failed.is_none()
            && running.len() < parts.slots.max(1)
            && let Some(bucket) = work.next()
        {
            running.push_back(spawned(files.clone(), bucket, mode));
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
    if !schema.has_primary_key() {
        let message = format!(
            "{} has no primary key: compaction of such tables is not supported yet, their rows are read as well without it",
            files.layout.root()
        );
        return UnsupportedSnafu { message }.fail();
    }
    tidelake_meta::unsupported_for_writing(schema)?;
    Ok(files.check_formats()?)
}

/// A bucket, and all files it holds.
struct BucketWork {
    place: BucketPlace,
    total_buckets: i32,
    files: Vec<DataFileMeta>,
}

async fn buckets(parts: &WriteParts) -> Result<Vec<BucketWork>> {
    let schema: &TableSchema = &parts.files.schema;
    let Some(snapshot) = parts.snapshots.latest().await? else { return Ok(Vec::new()) };
    let fields = schema.partition_fields();
    let mut work: IndexMap<_, BucketWork> = IndexMap::new();
    for entry in alive_at(&snapshot, &parts.manifests).await? {
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
    Ok(work.into_values().collect())
}

type Compacted = (CommitMessage, Vec<FilePath>);

/// On a task of its own, so that buckets run side by side.
async fn spawned(files: TableFiles, bucket: BucketWork, mode: CompactMode) -> Result<Compacted> {
    let (sender, receiver) = oneshot::channel();
    let (runtime, path) = (files.runtime.clone(), bucket.place.path.clone());
    let task = runtime.spawn(async move {
        // The receiver is gone only if the whole call was dropped: then nobody wants the result.
        let _ = sender.send(compact_bucket(&files, bucket, mode).await);
    });
    let result = receiver.await;
    drop(task);
    result.unwrap_or_else(|_| JobLostSnafu { bucket: path }.fail())
}

/// What changed, and the files that were written for it.
async fn compact_bucket(files: &TableFiles, work: BucketWork, mode: CompactMode) -> Result<Compacted> {
    let BucketWork { place, total_buckets, files: alive } = work;
    let mut bucket = LsmBucket::new(files.clone(), place.clone(), -1)?.with_files(alive)?;
    if let Err(error) = bucket.compact(mode).await {
        for path in Box::new(bucket).abandon() {
            let _ = files.io.delete(&path).await;
        }
        return Err(error.into());
    }
    let increment = bucket.prepare_commit()?;
    let written = written(files, &place, &increment.compact)?;
    let message = CommitMessage { partition: place.partition, bucket: place.bucket, total_buckets, increment };
    Ok((message, written))
}

/// The new files. One that only changed its level is among those removed too: it was there before, and others need it.
fn written(files: &TableFiles, place: &BucketPlace, changes: &FileChanges) -> Result<Vec<FilePath>> {
    let upgraded = |file: &DataFileMeta| changes.removed.iter().any(|other| other.file_name == file.file_name);
    let new = changes.added.iter().filter(|file| !upgraded(file)).chain(&changes.changelog);
    new.map(|file| Ok(files.layout.data_file(&place.path, file)?)).collect()
}
