//! From a request to a plan.
//!
//! ```text
//! snapshot ──► manifest lists ──► manifests ──► entries ──► live files ──► buckets ──► splits
//!                                 partition     partition    bucket        keys,       packed
//!                                 statistics    values                     values
//! ```

use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use indexmap::IndexMap;
use tidelake_io::FileIO;
use tidelake_meta::{
    DataFileMeta, FileKind, ManifestEntry, ManifestFileMeta, ManifestStore, SchemaStore, Snapshot, SnapshotStore,
    TableLayout, TableSchema, TagStore, live_entries, unsupported_for_reading,
};
use tidelake_types::{BinaryRow, PartitionValues};

use crate::{
    Error, Plan, PlanStatistics, ReadFrom, ReadPoint, Result, ScanRequest, SkippedFiles, Split,
    error::UnsupportedSnafu,
    pack::{Packed, Packer},
    prune::{
        Pruning,
        files::{self, Schemas},
    },
};

/// How often the latest snapshot is sought again when it expires while it is planned.
const RACES_MAX: usize = 10;
/// How many manifests are read at once.
const MANIFESTS_AT_ONCE: usize = 16;

/// All that planning needs of one table. Cheap to clone; the stores' caches are shared.
#[derive(Debug, Clone)]
pub struct PlannerParts {
    /// The storage.
    pub io: Arc<dyn FileIO>,
    /// Where the table's files are.
    pub layout: TableLayout,
    /// The latest schema, with the options of the call over its own.
    pub schema: Arc<TableSchema>,
    /// Schemas of older snapshots and files.
    pub schemas: SchemaStore,
    /// Snapshots.
    pub snapshots: SnapshotStore,
    /// Manifests, cached. Its partition types should be the table's, so that foreign partitions equal ours.
    pub manifests: ManifestStore,
    /// Tags.
    pub tags: TagStore,
}

/// Plans reads of one table.
#[derive(Debug, Clone)]
pub struct Planner {
    pub(crate) parts: PlannerParts,
    /// All rows of a snapshot are those of this level: what is above it comes as changes later.
    pub(crate) only_level: Option<i32>,
}

impl Planner {
    /// For this table.
    pub fn new(parts: PlannerParts) -> Self {
        Self { parts, only_level: None }
    }

    /// What it plans with.
    pub fn parts(&self) -> &PlannerParts {
        &self.parts
    }

    /// Plans a read.
    pub async fn plan(&self, request: &ScanRequest) -> Result<Plan> {
        let point = self.resolve(&request.read_from).await?;
        self.plan_at(&point, request).await
    }

    /// As [`Self::plan`], of a snapshot that was found already. One that was the latest and has expired meanwhile gives way
    /// to the latest of now: only who asks for a certain snapshot is told that it is gone.
    pub async fn plan_at(&self, point: &ReadPoint, request: &ScanRequest) -> Result<Plan> {
        let mut latest = None;
        for _ in 0..RACES_MAX {
            let point = latest.as_ref().unwrap_or(point);
            match self.plan_of(point, request).await {
                Err(error) if request.read_from == ReadFrom::Latest && self.has_expired(point, &error).await? => {
                    latest = Some(self.resolve(&request.read_from).await?);
                }
                planned => return planned,
            }
        }
        self.plan_of(latest.as_ref().unwrap_or(point), request).await
    }

    async fn has_expired(&self, point: &ReadPoint, error: &Error) -> Result<bool> {
        match &point.snapshot {
            Some(snapshot) => Ok(self.parts.snapshots.has_expired(snapshot.id, error).await?),
            None => Ok(false),
        }
    }

    async fn plan_of(&self, point: &ReadPoint, request: &ScanRequest) -> Result<Plan> {
        if let ReadFrom::Between(between) = &request.read_from {
            return self.plan_between(between, point, request.predicate.as_ref()).await;
        }
        let pruning = Pruning::new(&point.schema, request.predicate.as_ref())?;
        let mut plan = self.plan_snapshot(point.snapshot.as_ref(), &point.schema, &pruning).await?;
        if let Some(limit) = request.limit
            && pruning.is_exact()
        {
            plan.take_rows(limit);
        }
        Ok(plan)
    }

    /// All rows of a snapshot.
    pub(crate) async fn plan_snapshot(
        &self,
        snapshot: Option<&Snapshot>,
        schema: &Arc<TableSchema>,
        pruning: &Pruning,
    ) -> Result<Plan> {
        unsupported_for_reading(schema)?;
        let Some(snapshot) = snapshot else { return Ok(Plan::empty(None, schema, pruning)) };
        let manifests = self.parts.manifests.manifests_of(snapshot).await?;
        let entries = live_entries(self.read_entries(manifests, pruning, &|_| true).await?);
        let live = entries.len();
        self.refuse_deletion_vectors(snapshot, schema)?;
        let schemas = self.schemas_of(schema, &entries).await?;
        let packer = Packer::new(schema, &pruning.key_fields)?;
        let mut splits = Vec::new();
        let buckets = self.buckets(schema, pruning, entries)?;
        let left: usize = buckets.iter().map(|(_, files)| files.len()).sum();
        let mut skipped = SkippedFiles { by_bucket: live - left, ..SkippedFiles::default() };
        for (place, mut files) in buckets {
            let partition = place.partition.values(&pruning.partition_fields)?;
            files.retain(|file| self.only_level.is_none_or(|level| file.level == level));
            let has_key = schema.has_primary_key();
            let files = files::of_bucket(pruning, &schemas, &partition, has_key, files, &mut skipped);
            if !files.is_empty() {
                splits.extend(place.splits(snapshot.id, packer.batch(files)?, false));
            }
        }
        Ok(Plan { skipped, ..Plan::new(Some(snapshot.id), schema, splits, live, pruning) })
    }

    /// What one manifest list added, bucket by bucket in the order in which it is written there: changes as stored. Keys
    /// skip files; in append tables values do, too.
    pub(crate) async fn read_changes(
        &self,
        list: (&str, Option<u64>),
        schema: &Arc<TableSchema>,
        pruning: &Pruning,
    ) -> Result<Changes> {
        let manifests = self.parts.manifests.read_list(list.0, list.1).await?.to_vec();
        let entries = self.read_entries(manifests, pruning, &|entry| entry.kind == FileKind::Add).await?;
        let num_files = entries.len();
        let schemas = self.schemas_of(schema, &entries).await?;
        let mut buckets = self.buckets(schema, pruning, entries)?;
        for (place, files) in &mut buckets {
            let partition = place.partition.values(&pruning.partition_fields)?;
            files.retain(|file| match schema.has_primary_key() {
                true => files::keeps_by_key(pruning, &schemas, file),
                false => files::keeps_by_value(pruning, &schemas, &partition, file),
            });
        }
        buckets.retain(|(_, files)| !files.is_empty());
        Ok(Changes { buckets, num_files })
    }

    /// The entries of these manifests that are wanted, by partition. In the order of the manifests.
    async fn read_entries(
        &self,
        mut manifests: Vec<ManifestFileMeta>,
        pruning: &Pruning,
        wanted: &(dyn Fn(&ManifestEntry) -> bool + Sync),
    ) -> Result<Vec<ManifestEntry>> {
        manifests.retain(|manifest| pruning.keeps_manifest(manifest));
        // Futures that own what they need: so the whole may be sent between threads, whoever awaits it.
        let read = manifests.into_iter().map(|manifest| {
            let store = self.parts.manifests.clone();
            async move { store.read_manifest(&manifest).await }.boxed()
        });
        let mut read = stream::iter(read).buffered(MANIFESTS_AT_ONCE);
        let mut partitions: IndexMap<BinaryRow, bool> = IndexMap::new();
        let mut found = Vec::new();
        while let Some(entries) = read.try_next().await? {
            for entry in entries.iter().filter(|entry| wanted(entry)) {
                let keeps = match partitions.get(&entry.partition) {
                    Some(keeps) => *keeps,
                    None => {
                        let partition = PartitionValues::from_row(&pruning.partition_fields, &entry.partition)?;
                        let keeps = pruning.keeps_partition(&partition)?;
                        partitions.insert(entry.partition.clone(), keeps);
                        keeps
                    }
                };
                if keeps {
                    found.push(entry.clone());
                }
            }
        }
        Ok(found)
    }

    /// The files of each bucket, buckets in order of their paths, files in the order of the entries.
    fn buckets(
        &self,
        schema: &TableSchema,
        pruning: &Pruning,
        entries: Vec<ManifestEntry>,
    ) -> Result<Vec<(Place, Vec<DataFileMeta>)>> {
        let mut found: IndexMap<(BinaryRow, i32), (Option<Place>, Vec<DataFileMeta>)> = IndexMap::new();
        let mut partitions: IndexMap<BinaryRow, PartitionValues> = IndexMap::new();
        for entry in entries {
            let partition = match partitions.get(&entry.partition) {
                Some(partition) => partition.clone(),
                None => {
                    let partition = PartitionValues::from_row(&pruning.partition_fields, &entry.partition)?;
                    partitions.insert(entry.partition.clone(), partition.clone());
                    partition
                }
            };
            let (place, files) = found.entry((partition.as_row().clone(), entry.bucket)).or_default();
            if place.is_none() {
                let path = self.parts.layout.bucket_path(schema, &partition, entry.bucket)?;
                *place = Some(Place { partition, bucket: entry.bucket, path, total_buckets: entry.total_buckets });
            }
            let keeps =
                |targets: &crate::prune::bucket::BucketTargets| targets.keeps(entry.total_buckets, entry.bucket);
            if pruning.buckets.as_ref().is_none_or(keeps) {
                files.push(entry.file);
            }
        }
        let mut buckets: Vec<_> = found.into_values().filter_map(|(place, files)| Some((place?, files))).collect();
        buckets.retain(|(_, files)| !files.is_empty());
        buckets.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        Ok(buckets)
    }

    /// The schemas that these files were written with, so that their statistics can be read.
    async fn schemas_of(&self, current: &Arc<TableSchema>, entries: &[ManifestEntry]) -> Result<Schemas> {
        let ids: BTreeSet<i64> = entries.iter().map(|entry| entry.file.schema_id).collect();
        let mut schemas = Schemas::new();
        for id in ids {
            let schema = match id == current.id {
                true => Arc::clone(current),
                false => self.parts.schemas.load(id).await?,
            };
            schemas.insert(id, schema);
        }
        Ok(schemas)
    }

    /// An index manifest names deletion vectors, or the hash indexes of dynamic buckets. The former hide rows.
    fn refuse_deletion_vectors(&self, snapshot: &Snapshot, schema: &TableSchema) -> Result<()> {
        use tidelake_meta::BucketMode::{HashFixed, Unaware};
        if snapshot.index_manifest.is_some() && matches!(schema.bucket_mode()?, HashFixed(_) | Unaware) {
            let message = format!(
                "snapshot {} of {} has deletion vectors (`deletion-vectors.enabled`), which are not supported yet",
                snapshot.id,
                self.parts.layout.root()
            );
            return UnsupportedSnafu { message }.fail();
        }
        Ok(())
    }
}

/// Files that one or several snapshots added, by bucket.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) buckets: Vec<(Place, Vec<DataFileMeta>)>,
    pub(crate) num_files: usize,
}

/// A bucket of a partition.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) partition: PartitionValues,
    pub(crate) bucket: i32,
    pub(crate) path: String,
    pub(crate) total_buckets: i32,
}

impl Place {
    pub(crate) fn splits(
        &self,
        snapshot_id: i64,
        packed: Vec<Packed>,
        is_streaming: bool,
    ) -> impl Iterator<Item = Split> {
        packed.into_iter().map(move |Packed { files, raw_convertible }| Split {
            snapshot_id,
            partition: self.partition.clone(),
            bucket: self.bucket,
            bucket_path: self.path.clone(),
            total_buckets: Some(self.total_buckets),
            files,
            deletions: Vec::new(),
            before_files: Vec::new(),
            before_deletions: Vec::new(),
            is_streaming,
            raw_convertible,
        })
    }
}

impl Plan {
    pub(crate) fn new(
        snapshot_id: Option<i64>,
        schema: &Arc<TableSchema>,
        splits: Vec<Split>,
        live: usize,
        pruning: &Pruning,
    ) -> Self {
        let read: usize = splits.iter().map(|split| split.files.len()).sum();
        Self {
            snapshot_id,
            schema: Arc::clone(schema),
            statistics: PlanStatistics::of(&splits, live.saturating_sub(read)),
            splits,
            filters: pruning.uses(),
            skipped: SkippedFiles::default(),
        }
    }

    pub(crate) fn empty(snapshot_id: Option<i64>, schema: &Arc<TableSchema>, pruning: &Pruning) -> Self {
        Self::new(snapshot_id, schema, Vec::new(), 0, pruning)
    }

    /// Keeps only splits that together have so many rows for certain; all of them where that cannot be told.
    fn take_rows(&mut self, limit: u64) {
        let (mut kept, mut rows) = (0, 0u64);
        for split in &self.splits {
            if rows >= limit {
                break;
            }
            let Some(known) = split.known_rows() else { return };
            rows += known;
            kept += 1;
        }
        let skipped: usize = self.splits.drain(kept..).map(|split| split.files.len()).sum();
        self.statistics = PlanStatistics::of(&self.splits, self.statistics.num_files_skipped + skipped);
    }
}
