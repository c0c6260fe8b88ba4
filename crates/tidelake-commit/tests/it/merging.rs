//! Merging manifests changes what is read, never what is there.

use std::sync::Arc;

use proptest::prelude::*;
use tidelake_commit::{
    PreparedCommit,
    merge::{MergeOptions, full_candidates, merge_entries, plan_minor},
};
use tidelake_meta::{FileKind, ManifestEntry, ManifestFileMeta, SimpleStats, live_entries};
use tidelake_testing::{Sim, SimIO, data_file};

use crate::world::{World, append, compaction, day, leveled, rows};

fn manifest(name: usize, file_size: u64, num_deleted_files: i64) -> ManifestFileMeta {
    ManifestFileMeta {
        file_name: format!("m{name}"),
        file_size,
        num_added_files: 1,
        num_deleted_files,
        partition_stats: SimpleStats::empty(),
        schema_id: 0,
        min_bucket: None,
        max_bucket: None,
        min_level: None,
        max_level: None,
        min_row_id: None,
        max_row_id: None,
        total_buckets: None,
        extra_files: None,
    }
}

fn sizes(groups: &[Vec<ManifestFileMeta>]) -> Vec<Vec<u64>> {
    groups.iter().map(|group| group.iter().map(|manifest| manifest.file_size).collect()).collect()
}

#[test]
fn neighbours_are_grouped_up_to_the_target_and_the_tail_waits() {
    let options = MergeOptions { target_bytes: 10, full_threshold_bytes: 1000, merge_min_count: 3 };
    let plan = |file_sizes: &[u64]| {
        let manifests: Vec<_> = file_sizes.iter().enumerate().map(|(name, size)| manifest(name, *size, 0)).collect();
        sizes(&plan_minor(&manifests, &options))
    };
    assert_eq!(plan(&[12, 4, 7, 3]), [vec![12], vec![4, 7], vec![3]]);
    assert_eq!(plan(&[1, 1]), [vec![1], vec![1]]);
    assert_eq!(plan(&[1, 1, 1]), [vec![1, 1, 1]]);
    assert_eq!(plan(&[]), Vec::<Vec<u64>>::new());
}

#[test]
fn a_full_merge_is_due_when_small_and_deleting_manifests_weigh_enough() {
    let options = MergeOptions { target_bytes: 10, full_threshold_bytes: 20, merge_min_count: 30 };
    let manifests = [manifest(0, 12, 0), manifest(1, 12, 1), manifest(2, 4, 0)];
    assert_eq!(full_candidates(&manifests, &options), None);
    let manifests = [manifest(0, 12, 0), manifest(1, 16, 1), manifest(2, 4, 0)];
    assert_eq!(full_candidates(&manifests, &options), Some(vec![false, true, true]));
}

fn entry(kind: FileKind, name: &str) -> ManifestEntry {
    ManifestEntry { kind, partition: day(1).as_row().clone(), bucket: 0, total_buckets: 4, file: data_file(name, 1) }
}

#[test]
fn a_delete_without_its_add_stays_and_a_second_add_is_an_error() {
    let merged = merge_entries([
        entry(FileKind::Delete, "x"),
        entry(FileKind::Add, "a"),
        entry(FileKind::Add, "b"),
        entry(FileKind::Delete, "a"),
    ])
    .unwrap();
    let names: Vec<_> = merged.iter().map(|entry| (entry.kind, entry.file.file_name.as_str())).collect();
    assert_eq!(names, [(FileKind::Delete, "x"), (FileKind::Add, "b")]);
    assert_eq!(merge_entries([entry(FileKind::Add, "a"), entry(FileKind::Add, "a")]).unwrap_err(), "a");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A random history of commits that add files and compact some away, over small and large thresholds: the files alive
    /// are those of the model after every commit.
    #[test]
    fn the_files_alive_are_the_same_however_manifests_are_merged(
        steps in prop::collection::vec((0_i32..3, 0_i32..2, any::<bool>()), 1..30),
        target in prop::sample::select(vec!["1 kb", "3 kb", "8 mb"]),
        full in prop::sample::select(vec!["4 kb", "10 kb", "16 mb"]),
        min_count in prop::sample::select(vec!["1", "2", "5", "30"]),
    ) {
        let sim = Sim::new(1);
        let disk = SimIO::local();
        let options = [
            ("manifest.target-file-size", target),
            ("manifest.full-compaction-threshold-size", full),
            ("manifest.merge-min-count", min_count),
        ];
        sim.run(async {
            let world = World::create(Arc::new(disk.clone()), &options).await;
            let committer = world.committer("u", &sim.runtime("1"));
            let mut model: Vec<(i32, i32, tidelake_meta::DataFileMeta)> = Vec::new();
            for (number, (partition, bucket, compact)) in steps.into_iter().enumerate() {
                let here: Vec<_> = model.iter().filter(|(p, b, _)| (*p, *b) == (partition, bucket)).map(|(_, _, file)| file.clone()).collect();
                let message = if compact && !here.is_empty() {
                    model.retain(|(p, b, _)| (*p, *b) != (partition, bucket));
                    let new = leveled(&format!("c{number}"), 5, 0, 9);
                    model.push((partition, bucket, new.clone()));
                    compaction(partition, bucket, &here, &[new])
                } else {
                    let new = data_file(format!("a{number}"), 3);
                    model.push((partition, bucket, new.clone()));
                    rows(partition, bucket, [new])
                };
                let prepared = PreparedCommit { identifier: number as i64, messages: vec![message], ..PreparedCommit::default() };
                let _ = committer.commit(prepared).await.unwrap();
                let latest = world.snapshots().latest().await.unwrap().unwrap();
                let mut alive: Vec<String> = live_entries(world.all_entries(&latest).await).into_iter().map(|entry| entry.file.file_name).collect();
                let mut expected: Vec<String> = model.iter().map(|(_, _, file)| file.file_name.clone()).collect();
                alive.sort();
                expected.sort();
                prop_assert_eq!(alive, expected);
            }
            prop_assert!(crate::world::orphans(&world, &disk).await.is_empty());
            Ok(())
        })?;
    }
}

#[test]
fn many_commits_keep_few_manifests() {
    let sim = Sim::new(1);
    sim.run(async {
        let world = World::create(Arc::new(SimIO::local()), &[]).await;
        let committer = world.committer("u", &sim.runtime("1"));
        for identifier in 0..100 {
            let _ = committer.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
        }
        let latest = world.snapshots().latest().await.unwrap().unwrap();
        let base =
            world.manifests().read_list(&latest.base_manifest_list, latest.base_manifest_list_size).await.unwrap();
        assert!(base.len() < 30, "{} manifests", base.len());
        assert_eq!(world.files().await.len(), 100);
    });
}

#[test]
fn a_full_merge_leaves_no_delete() {
    let sim = Sim::new(1);
    sim.run(async {
        let options = [("manifest.target-file-size", "1 mb"), ("manifest.full-compaction-threshold-size", "1 b")];
        let world = World::create(Arc::new(SimIO::local()), &options).await;
        let committer = world.committer("u", &sim.runtime("1"));
        let _ = committer.commit(append(1, "f1")).await.unwrap();
        let compacted = compaction(1, 0, &[data_file("f1", 3)], &[leveled("c", 5, 0, 9)]);
        let _ = committer
            .commit(PreparedCommit { identifier: 2, messages: vec![compacted], ..PreparedCommit::default() })
            .await
            .unwrap();
        let _ = committer.commit(append(3, "f3")).await.unwrap();
        let latest = world.snapshots().latest().await.unwrap().unwrap();
        let base = world.entries(&latest.base_manifest_list, latest.base_manifest_list_size).await;
        assert_eq!(base.len(), 1, "{base:?}");
        assert_eq!(base[0].file.file_name, "c");
    });
}
