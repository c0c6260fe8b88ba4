//! A table of hand-built metadata: key `k`, value `v`, perhaps a partition `p`; no data file exists.

use std::sync::Arc;

use tidelake_io::{FileIO, FilePath, MemoryFileIO};
use tidelake_meta::{
    CommitKind, DataFileMeta, FileKind, FileSource, ManifestEntry, ManifestFileMeta, ManifestStore, SchemaStore,
    SimpleStats, Snapshot, SnapshotStore, TableLayout, TableSchema, TagStore,
};
use tidelake_runtime::Runtime;
use tidelake_scan::{Plan, Planner, PlannerParts, ScanRequest};
use tidelake_types::{BinaryRow, DataField, Options, Scalar, TypeKind};

pub(crate) struct World {
    pub(crate) io: MemoryFileIO,
    pub(crate) layout: TableLayout,
    pub(crate) schema: Arc<TableSchema>,
    manifests: Vec<ManifestFileMeta>,
    names: u32,
    id: i64,
}

/// Files of one commit.
#[derive(Default)]
pub(crate) struct Commit {
    pub(crate) kind: Option<CommitKind>,
    pub(crate) add: Vec<ManifestEntry>,
    pub(crate) delete: Vec<ManifestEntry>,
    pub(crate) changelog: Vec<ManifestEntry>,
    pub(crate) watermark: Option<i64>,
}

pub(crate) fn fields() -> Vec<DataField> {
    vec![
        DataField::new(0, "k", TypeKind::Int.not_null()),
        DataField::new(1, "v", TypeKind::Int.nullable()),
        DataField::new(2, "p", TypeKind::STRING.not_null()),
    ]
}

pub(crate) fn field(name: &str) -> DataField {
    fields().into_iter().find(|field| field.name == name).unwrap()
}

impl World {
    /// `keys` is `k`, or nothing for an append table.
    pub(crate) async fn new(keys: &[&str], partitioned: bool, options: &[(&str, &str)]) -> Self {
        let partitions = if partitioned { vec!["p".to_owned()] } else { vec![] };
        let mut primary: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        if partitioned && !primary.is_empty() {
            primary.push("p".to_owned());
        }
        let options = options.iter().copied().collect();
        let schema = TableSchema::create(fields(), partitions, primary, options, None, 0).unwrap();
        let io = MemoryFileIO::new(Runtime::tokio(1, 64 << 20));
        let layout = TableLayout::new(FilePath::parse("memory://lake/d.db/t").unwrap());
        SchemaStore::new(Arc::new(io.clone()), layout.clone()).publish(&schema).await.unwrap();
        Self { io, layout, schema: Arc::new(schema), manifests: Vec::new(), names: 0, id: 0 }
    }

    fn store(&self) -> ManifestStore {
        ManifestStore::new(Arc::new(self.io.clone()), self.layout.clone(), Default::default())
    }

    pub(crate) fn planner(&self) -> Planner {
        self.planner_with(&[])
    }

    pub(crate) fn planner_with(&self, options: &[(&str, &str)]) -> Planner {
        let io: Arc<dyn FileIO> = Arc::new(self.io.clone());
        let (layout, options): (_, Options) = (self.layout.clone(), options.iter().copied().collect());
        Planner::new(PlannerParts {
            io: Arc::clone(&io),
            layout: layout.clone(),
            schema: Arc::new(self.schema.with_options(&options)),
            schemas: SchemaStore::new(Arc::clone(&io), layout.clone()),
            snapshots: SnapshotStore::new(Arc::clone(&io), layout.clone()),
            manifests: self.store(),
            tags: TagStore::new(io, layout),
        })
    }

    pub(crate) async fn plan(&self, request: ScanRequest) -> Plan {
        self.planner().plan(&request).await.unwrap()
    }

    async fn write(&mut self, entries: &[ManifestEntry]) -> Vec<ManifestFileMeta> {
        let types: Vec<_> = self.schema.partition_fields().into_iter().map(|field| field.data_type).collect();
        let mut number = self.names;
        let mut name = || {
            number += 1;
            format!("manifest-{number}")
        };
        let metas = self.store().write_manifests(&mut name, entries, &types, &Options::new()).await.unwrap();
        self.names = number;
        metas
    }

    async fn write_list(&mut self, metas: &[ManifestFileMeta]) -> String {
        self.names += 1;
        let name = format!("manifest-list-{}", self.names);
        self.store().write_list(&name, metas, &Options::new()).await.unwrap();
        name
    }

    /// Gives the number of the new snapshot. Its time is a thousand times its number.
    pub(crate) async fn commit(&mut self, commit: Commit) -> i64 {
        let deletes = commit.delete.into_iter().map(|entry| ManifestEntry { kind: FileKind::Delete, ..entry });
        let entries: Vec<_> = commit.add.into_iter().chain(deletes).collect();
        let base = self.manifests.clone();
        let base_manifest_list = self.write_list(&base).await;
        let delta = self.write(&entries).await;
        let delta_manifest_list = self.write_list(&delta).await;
        self.manifests.extend(delta);
        let mut changelog_manifest_list = None;
        if !commit.changelog.is_empty() {
            let metas = self.write(&commit.changelog).await;
            changelog_manifest_list = Some(self.write_list(&metas).await);
        }
        self.id += 1;
        let snapshot = Snapshot {
            version: 3,
            uuid: None,
            id: self.id,
            schema_id: 0,
            base_manifest_list,
            base_manifest_list_size: None,
            delta_manifest_list,
            delta_manifest_list_size: None,
            changelog_manifest_list,
            changelog_manifest_list_size: None,
            index_manifest: None,
            commit_user: "tester".to_owned(),
            writer_version: None,
            commit_identifier: self.id,
            commit_kind: commit.kind.unwrap_or(CommitKind::Append),
            time_ms: self.id * 1000,
            total_record_count: Some(0),
            delta_record_count: Some(0),
            changelog_record_count: None,
            watermark: commit.watermark,
            statistics: None,
            properties: None,
            next_row_id: None,
            operation: None,
        };
        self.io.overwrite(&self.layout.snapshot(self.id).unwrap(), snapshot.to_json()).await.unwrap();
        self.id
    }

    pub(crate) async fn append(&mut self, add: Vec<ManifestEntry>) -> i64 {
        self.commit(Commit { add, ..Commit::default() }).await
    }

    /// As expiry does: the snapshot's file goes.
    pub(crate) async fn expire(&self, id: i64) {
        self.io.delete(&self.layout.snapshot(id).unwrap()).await.unwrap();
    }
}

/// A file at level 0 of bucket 0 with 10 rows, keys and values from `range`.
pub(crate) fn file(world: &World, name: &str, range: (i32, i32)) -> ManifestEntry {
    let int = TypeKind::Int.nullable();
    let row = |value: i32| BinaryRow::from_scalars(std::slice::from_ref(&int), &[Some(Scalar::Int(value))]).unwrap();
    let is_key = world.schema.has_primary_key();
    let key = |value| if is_key { row(value) } else { BinaryRow::empty() };
    let key_stats = if is_key {
        SimpleStats { min_values: row(range.0), max_values: row(range.1), null_counts: Some(vec![Some(0)]) }
    } else {
        SimpleStats::empty()
    };
    let value_stats =
        SimpleStats { min_values: row(range.0), max_values: row(range.1), null_counts: Some(vec![Some(0)]) };
    let file = DataFileMeta {
        file_name: name.to_owned(),
        file_size: 1 << 20,
        row_count: 10,
        min_key: key(range.0),
        max_key: key(range.1),
        key_stats,
        value_stats,
        min_sequence_number: 0,
        max_sequence_number: 9,
        schema_id: 0,
        level: 0,
        extra_files: Vec::new(),
        creation_time_ms: Some(0),
        delete_row_count: Some(0),
        embedded_index: None,
        file_source: Some(FileSource::Append),
        value_stats_cols: Some(vec!["v".to_owned()]),
        external_path: None,
        first_row_id: None,
        write_cols: None,
        write_cols_sequences: None,
    };
    ManifestEntry { kind: FileKind::Add, partition: BinaryRow::empty(), bucket: 0, total_buckets: 1, file }
}

/// The same entry in a partition.
pub(crate) fn within(partition: &str, entry: ManifestEntry) -> ManifestEntry {
    let types = [TypeKind::STRING.not_null()];
    let partition = BinaryRow::from_scalars(&types, &[Some(Scalar::String(partition.to_owned()))]).unwrap();
    ManifestEntry { partition, ..entry }
}

/// The same file at another level, with values of its own.
pub(crate) fn at(level: i32, values: (i32, i32), mut entry: ManifestEntry) -> ManifestEntry {
    let int = TypeKind::Int.nullable();
    let row = |value: i32| BinaryRow::from_scalars(std::slice::from_ref(&int), &[Some(Scalar::Int(value))]).unwrap();
    entry.file.level = level;
    entry.file.value_stats.min_values = row(values.0);
    entry.file.value_stats.max_values = row(values.1);
    entry
}

/// The names of the files of each split.
pub(crate) fn names(plan: &Plan) -> Vec<Vec<&str>> {
    (plan.splits.iter()).map(|split| split.files.iter().map(|file| file.file_name.as_str()).collect()).collect()
}
