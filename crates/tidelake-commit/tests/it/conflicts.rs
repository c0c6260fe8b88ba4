//! The conflict check, a pure function.

use tidelake_commit::{
    Conflict,
    conflict::{ConflictReason, Rules, check},
};
use tidelake_meta::{DataFileMeta, FileKind, ManifestEntry};
use tidelake_testing::data_file;

use crate::world::{day, key_type, leveled, schema};

fn entry(kind: FileKind, partition: i32, bucket: i32, total_buckets: i32, file: DataFileMeta) -> ManifestEntry {
    ManifestEntry { kind, partition: day(partition).as_row().clone(), bucket, total_buckets, file }
}

fn add(file: DataFileMeta) -> ManifestEntry {
    entry(FileKind::Add, 1, 0, 4, file)
}

fn delete(file: DataFileMeta) -> ManifestEntry {
    entry(FileKind::Delete, 1, 0, 4, file)
}

fn found(base: &[ManifestEntry], changes: &[ManifestEntry]) -> Option<Conflict> {
    found_as(base, changes, false)
}

fn found_as(base: &[ManifestEntry], changes: &[ManifestEntry], overwrite: bool) -> Option<Conflict> {
    let partition_fields = schema(&[]).partition_fields();
    let key_types = [key_type()];
    check(base, changes, &Rules { partition_fields: &partition_fields, key_types: Some(&key_types), overwrite })
        .unwrap()
}

fn reason(base: &[ManifestEntry], changes: &[ManifestEntry]) -> Option<ConflictReason> {
    found(base, changes).map(|conflict| conflict.reason)
}

#[test]
fn what_fits() {
    let base = [add(data_file("a", 1)), add(leveled("m", 1, 0, 9))];
    let compaction = [
        delete(data_file("a", 1)),
        delete(leveled("m", 1, 0, 9)),
        add(leveled("n", 1, 0, 4)),
        add(leveled("o", 1, 5, 9)),
    ];
    assert_eq!(found(&base, &compaction), None);
    // An upgrade is the same file on another level.
    let upgrade = [delete(leveled("m", 1, 0, 9)), add(leveled("m", 2, 0, 9))];
    assert_eq!(found(&base, &upgrade), None);
    assert_eq!(found(&[], &[add(data_file("a", 1))]), None);
    // Level 0 may overlap, and so may other buckets and partitions.
    assert_eq!(found(&base, &[add(leveled("b", 0, 0, 9)), entry(FileKind::Add, 1, 1, 4, leveled("c", 1, 0, 9))]), None);
    assert_eq!(found(&base, &[entry(FileKind::Add, 2, 0, 8, leveled("c", 1, 0, 9))]), None);
}

#[test]
fn what_does_not_fit_names_file_partition_and_bucket() {
    let base = [add(data_file("a", 1)), add(leveled("m", 1, 0, 9))];
    let gone = found(&base, &[delete(data_file("x", 1))]).unwrap();
    assert_eq!(
        (gone.partition.as_str(), gone.bucket, &gone.reason),
        ("day=1", 0, &ConflictReason::FileGone { file: "x".into() })
    );
    // Level and bucket are part of what a file is.
    assert!(matches!(reason(&base, &[delete(leveled("m", 2, 0, 9))]), Some(ConflictReason::FileGone { .. })));
    assert!(matches!(
        reason(&base, &[entry(FileKind::Delete, 1, 1, 4, data_file("a", 1))]),
        Some(ConflictReason::FileGone { .. })
    ));
    assert!(matches!(reason(&base, &[add(data_file("a", 1))]), Some(ConflictReason::FileAlive { .. })));
    assert!(matches!(
        reason(&base, &[add(data_file("b", 1)), add(data_file("b", 1))]),
        Some(ConflictReason::NamedTwice { .. })
    ));
    assert!(matches!(
        reason(&base, &[add(data_file("b", 1)), delete(data_file("b", 1))]),
        Some(ConflictReason::NamedTwice { .. })
    ));
    let overlap = reason(&base, &[add(leveled("n", 1, 9, 12))]);
    assert_eq!(overlap, Some(ConflictReason::KeysOverlap { level: 1, file: "m".into(), other: "n".into() }));
}

#[test]
fn a_partition_keeps_its_number_of_buckets_unless_it_is_overwritten() {
    let base = [add(data_file("a", 1))];
    let rescaled = [entry(FileKind::Add, 1, 7, 8, data_file("b", 1))];
    assert_eq!(reason(&base, &rescaled), Some(ConflictReason::BucketCount { alive: 4, changed: 8 }));
    assert_eq!(found_as(&base, &rescaled, true), None);
    // Postponed and dynamic buckets have no number.
    assert_eq!(found(&base, &[entry(FileKind::Add, 1, -2, -2, data_file("b", 1))]), None);
}
