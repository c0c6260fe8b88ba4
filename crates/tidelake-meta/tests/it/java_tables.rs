//! Small tables that Java wrote, one for each dialect; only metadata, in `tests/data`.

use std::{fs, path::Path, sync::Arc};

use tidelake_format::FormatRegistry;
use tidelake_io::FilePath;
use tidelake_meta::*;

use crate::memory::Memory;

pub(crate) const TABLES: [&str; 6] = [
    "java-0.9-snappy",
    "java-0.9-partitioned",
    "java-1.4-uncompressed",
    "java-1.4-changelog",
    "java-2.1-tags",
    "java-2.1-consumers",
];

pub(crate) struct Loaded {
    pub(crate) io: Memory,
    pub(crate) layout: TableLayout,
}

impl Loaded {
    pub(crate) fn new(name: &str) -> Self {
        let (io, root) = (Memory::default(), FilePath::parse("/w/t").unwrap());
        put_folder(&io, &root, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name));
        Self { io, layout: TableLayout::new(root) }
    }

    pub(crate) fn snapshots(&self) -> SnapshotStore {
        SnapshotStore::new(Arc::new(self.io.clone()), self.layout.clone())
    }

    pub(crate) fn schemas(&self) -> SchemaStore {
        SchemaStore::new(Arc::new(self.io.clone()), self.layout.clone())
    }

    pub(crate) fn manifests(&self) -> ManifestStore {
        ManifestStore::new(Arc::new(self.io.clone()), self.layout.clone(), FormatRegistry::new())
    }

    /// Every entry of the newest snapshot's lists, the changelog's last.
    pub(crate) async fn entries(&self) -> Result<Vec<ManifestEntry>> {
        let snapshot = self.snapshots().latest().await?.unwrap();
        let store = self.manifests();
        let mut entries = Vec::new();
        let lists = [
            (Some(&snapshot.base_manifest_list), snapshot.base_manifest_list_size),
            (Some(&snapshot.delta_manifest_list), snapshot.delta_manifest_list_size),
            (snapshot.changelog_manifest_list.as_ref(), snapshot.changelog_manifest_list_size),
        ];
        for (list, size) in lists {
            let Some(list) = list else { continue };
            for meta in store.read_list(list, size).await?.iter() {
                entries.extend(store.read_manifest(meta).await?.iter().cloned());
            }
        }
        Ok(entries)
    }
}

fn put_folder(io: &Memory, to: &FilePath, from: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let path = to.child(entry.file_name().to_str().unwrap()).unwrap();
        if entry.file_type().unwrap().is_dir() {
            put_folder(io, &path, &entry.path());
        } else {
            io.put(&path, fs::read(entry.path()).unwrap());
        }
    }
}

#[tokio::test]
async fn every_dialect_is_read_to_its_last_row() {
    for name in TABLES {
        let table = Loaded::new(name);
        let snapshot = table.snapshots().latest().await.unwrap().unwrap();
        let schema = table.schemas().load(snapshot.schema_id).await.unwrap();
        let changelog_rows = snapshot.changelog_record_count.unwrap_or(0);
        let entries = table.entries().await.unwrap();
        let rows: i64 = entries
            .iter()
            .map(|entry| if entry.kind == FileKind::Add { entry.file.row_count } else { -entry.file.row_count })
            .sum();
        assert_eq!(Some(rows - changelog_rows), snapshot.total_record_count, "{name}");
        let key_types: Vec<_> = schema.trimmed_primary_key_fields().into_iter().map(|field| field.data_type).collect();
        for entry in &entries {
            entry.file.min_key.decode(&key_types).unwrap();
            for field in &schema.fields {
                assert!(entry.file.value_bounds(&schema, field.id).is_some(), "{name}: {}", field.name);
            }
        }
    }
}

#[tokio::test]
async fn json_files_of_newer_writers_come_back_byte_for_byte() {
    for name in TABLES {
        let table = Loaded::new(name);
        let schema = table.schemas().latest().await.unwrap().unwrap();
        let stored = table.io.get(&table.layout.schema(schema.id).unwrap()).unwrap();
        assert_eq!(schema.to_json(), stored, "{name}");
        let snapshot = table.snapshots().latest().await.unwrap().unwrap();
        let stored = table.snapshots().read_bytes(snapshot.id).await.unwrap().unwrap();
        if name.starts_with("java-0.9") {
            // It writes null members and a dead one.
            assert_eq!(Snapshot::from_json(&snapshot.to_json(), "s").unwrap(), snapshot, "{name}");
        } else {
            assert_eq!(snapshot.to_json(), stored, "{name}");
        }
    }
}

#[tokio::test]
async fn partitions_with_nulls_of_wide_types_are_read() {
    let table = Loaded::new("java-0.9-partitioned");
    let schema = table.schemas().latest().await.unwrap().unwrap();
    let fields = schema.partition_fields();
    for entry in table.entries().await.unwrap() {
        let partition = tidelake_types::PartitionValues::from_row(&fields, &entry.partition).unwrap();
        assert_eq!(partition.as_row(), &entry.partition, "what Java stores is canonical");
        let path = table.layout.bucket_path(&schema, &partition, entry.bucket).unwrap();
        table.layout.data_file(&path, &entry.file).unwrap();
    }
}

#[tokio::test]
async fn tags_and_consumers_are_listed() {
    let table = Loaded::new("java-2.1-tags");
    let tags = TagStore::new(Arc::new(table.io.clone()), table.layout.clone());
    let listed = tags.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(tags.load(&listed[0].name).await.unwrap(), listed[0]);
    assert!(matches!(tags.load("none").await, Err(Error::NoTag { .. })));
    let snapshot = table.snapshots().latest().await.unwrap().unwrap();
    tags.create("kept", &snapshot).await.unwrap();
    assert_eq!(tags.load("kept").await.unwrap().snapshot, snapshot);
    assert!(matches!(tags.create("kept", &snapshot).await, Err(Error::Invalid { .. })));
    assert!(matches!(tags.create("17", &snapshot).await, Err(Error::Invalid { .. })));

    table.io.remove(&table.layout.manifest(&snapshot.delta_manifest_list).unwrap());
    assert!(tags.create("late", &snapshot).await.is_err());
    assert!(matches!(tags.load("late").await, Err(Error::NoTag { .. })));

    let table = Loaded::new("java-2.1-consumers");
    let consumers = ConsumerStore::new(Arc::new(table.io.clone()), table.layout.clone());
    let listed = consumers.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(consumers.load(&listed[0].id).await.unwrap().as_ref(), Some(&listed[0]));
    assert_eq!(consumers.load("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn a_tag_with_a_retention_has_odd_members() {
    let table = Loaded::new("java-1.4-changelog");
    let snapshot = table.snapshots().latest().await.unwrap().unwrap();
    let json = String::from_utf8(snapshot.to_json().to_vec()).unwrap();
    let json = json.trim_end_matches("\n}").to_owned()
        + ",\n  \"tagCreateTime\" : [ 2024, 5, 17, 8, 30 ],\n  \"tagTimeRetained\" : 86400.000000000\n}";
    let tag = Tag::from_json("t", json.as_bytes(), "tag-t").unwrap();
    assert_eq!((tag.create_time_ms, tag.time_retained_ms), (Some(1_715_934_600_000), Some(86_400_000)));
    assert_eq!(tag.snapshot, snapshot);
}

#[tokio::test]
async fn a_recorded_size_that_differs_is_told() {
    let table = Loaded::new("java-1.4-changelog");
    let snapshot = table.snapshots().latest().await.unwrap().unwrap();
    let store = table.manifests();
    let metas = store.read_list(&snapshot.base_manifest_list, snapshot.base_manifest_list_size).await.unwrap();
    let wrong = snapshot.base_manifest_list_size.map(|size| size - 16);
    assert!(matches!(store.read_list(&snapshot.base_manifest_list, wrong).await, Err(Error::Corrupt { .. })));
    let mut meta = metas[0].clone();
    meta.num_added_files += 1;
    assert!(matches!(store.read_manifest(&meta).await, Err(Error::Corrupt { .. })));
}
