//! The members of a snapshot, and the requests of a commit.

use std::sync::Arc;

use async_trait::async_trait;
use tidelake_commit::{CommitListener, CommitOutcome, Error, PreparedCommit, Result};
use tidelake_meta::{CommitKind, ManifestEntry, Snapshot};
use tidelake_testing::{FaultIO, FaultPlan, Operation, PathClass, Sim, SimIO, data_file};

use crate::world::{World, append, layout};

#[test]
fn a_snapshot_has_what_the_oldest_readers_know_and_carries_the_rest_on() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        let committer = world.committer("u", &sim.runtime("1"));
        let first = PreparedCommit { watermark: Some(100), ..append(1, "f1") };
        let _ = committer.commit(first).await.unwrap();
        let one = world.snapshots().load(1).await.unwrap();
        let text = String::from_utf8(disk_text(&disk, 1).await).unwrap();
        for absent in
            ["uuid", "operation", "writerVersion", "nextRowId", "changelog", "indexManifest", "properties", "null"]
        {
            assert!(!text.contains(absent), "{absent} in {text}");
        }
        assert_eq!((one.version, one.id, one.schema_id, one.commit_kind), (3, 1, 0, CommitKind::Append));
        assert_eq!((one.total_record_count, one.delta_record_count, one.watermark), (Some(3), Some(3), Some(100)));
        for (list, size) in [
            (&one.base_manifest_list, one.base_manifest_list_size),
            (&one.delta_manifest_list, one.delta_manifest_list_size),
        ] {
            let path = layout().manifest(list).unwrap();
            assert_eq!(Some(world.io.stat(&path).await.unwrap().size_bytes), size);
        }

        // Another writer's snapshot has members that ours must hand on.
        let foreign = Snapshot {
            id: 2,
            uuid: Some("u-2".into()),
            commit_user: "java".into(),
            index_manifest: Some("index-manifest-1-0".into()),
            statistics: Some("stat-1".into()),
            next_row_id: Some(17),
            properties: Some(
                [
                    ("sequence.generation.max-sequence-number".to_owned(), "9".to_owned()),
                    ("theirs".to_owned(), "x".to_owned()),
                ]
                .into(),
            ),
            time_ms: one.time_ms + 1_000_000_000,
            delta_record_count: Some(0),
            base_manifest_list: one.delta_manifest_list.clone(),
            base_manifest_list_size: one.delta_manifest_list_size,
            delta_manifest_list: one.base_manifest_list.clone(),
            delta_manifest_list_size: one.base_manifest_list_size,
            ..one.clone()
        };
        disk.put(&layout().snapshot(2).unwrap(), foreign.to_json());
        let mut third = PreparedCommit {
            watermark: Some(50),
            properties: [("ours".to_owned(), "y".to_owned())].into(),
            ..append(2, "f3")
        };
        third.messages[0].increment.append.changelog = vec![data_file("changelog-1", 5)];
        let _ = committer.commit(third).await.unwrap();
        let three = world.snapshots().load(3).await.unwrap();
        assert_eq!(
            (three.index_manifest, three.statistics, three.next_row_id),
            (foreign.index_manifest, foreign.statistics, Some(17))
        );
        assert_eq!(three.watermark, Some(100), "it never goes back");
        assert!(three.time_ms > foreign.time_ms, "nor does time");
        assert_eq!((three.total_record_count, three.changelog_record_count), (Some(6), Some(5)));
        let properties = three.properties.unwrap();
        assert_eq!((properties.len(), properties["ours"].as_str()), (2, "y"), "{properties:?}");
        let changelog =
            world.entries(&three.changelog_manifest_list.unwrap(), three.changelog_manifest_list_size).await;
        assert_eq!(changelog[0].file.file_name, "changelog-1");
        assert_eq!(world.files().await, ["f1", "f3"]);
    });
}

async fn disk_text(disk: &SimIO, id: i64) -> Vec<u8> {
    use tidelake_io::FileIO;
    disk.read_all(&layout().snapshot(id).unwrap(), 1 << 20).await.unwrap().to_vec()
}

#[test]
fn hints_may_be_missing_stale_or_wrong() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        for (identifier, hint) in
            [(1, None), (2, Some("1")), (3, Some("")), (4, Some("x")), (5, Some("99")), (6, Some("-1"))]
        {
            let path = layout().latest_hint().unwrap();
            match hint {
                None => disk.remove(&path),
                Some(hint) => disk.put(&path, hint),
            }
            let committer = world.committer("u", &sim.runtime(&identifier.to_string()));
            let outcome = committer.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
            assert!(
                matches!(outcome, CommitOutcome::Committed { append: Some(id), .. } if id == identifier),
                "{outcome:?}"
            );
        }
        assert_eq!(world.files().await.len(), 6);
        assert_eq!(disk_hint(&disk, "EARLIEST").await, "1");
    });
}

async fn disk_hint(disk: &SimIO, name: &str) -> String {
    use tidelake_io::FileIO;
    let path = layout().snapshot_dir().unwrap().child(name).unwrap();
    String::from_utf8(disk.read_all(&path, 100).await.unwrap().to_vec()).unwrap()
}

#[test]
fn a_plain_append_costs_few_requests_and_one_sync() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None);
        let world = World::create(Arc::new(io.clone()), &[]).await;
        let committer = world.committer("u", &sim.runtime("1"));
        for identifier in 1..10 {
            let _ = committer.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
        }
        let before = io.calls().len();
        let _ = committer.commit(append(10, "f10")).await.unwrap();
        let calls = io.calls().split_off(before);
        let count =
            |operation, class| calls.iter().filter(|call| call.operation == operation && call.class == class).count();
        assert_eq!(calls.iter().filter(|call| call.operation == Operation::Sync).count(), 1);
        assert_eq!(count(Operation::Publish, PathClass::Snapshot), 1);
        assert_eq!(count(Operation::Finish, PathClass::ManifestList), 2);
        assert_eq!(count(Operation::Finish, PathClass::Manifest), 1);
        assert_eq!(count(Operation::ReadAll, PathClass::Manifest), 0, "nothing of the base is read");
        assert!(calls.len() <= 25, "{} calls: {calls:#?}", calls.len());
    });
}

#[test]
fn a_snapshot_that_somebody_replaced_is_noticed() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        let committer = world.committer("u", &sim.runtime("1"));
        let _ = committer.commit(append(1, "f1")).await.unwrap();
        let elsewhere = World::create(Arc::new(SimIO::local()), &[]).await;
        let _ = elsewhere.committer("java", &sim.runtime("2")).commit(append(1, "f2")).await.unwrap();
        let theirs = elsewhere.io.read_all(&layout().snapshot(1).unwrap(), 1 << 20).await.unwrap();
        disk.put(&layout().snapshot(1).unwrap(), theirs);
        let error = committer.commit(append(2, "f3")).await.unwrap_err();
        assert!(matches!(error, Error::SnapshotOverwritten { id: 1, .. }), "{error}");
    });
}

#[derive(Debug)]
struct Deaf;

#[async_trait]
impl CommitListener for Deaf {
    async fn committed(&self, snapshot: &Snapshot, changes: &[ManifestEntry]) -> Result<()> {
        Err(Error::listener("deaf", format!("snapshot {} with {} changes", snapshot.id, changes.len())))
    }
}

#[test]
fn a_listener_that_fails_is_reported_and_the_commit_stands() {
    let sim = Sim::new(1);
    sim.run(async {
        let world = World::create(Arc::new(SimIO::local()), &[]).await;
        let committer = world.committer("u", &sim.runtime("1")).with_listener(Arc::new(Deaf));
        let outcome = committer.commit(append(1, "f1")).await.unwrap();
        let CommitOutcome::Committed { append: Some(1), listener_failures, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(listener_failures, ["the commit listener deaf failed: snapshot 1 with 1 changes"]);
        assert_eq!(world.files().await, ["f1"]);
    });
}
