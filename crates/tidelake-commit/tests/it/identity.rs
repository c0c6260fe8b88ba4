//! Users and identifiers: nothing twice, nothing skipped.

use std::sync::Arc;

use tidelake_commit::{CommitOutcome, CommitUser, Committer, Error, PreparedCommit};
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::{CommitKind, CommitMessage};
use tidelake_testing::{FaultIO, FaultPlan, Operation, PathClass, Sim, SimIO, data_file};

use crate::world::{World, append, compaction, leveled, rows};

fn in_a_world(test: impl AsyncFn(World, SimIO, Sim)) {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.clone().run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        test(world, disk.clone(), sim).await;
    });
}

/// Rows and a compaction of what is alive, in one commit.
fn both(identifier: i64, removed: &[&str]) -> PreparedCommit {
    let removed: Vec<_> = removed.iter().map(|name| data_file(*name, 3)).collect();
    let new = format!("l{identifier}");
    let messages: Vec<CommitMessage> = vec![
        rows(1, 0, [data_file(format!("a{identifier}"), 3)]),
        compaction(1, 0, &removed, &[leveled(&new, 5, 0, 9)]),
    ];
    PreparedCommit { identifier, messages, ..PreparedCommit::default() }
}

#[test]
fn the_same_identifier_again_changes_nothing_and_says_so() {
    in_a_world(async |world, disk, sim| {
        let first = world.committer("u", &sim.runtime("1"));
        for identifier in [1, 2, 5] {
            let _ = first.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
        }
        let generation = disk.generation();
        for committer in [first, world.committer("u", &sim.runtime("2"))] {
            for (identifier, snapshot) in [(5, 3), (2, 2), (1, 1)] {
                let outcome = committer.commit(append(identifier, "other")).await.unwrap();
                assert_eq!(outcome, CommitOutcome::AlreadyCommitted { latest_identifier: 5, snapshot });
            }
        }
        assert_eq!(disk.generation(), generation, "something was written");
    });
}

#[test]
fn an_unused_identifier_below_the_newest_is_refused() {
    in_a_world(async |world, disk, sim| {
        let committer = world.committer("u", &sim.runtime("1"));
        for identifier in [2, 5] {
            let _ = committer.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
        }
        let _ = world.committer("other", &sim.runtime("o")).commit(append(3, "o")).await.unwrap();
        let generation = disk.generation();
        for identifier in [1, 3, 4] {
            let error = committer.commit(append(identifier, "x")).await.unwrap_err();
            assert!(matches!(error, Error::IdentifierSkipped { latest_identifier: 5, snapshot: 2, .. }), "{error}");
            assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Conflict, false));
        }
        assert_eq!(disk.generation(), generation);
    });
}

#[test]
fn a_fresh_user_does_not_search_the_past() {
    in_a_world(async |world, disk, sim| {
        let loader = world.committer("loader", &sim.runtime("1"));
        for identifier in 0..40 {
            let _ = loader.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
        }
        let reads_of = async |user: CommitUser| {
            let io = FaultIO::new(Arc::new(disk.fork()), FaultPlan::None);
            let table = World { io: Arc::new(io.clone()), ..world.clone() }.table();
            let committer = Committer::new(table, user, sim.runtime("2")).unwrap();
            let _ = committer.commit(append(PreparedCommit::BATCH, "batch")).await.unwrap();
            io.count(Operation::ReadAll, PathClass::Snapshot)
        };
        assert_eq!(reads_of(CommitUser::Fresh("new".into())).await, 1);
        assert!(reads_of(CommitUser::Named("new".into())).await >= 40);
    });
}

#[test]
fn one_committer_looks_at_each_snapshot_once() {
    in_a_world(async |world, disk, sim| {
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None);
        let committer = World { io: Arc::new(io.clone()), ..world.clone() }.committer("u", &sim.runtime("1"));
        for identifier in 0..20 {
            let before = io.count(Operation::ReadAll, PathClass::Snapshot);
            let _ = committer.commit(append(identifier, &format!("f{identifier}"))).await.unwrap();
            // The first one has no base: whether anything is built on it already is asked, too.
            let looks = 1 + usize::from(identifier == 0);
            assert!(io.count(Operation::ReadAll, PathClass::Snapshot) - before <= looks);
        }
    });
}

#[test]
fn rows_come_first_and_their_compaction_second_under_one_identifier() {
    in_a_world(async |world, _, sim| {
        let committer = world.committer("u", &sim.runtime("1"));
        let _ = committer.commit(append(1, "f1")).await.unwrap();
        let outcome = committer.commit(both(2, &["f1"])).await.unwrap();
        let CommitOutcome::Committed { append, compact, compaction_dropped, .. } = &outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((*append, *compact, compaction_dropped), (Some(2), Some(3), &None));
        let snapshot = world.snapshots().load(3).await.unwrap();
        assert_eq!((snapshot.commit_kind, snapshot.commit_identifier), (CommitKind::Compact, 2));
        assert_eq!((snapshot.delta_record_count, snapshot.total_record_count), (Some(0), Some(6)));
        assert_eq!(world.files().await, ["a2", "l2"]);
        assert_eq!(
            world.committer("u", &sim.runtime("2")).commit(both(2, &["f1"])).await.unwrap(),
            CommitOutcome::AlreadyCommitted { latest_identifier: 2, snapshot: 3 }
        );
    });
}

#[test]
fn half_a_commit_is_completed_by_commit_and_by_filter_committed() {
    for filter in [false, true] {
        in_a_world(async |world, _, sim| {
            let committer = world.committer("u", &sim.runtime("1"));
            let _ = committer.commit(append(1, "f1")).await.unwrap();
            let mut rows_only = both(2, &["f1"]);
            rows_only.messages.truncate(1);
            let _ = committer.commit(rows_only).await.unwrap();

            let restarted = world.committer("u", &sim.runtime("2"));
            let mut missing = vec![append(1, "f1"), both(2, &["f1"]), append(3, "f3")];
            if filter {
                missing = restarted.filter_committed(missing).await.unwrap();
                assert_eq!(missing.iter().map(|prepared| prepared.identifier).collect::<Vec<_>>(), [2, 3]);
                assert_eq!(missing[0].messages.len(), 1, "only the compaction is left");
            }
            for prepared in missing {
                let _ = restarted.commit(prepared).await.unwrap();
            }
            assert_eq!(world.files().await, ["a2", "f3", "l2"]);
            assert_eq!(restarted.filter_committed(vec![both(2, &["f1"]), append(3, "f3")]).await.unwrap(), []);
        });
    }
}

#[test]
fn a_compaction_whose_inputs_are_gone_is_dropped_and_reported() {
    in_a_world(async |world, disk, sim| {
        let committer = world.committer("u", &sim.runtime("1"));
        let _ = committer.commit(append(1, "f1")).await.unwrap();
        let mut other = both(1, &["f1"]);
        other.messages.remove(0);
        let _ = world.committer("compactor", &sim.runtime("c")).commit(other).await.unwrap();
        let outcome = committer.commit(both(2, &["f1"])).await.unwrap();
        let CommitOutcome::Committed { append: Some(_), compact: None, compaction_dropped: Some(conflict), .. } =
            &outcome
        else {
            panic!("{outcome:?}")
        };
        assert!(conflict.to_string().contains("f1") && conflict.partition == "day=1", "{conflict}");
        assert_eq!(world.files().await, ["a2", "l1"]);
        assert!(crate::world::orphans(&world, &disk).await.is_empty());
    });
}

#[test]
fn empty_commits_leave_a_snapshot_in_streams_only() {
    in_a_world(async |world, _, sim| {
        let empty = |identifier| PreparedCommit { identifier, ..PreparedCommit::default() };
        let committer = world.committer("u", &sim.runtime("1"));
        let _ = committer.commit(append(1, "f1")).await.unwrap();
        assert!(matches!(committer.commit(empty(2)).await.unwrap(), CommitOutcome::Committed { append: Some(2), .. }));
        let batch = world.committer("b", &sim.runtime("2"));
        assert_eq!(batch.commit(empty(PreparedCommit::BATCH)).await.unwrap(), CommitOutcome::Empty);
        let with = |value: &'static str| World {
            schema: Arc::new(crate::world::schema(&[("snapshot.ignore-empty-commit", value)])),
            ..world.clone()
        };
        assert_eq!(
            with("true").committer("t", &sim.runtime("3")).commit(empty(1)).await.unwrap(),
            CommitOutcome::Empty
        );
        let kept = with("false").committer("f", &sim.runtime("4")).commit(empty(PreparedCommit::BATCH)).await.unwrap();
        assert!(matches!(kept, CommitOutcome::Committed { append: Some(3), .. }));
        // A source position alone is something to commit.
        let position = PreparedCommit {
            properties: [("offset".to_owned(), "7".to_owned())].into(),
            ..empty(PreparedCommit::BATCH)
        };
        let _ = world.committer("p", &sim.runtime("5")).commit(position).await.unwrap();
        let latest = world.snapshots().latest().await.unwrap().unwrap();
        assert_eq!(latest.properties.unwrap()["offset"], "7");
        assert_eq!(world.files().await, ["f1"]);
    });
}
