//! What buckets hold already: the newest sequence number and the bucket count of their files.
//!
//! Read whole once, then kept up to date from the deltas of the snapshots that came since. A number that is too high does
//! no harm, so deleted files are not looked at in deltas.

use indexmap::IndexMap;
use tidelake_meta::{FileKind, ManifestEntry, ManifestStore, Snapshot, SnapshotStore, TableSchema, live_entries};
use tidelake_types::PartitionValues;

use crate::error::{BucketCountSnafu, Result};

/// What a bucket's files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketState {
    /// The newest sequence number; -1 for an empty bucket.
    pub max_sequence: i64,
}

/// The state of all buckets as of one snapshot.
#[derive(Debug, Default)]
pub struct RestoredStates {
    snapshot: Option<i64>,
    buckets: IndexMap<(PartitionValues, i32), BucketState>,
    /// The positive bucket count of the partition's files.
    counts: IndexMap<PartitionValues, i32>,
}

impl RestoredStates {
    /// Brings the state up to the newest snapshot.
    pub async fn refresh(
        &mut self,
        schema: &TableSchema,
        snapshots: &SnapshotStore,
        manifests: &ManifestStore,
    ) -> Result<()> {
        let Some(latest) = snapshots.latest_id().await? else {
            *self = Self::default();
            return Ok(());
        };
        if self.snapshot == Some(latest) {
            return Ok(());
        }
        let mut from = self.snapshot.filter(|known| *known < latest).map(|known| known + 1);
        while let Some(id) = from {
            // A snapshot that expired meanwhile, or that replaced files, makes the whole be read again.
            let Some(snapshot) = snapshots.try_load(id).await? else { break };
            if snapshot.commit_kind == tidelake_meta::CommitKind::Overwrite {
                break;
            }
            let delta = manifests.read_list(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await?;
            for manifest in delta.iter() {
                let entries = manifests.read_manifest(manifest).await?;
                self.take_in(schema, entries.iter().filter(|entry| entry.kind == FileKind::Add))?;
            }
            self.snapshot = Some(id);
            from = (id < latest).then_some(id + 1);
        }
        if self.snapshot != Some(latest) {
            self.reload(schema, snapshots, manifests, latest).await?;
        }
        Ok(())
    }

    async fn reload(
        &mut self,
        schema: &TableSchema,
        snapshots: &SnapshotStore,
        manifests: &ManifestStore,
        latest: i64,
    ) -> Result<()> {
        let snapshot = snapshots.load(latest).await?;
        let alive = alive_at(&snapshot, manifests).await?;
        *self = Self { snapshot: Some(latest), ..Self::default() };
        self.take_in(schema, alive.iter())
    }

    fn take_in<'a>(&mut self, schema: &TableSchema, entries: impl Iterator<Item = &'a ManifestEntry>) -> Result<()> {
        let fields = schema.partition_fields();
        for entry in entries {
            let partition = PartitionValues::from_row(&fields, &entry.partition)?;
            if entry.total_buckets > 0 {
                self.counts.insert(partition.clone(), entry.total_buckets);
            }
            self.note((partition, entry.bucket), entry.file.max_sequence_number);
        }
        Ok(())
    }

    /// Learns of numbers that this writer has given out.
    pub fn note(&mut self, bucket: (PartitionValues, i32), max_sequence: i64) {
        let state = self.buckets.entry(bucket).or_insert(BucketState { max_sequence: -1 });
        state.max_sequence = state.max_sequence.max(max_sequence);
    }

    /// What a bucket holds. An error if the partition has another number of buckets than `wanted`.
    pub fn bucket(&self, schema: &TableSchema, bucket: &(PartitionValues, i32), wanted: i32) -> Result<BucketState> {
        if let Some(existing) = self.counts.get(&bucket.0).copied().filter(|existing| wanted > 0 && *existing != wanted)
        {
            let partition = format!("{:?}", bucket.0.values(&schema.partition_fields())?);
            return BucketCountSnafu { partition, existing, wanted }.fail();
        }
        Ok(self.buckets.get(bucket).copied().unwrap_or(BucketState { max_sequence: -1 }))
    }
}

/// The files alive at a snapshot.
pub(crate) async fn alive_at(snapshot: &Snapshot, manifests: &ManifestStore) -> Result<Vec<ManifestEntry>> {
    let base = manifests.read_list(&snapshot.base_manifest_list, snapshot.base_manifest_list_size).await?;
    let delta = manifests.read_list(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await?;
    let mut entries: Vec<ManifestEntry> = Vec::new();
    for manifest in base.iter().chain(delta.iter()) {
        entries.extend(manifests.read_manifest(manifest).await?.iter().cloned());
    }
    Ok(live_entries(entries))
}
