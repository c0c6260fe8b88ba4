//! What buckets hold already: their files, the newest sequence number, and the bucket count of each partition.
//!
//! Read whole once, then kept up to date from the deltas of the snapshots that came since. A sequence number that is too
//! high does no harm, so it never goes down.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::{
    CommitKind, DataFileMeta, FileKind, ManifestEntry, ManifestStore, Snapshot, SnapshotStore, TableSchema,
    live_entries,
};
use tidelake_types::PartitionValues;

use crate::error::{BucketCountSnafu, Result};

/// Partition and bucket.
pub(crate) type BucketKey = (PartitionValues, i32);

/// Level and name: a file that changes its level is another file of the bucket.
pub(crate) type FileId = (i32, String);

pub(crate) fn id_of(file: &DataFileMeta) -> FileId {
    (file.level, file.file_name.clone())
}

/// What a bucket's files say.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketState {
    /// The newest sequence number; -1 for an empty bucket.
    pub max_sequence: i64,
    /// Its files alive; none if they were not asked for.
    pub files: IndexMap<(i32, String), DataFileMeta>,
}

impl Default for BucketState {
    fn default() -> Self {
        Self { max_sequence: -1, files: IndexMap::new() }
    }
}

/// The state of all buckets as of one snapshot.
#[derive(Debug, Default)]
pub struct RestoredStates {
    /// Whether files are kept, for buckets that compact.
    keep_files: bool,
    /// 0: there was none.
    snapshot: Option<i64>,
    buckets: IndexMap<BucketKey, BucketState>,
    /// The positive bucket count of the partition's files.
    counts: IndexMap<PartitionValues, i32>,
    /// Since they were forgotten. Kept here, not handed out once: who gives up half-way has to know them at the next try.
    seen: SeenSince,
}

/// The names of all files that snapshots added since then; `None` if not every snapshot was seen.
pub(crate) type SeenSince = Option<BTreeSet<String>>;

/// How often the newest snapshot is sought again when it expires while it is read.
const RACES_MAX: usize = 10;

impl RestoredStates {
    /// Of no snapshot yet. With `keep_files` it also knows which files each bucket has.
    pub fn new(keep_files: bool) -> Self {
        Self { keep_files, ..Self::default() }
    }

    /// Brings the state up to the newest snapshot. Harmless to repeat after an error or a cancelled call.
    pub(crate) async fn refresh(
        &mut self,
        schema: &TableSchema,
        snapshots: &SnapshotStore,
        manifests: &ManifestStore,
    ) -> Result<()> {
        for _ in 0..RACES_MAX {
            let Some(latest) = snapshots.latest_id().await? else {
                if self.snapshot != Some(0) {
                    *self = Self { snapshot: Some(0), ..Self::new(self.keep_files) };
                }
                return Ok(());
            };
            match self.bring_to(latest, schema, snapshots, manifests).await {
                Err(error) if snapshots.has_expired(latest, &error).await? => {}
                brought => return brought,
            }
        }
        let latest = snapshots.latest_id().await?.unwrap_or_default();
        self.bring_to(latest, schema, snapshots, manifests).await
    }

    async fn bring_to(
        &mut self,
        latest: i64,
        schema: &TableSchema,
        snapshots: &SnapshotStore,
        manifests: &ManifestStore,
    ) -> Result<()> {
        match self.catch_up(latest, schema, snapshots, manifests).await {
            Ok(()) => {}
            // A snapshot in between expired while it was read.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if self.snapshot == Some(latest) {
            return Ok(());
        }
        let alive = alive_at(&snapshots.load(latest).await?, manifests).await?;
        *self = Self { snapshot: Some(latest), ..Self::new(self.keep_files) };
        self.take_in(schema, alive.iter())
    }

    /// Follows the deltas, as far as they tell everything: not over a snapshot that is gone, or that replaced files.
    async fn catch_up(
        &mut self,
        latest: i64,
        schema: &TableSchema,
        snapshots: &SnapshotStore,
        manifests: &ManifestStore,
    ) -> Result<()> {
        while let Some(known) = self.snapshot.filter(|known| *known < latest) {
            let Some(snapshot) = snapshots.try_load(known + 1).await? else { break };
            if snapshot.commit_kind == CommitKind::Overwrite {
                break;
            }
            let delta = manifests.read_list(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await?;
            for manifest in delta.iter() {
                let entries = manifests.read_manifest(manifest).await?;
                if let Some(seen) = &mut self.seen {
                    let added = entries.iter().filter(|entry| entry.kind == FileKind::Add);
                    seen.extend(added.map(|entry| entry.file.file_name.clone()));
                }
                self.take_in(schema, entries.iter())?;
            }
            self.snapshot = Some(snapshot.id);
        }
        Ok(())
    }

    /// What snapshots added since [`Self::forget_seen`].
    pub(crate) fn seen(&self) -> &SeenSince {
        &self.seen
    }

    /// Everything open was compared with what was seen.
    pub(crate) fn forget_seen(&mut self) {
        self.seen = Some(BTreeSet::new());
    }

    fn take_in<'a>(&mut self, schema: &TableSchema, entries: impl Iterator<Item = &'a ManifestEntry>) -> Result<()> {
        let fields = schema.partition_fields();
        for entry in entries {
            let partition = PartitionValues::from_row(&fields, &entry.partition)?;
            if entry.total_buckets > 0 && entry.kind == FileKind::Add {
                self.counts.insert(partition.clone(), entry.total_buckets);
            }
            let state = self.buckets.entry((partition, entry.bucket)).or_default();
            state.max_sequence = state.max_sequence.max(entry.file.max_sequence_number);
            if !self.keep_files {
                continue;
            }
            match entry.kind {
                FileKind::Add => drop(state.files.insert(id_of(&entry.file), entry.file.clone())),
                FileKind::Delete => drop(state.files.swap_remove(&id_of(&entry.file))),
            }
        }
        Ok(())
    }

    /// Learns of numbers that this writer has given out.
    pub(crate) fn note(&mut self, bucket: BucketKey, max_sequence: i64) {
        let state = self.buckets.entry(bucket).or_default();
        state.max_sequence = state.max_sequence.max(max_sequence);
    }

    /// What a bucket holds.
    pub(crate) fn bucket(&self, bucket: &BucketKey) -> Option<&BucketState> {
        self.buckets.get(bucket)
    }

    /// All buckets that hold files.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&BucketKey, &BucketState)> {
        self.buckets.iter().filter(|(_, state)| !state.files.is_empty())
    }

    /// An error if the bucket's partition has another number of buckets than `wanted`.
    pub(crate) fn check_count(&self, schema: &TableSchema, bucket: &BucketKey, wanted: i32) -> Result<()> {
        let existing = self.counts.get(&bucket.0).copied();
        if let Some(existing) = existing.filter(|existing| wanted > 0 && *existing != wanted) {
            let partition = format!("{:?}", bucket.0.values(&schema.partition_fields())?);
            return BucketCountSnafu { partition, existing, wanted }.fail();
        }
        Ok(())
    }
}

/// The files alive at a snapshot.
async fn alive_at(snapshot: &Snapshot, manifests: &ManifestStore) -> Result<Vec<ManifestEntry>> {
    let mut entries: Vec<ManifestEntry> = Vec::new();
    for manifest in manifests.manifests_of(snapshot).await? {
        entries.extend(manifests.read_manifest(&manifest).await?.iter().cloned());
    }
    Ok(live_entries(entries))
}

/// The files alive now: of the newest snapshot, or of the next one if that expires while it is read.
pub(crate) async fn latest_alive(snapshots: &SnapshotStore, manifests: &ManifestStore) -> Result<Vec<ManifestEntry>> {
    for _ in 0..RACES_MAX {
        let Some(snapshot) = snapshots.latest().await? else { return Ok(Vec::new()) };
        match alive_at(&snapshot, manifests).await {
            Err(error) if snapshots.has_expired(snapshot.id, &error).await? => {}
            alive => return alive,
        }
    }
    match snapshots.latest().await? {
        Some(snapshot) => alive_at(&snapshot, manifests).await,
        None => Ok(Vec::new()),
    }
}
