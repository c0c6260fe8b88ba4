//! A small table, its commits, and what must hold of it whatever happened.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tidelake_commit::{CommitTable, CommitUser, Committer, PreparedCommit, PublishSnapshotCommit, create_table};
use tidelake_format::FormatRegistry;
use tidelake_io::{FileIO, FilePath};
use tidelake_meta::{
    BucketIncrement, CommitMessage, DataFileMeta, FileChanges, FileKind, ManifestEntry, ManifestStore, SchemaStore,
    Snapshot, SnapshotStore, TableLayout, TableSchema, live_entries,
};
use tidelake_runtime::Runtime;
use tidelake_testing::{SimIO, data_file};
use tidelake_types::{BinaryRow, DataField, DataType, Options, PartitionValues, Scalar, TypeKind};

pub(crate) fn layout() -> TableLayout {
    TableLayout::new(FilePath::parse("/w/shop.db/orders").unwrap())
}

/// A key table, `(day, k)`, partitioned by day, 4 buckets.
pub(crate) fn schema(options: &[(&str, &str)]) -> TableSchema {
    let fields = vec![
        DataField::new(0, "day", TypeKind::Int.not_null()),
        DataField::new(1, "k", TypeKind::Int.not_null()),
        DataField::new(2, "v", TypeKind::STRING.nullable()),
    ];
    let options: Options = [("bucket", "4")].iter().chain(options).copied().collect();
    TableSchema::create(fields, vec!["day".into()], vec!["day".into(), "k".into()], options, None, 0).unwrap()
}

pub(crate) fn day(day: i32) -> PartitionValues {
    PartitionValues::new(&schema(&[]).partition_fields(), &[Some(Scalar::Int(day))]).unwrap()
}

pub(crate) fn key(k: i32) -> BinaryRow {
    BinaryRow::from_scalars(&[key_type()], &[Some(Scalar::Int(k))]).unwrap()
}

pub(crate) fn key_type() -> DataType {
    TypeKind::Int.not_null()
}

/// A table on its store.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) io: Arc<dyn FileIO>,
    pub(crate) root: FilePath,
    pub(crate) schema: Arc<TableSchema>,
}

impl World {
    pub(crate) fn new(io: Arc<dyn FileIO>, options: &[(&str, &str)]) -> Self {
        Self { io, root: layout().root().clone(), schema: Arc::new(schema(options)) }
    }

    /// An empty table.
    pub(crate) async fn create(io: Arc<dyn FileIO>, options: &[(&str, &str)]) -> Self {
        let world = Self::new(io, options);
        world.make().await;
        world
    }

    pub(crate) async fn make(&self) {
        create_table(&self.io, &self.layout(), &self.schema).await.unwrap();
    }

    fn layout(&self) -> TableLayout {
        TableLayout::new(self.root.clone())
    }

    pub(crate) fn snapshots(&self) -> SnapshotStore {
        SnapshotStore::new(Arc::clone(&self.io), self.layout())
    }

    pub(crate) fn manifests(&self) -> ManifestStore {
        ManifestStore::new(Arc::clone(&self.io), self.layout(), FormatRegistry::new())
    }

    pub(crate) fn table(&self) -> CommitTable {
        CommitTable {
            io: Arc::clone(&self.io),
            layout: self.layout(),
            schemas: SchemaStore::new(Arc::clone(&self.io), self.layout()),
            snapshots: self.snapshots(),
            manifests: self.manifests(),
            snapshot_commit: Arc::new(PublishSnapshotCommit::new(Arc::clone(&self.io), self.layout())),
            schema: Arc::clone(&self.schema),
        }
    }

    pub(crate) fn committer(&self, user: &str, runtime: &Runtime) -> Committer {
        Committer::new(self.table(), CommitUser::Named(user.into()), runtime.clone()).unwrap()
    }

    /// Entries of a list.
    pub(crate) async fn entries(&self, name: &str, size_bytes: Option<u64>) -> Vec<ManifestEntry> {
        let store = self.manifests();
        let mut entries = Vec::new();
        for manifest in store.read_list(name, size_bytes).await.unwrap().iter() {
            entries.extend(store.read_manifest(manifest).await.unwrap().iter().cloned());
        }
        entries
    }

    pub(crate) async fn all_entries(&self, snapshot: &Snapshot) -> Vec<ManifestEntry> {
        let mut entries = self.entries(&snapshot.base_manifest_list, snapshot.base_manifest_list_size).await;
        entries.extend(self.entries(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await);
        entries
    }

    /// Names of the files alive in the latest snapshot, sorted, after checking everything that must hold of any table: no
    /// gap in the numbers, every manifest whole, no file added twice, record counts that add up, times and users in order.
    pub(crate) async fn files(&self) -> Vec<String> {
        let store = self.snapshots();
        let ids = store.list_ids().await.unwrap();
        let mut newest_of_user: BTreeMap<String, i64> = BTreeMap::new();
        let mut files = Vec::new();
        let mut before: Option<Snapshot> = None;
        for id in ids {
            let snapshot = store.load(id).await.unwrap();
            let entries = self.all_entries(&snapshot).await;
            let adds: Vec<_> =
                entries.iter().filter(|entry| entry.kind == FileKind::Add).map(ManifestEntry::identity).collect();
            assert_eq!(
                adds.iter().collect::<std::collections::BTreeSet<_>>().len(),
                adds.len(),
                "a file is added twice in snapshot {id}"
            );
            let alive = live_entries(entries);
            let rows: i64 = alive.iter().map(|entry| entry.file.row_count).sum();
            assert_eq!(snapshot.total_record_count, Some(rows), "snapshot {id}");
            if let Some(before) = &before {
                assert_eq!(before.id + 1, id, "a hole before snapshot {id}");
                assert!(before.time_ms < snapshot.time_ms, "time stands still at snapshot {id}");
                assert!(before.watermark <= snapshot.watermark);
                let mut base =
                    self.names(self.entries(&snapshot.base_manifest_list, snapshot.base_manifest_list_size).await);
                base.sort();
                assert_eq!(base, files, "snapshot {id} is not built on the one below it");
            }
            let newest = newest_of_user.entry(snapshot.commit_user.clone()).or_insert(i64::MIN);
            assert!(
                *newest <= snapshot.commit_identifier,
                "identifiers of {} go back in snapshot {id}",
                snapshot.commit_user
            );
            *newest = snapshot.commit_identifier;
            files = self.names(alive);
            files.sort();
            before = Some(snapshot);
        }
        assert_eq!(store.latest_id().await.unwrap(), before.map(|latest| latest.id), "hints lead astray");
        files
    }

    fn names(&self, entries: Vec<ManifestEntry>) -> Vec<String> {
        live_entries(entries).into_iter().map(|entry| entry.file.file_name).collect()
    }
}

/// Metadata files that no snapshot names: what an attempt left behind.
pub(crate) async fn orphans(world: &World, io: &SimIO) -> Vec<String> {
    let mut named = Vec::new();
    let store = world.snapshots();
    for id in store.list_ids().await.unwrap() {
        let snapshot = store.load(id).await.unwrap();
        let lists =
            [Some(snapshot.base_manifest_list), Some(snapshot.delta_manifest_list), snapshot.changelog_manifest_list];
        for list in lists.into_iter().flatten() {
            named.extend(
                world
                    .manifests()
                    .read_list(&list, None)
                    .await
                    .unwrap()
                    .iter()
                    .map(|manifest| manifest.file_name.clone()),
            );
            named.push(list);
        }
    }
    let files = io.paths().into_iter().map(|path| path.name().to_owned());
    files.filter(|name| name.starts_with("manifest-") && !named.contains(name)).collect()
}

/// A commit of one file, named by its token, of three rows.
pub(crate) fn append(identifier: i64, token: &str) -> PreparedCommit {
    PreparedCommit { identifier, messages: vec![rows(1, 0, [data_file(token, 3)])], ..PreparedCommit::default() }
}

/// New files of one bucket.
pub(crate) fn rows(partition: i32, bucket: i32, added: impl IntoIterator<Item = DataFileMeta>) -> CommitMessage {
    let append = FileChanges { added: added.into_iter().collect(), ..FileChanges::default() };
    CommitMessage {
        partition: day(partition),
        bucket,
        total_buckets: 4,
        increment: BucketIncrement { append, ..BucketIncrement::default() },
    }
}

/// A compaction of one bucket.
pub(crate) fn compaction(
    partition: i32,
    bucket: i32,
    removed: &[DataFileMeta],
    added: &[DataFileMeta],
) -> CommitMessage {
    let compact = FileChanges { added: added.to_vec(), removed: removed.to_vec(), ..FileChanges::default() };
    CommitMessage {
        partition: day(partition),
        bucket,
        total_buckets: 4,
        increment: BucketIncrement { compact, ..BucketIncrement::default() },
    }
}

/// A file on a level above 0, of keys `min` to `max`.
pub(crate) fn leveled(name: &str, level: i32, min: i32, max: i32) -> DataFileMeta {
    DataFileMeta { level, min_key: key(min), max_key: key(max), ..data_file(name, 3) }
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
