//! What is written is read again as it was.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*};
use tidelake_format::FormatRegistry;
use tidelake_io::FilePath;
use tidelake_meta::*;
use tidelake_types::{BinaryRow, DataType, Options, Scalar, TypeKind};

use crate::memory::Memory;

fn partition_types() -> Vec<DataType> {
    vec![TypeKind::STRING.nullable(), TypeKind::Timestamp(6).nullable()]
}

fn row() -> impl Strategy<Value = BinaryRow> {
    (option::of(".{0,12}"), option::of(-5_000_000_000i64..5_000_000_000)).prop_map(|(text, millis)| {
        let values = [text.map(Scalar::String), millis.map(|millis| Scalar::Timestamp { millis, nanos: 1000 })];
        BinaryRow::from_scalars(&partition_types(), &values).unwrap()
    })
}

fn stats() -> impl Strategy<Value = SimpleStats> {
    (row(), row(), option::of(vec(option::of(any::<i64>()), 0..4)))
        .prop_map(|(min_values, max_values, null_counts)| SimpleStats { min_values, max_values, null_counts })
}

fn names() -> impl Strategy<Value = Option<Vec<String>>> {
    option::of(vec("[a-zé_]{1,6}", 0..3))
}

fn file() -> impl Strategy<Value = DataFileMeta> {
    let numbers = (
        any::<i64>(),
        any::<i64>(),
        0..1i64 << 40,
        0..9i32,
        any::<i64>(),
        option::of(any::<i64>()),
        option::of(0..1i64 << 40),
    );
    let lists = (vec("[a-z.]{1,9}", 0..3), names(), names(), option::of(vec(any::<i64>(), 0..3)));
    let late = (option::of(vec(any::<u8>(), 0..40)), option::of("s3://b/[a-z]{1,9}"), 0..3u8);
    ("[a-z0-9-]{1,40}", row(), row(), stats(), stats(), numbers, lists, late).prop_map(
        |(file_name, min_key, max_key, key_stats, value_stats, numbers, lists, late)| DataFileMeta {
            file_name,
            file_size: numbers.2 as u64,
            row_count: numbers.2 / 2,
            min_key,
            max_key,
            key_stats,
            value_stats,
            min_sequence_number: numbers.0,
            max_sequence_number: numbers.1,
            schema_id: numbers.4,
            level: numbers.3,
            extra_files: lists.0,
            creation_time_ms: numbers.5,
            delete_row_count: numbers.6,
            embedded_index: late.0,
            file_source: [None, Some(FileSource::Append), Some(FileSource::Compact)][late.2 as usize],
            value_stats_cols: lists.1,
            external_path: late.1,
            first_row_id: numbers.6,
            write_cols: lists.2,
            write_cols_sequences: lists.3,
        },
    )
}

fn entry() -> impl Strategy<Value = ManifestEntry> {
    (any::<bool>(), row(), -2..100i32, -2..100i32, file()).prop_map(|(add, partition, bucket, total_buckets, file)| {
        ManifestEntry {
            kind: if add { FileKind::Add } else { FileKind::Delete },
            partition,
            bucket,
            total_buckets,
            file,
        }
    })
}

fn store() -> ManifestStore {
    ManifestStore::new(
        Arc::new(Memory::default()),
        TableLayout::new(FilePath::parse("/w/t").unwrap()),
        FormatRegistry::new(),
    )
}

async fn write(store: &ManifestStore, entries: &[ManifestEntry], options: &Options) -> Vec<ManifestFileMeta> {
    let mut next = 0;
    let mut names = || {
        next += 1;
        format!("manifest-u-{next}")
    };
    store.write_manifests(&mut names, entries, &partition_types(), options).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn entries_and_lists_come_back(entries in vec(entry(), 0..20), codec in prop::sample::select(vec!["zstd", "snappy", "deflate", "null"])) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let options = Options::from([("manifest.compression", codec)]);
            let written = store();
            let metas = write(&written, &entries, &options).await;
            let size = written.write_list("list", &metas, &options).await.unwrap();
            // A store without a cache of what was read; writing does not fill it.
            let listed = written.read_list("list", Some(size)).await.unwrap();
            assert_eq!(*listed, metas);
            let mut read = Vec::new();
            for meta in listed.iter() {
                read.extend(written.read_manifest(meta).await.unwrap().iter().cloned());
            }
            assert_eq!(read, entries);
        });
    }
}

fn simple(name: usize, kind: FileKind, level: i32) -> ManifestEntry {
    let partition =
        BinaryRow::from_scalars(&partition_types(), &[Some(Scalar::String(format!("p{}", name % 3))), None]).unwrap();
    let file = DataFileMeta {
        file_name: format!("data-0b9f1a52-6a2c-4a55-9f4e-{name:012}.parquet"),
        file_size: 1000 + name as u64,
        row_count: 10,
        min_key: BinaryRow::empty(),
        max_key: BinaryRow::empty(),
        key_stats: SimpleStats::empty(),
        value_stats: SimpleStats::empty(),
        min_sequence_number: 0,
        max_sequence_number: 9,
        schema_id: 3,
        level,
        extra_files: vec![],
        creation_time_ms: Some(1),
        delete_row_count: Some(0),
        embedded_index: None,
        file_source: Some(FileSource::Append),
        value_stats_cols: None,
        external_path: None,
        first_row_id: None,
        write_cols: None,
        write_cols_sequences: None,
    };
    ManifestEntry { kind, partition, bucket: name as i32 % 4, total_buckets: 4, file }
}

#[tokio::test]
async fn manifests_roll_when_they_are_large() {
    let store = store();
    let entries: Vec<_> = (0..5000).map(|name| simple(name, FileKind::Add, 0)).collect();
    let options = Options::from([("manifest.target-file-size", "16 kb"), ("manifest.compression", "null")]);
    let metas = write(&store, &entries, &options).await;
    assert_eq!(metas.len(), 5, "each is asked every thousand entries");
    assert_eq!(write(&store, &entries, &Options::new()).await.len(), 1);
    let mut read = Vec::new();
    for meta in &metas {
        assert_eq!(
            (meta.min_bucket, meta.max_bucket, meta.schema_id, meta.num_deleted_files),
            (Some(0), Some(3), 3, 0)
        );
        let bounds = meta.partition_stats.bounds(0, &partition_types()[0]).unwrap();
        assert_eq!(
            (bounds.min, bounds.max),
            (Some(Scalar::String("p0".to_owned())), Some(Scalar::String("p2".to_owned())))
        );
        let nulls = meta.partition_stats.bounds(1, &partition_types()[1]).unwrap();
        assert_eq!((nulls.min, nulls.null_count), (None, Some(meta.num_added_files)));
    }
    let store = store.with_partition_types(&partition_types());
    for meta in &metas {
        if let Ok(entries) = store.read_manifest(meta).await {
            read.extend(entries.iter().cloned());
        }
    }
    // The second writing took the first name anew: it is told, for its size differs.
    assert!(matches!(store.read_manifest(&metas[0]).await, Err(Error::Corrupt { .. })));
    assert_eq!(read, entries[metas[0].num_added_files as usize..]);
}

#[test]
fn deletes_cancel_wherever_they_stand() {
    let entries = vec![
        simple(1, FileKind::Delete, 0),
        simple(1, FileKind::Add, 0),
        simple(2, FileKind::Add, 0),
        simple(1, FileKind::Add, 5),
        simple(2, FileKind::Add, 0),
        simple(3, FileKind::Delete, 0),
    ];
    let alive = live_entries(entries.clone());
    assert_eq!(alive, [entries[2].clone(), entries[3].clone()], "level and name tell files apart, an ADD twice is one");
    let many: Vec<_> = (0..100_000)
        .map(|name| simple(name / 2, if name % 4 == 0 { FileKind::Delete } else { FileKind::Add }, 0))
        .collect();
    assert_eq!(live_entries(many).len(), 25_000);
}
