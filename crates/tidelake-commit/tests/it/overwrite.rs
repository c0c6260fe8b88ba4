//! Overwriting: what goes is what is there when it is committed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::FutureExt;
use tidelake_commit::{CommitOutcome, Committer, Error, Overwrite, PreparedCommit};
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::{CommitKind, CommitMessage, PartitionSpec};
use tidelake_testing::{
    CrashImage, ErrShape, Fault, FaultIO, FaultPlan, Match, Moment, Operation, PathClass, Process, Sim, SimIO,
    crash_points, data_file,
};

use crate::world::{World, append, compaction, layout, leveled, orphans, rows};

pub(crate) fn spec(day: i32) -> PartitionSpec {
    [("day".to_owned(), day.to_string())].into()
}

fn overwrite(identifier: i64, what: Overwrite, messages: Vec<CommitMessage>) -> PreparedCommit {
    PreparedCommit { identifier, overwrite: Some(what), messages, ..PreparedCommit::default() }
}

/// A file of three rows in bucket 0 of a day.
fn file(day: i32, token: &str) -> CommitMessage {
    rows(day, 0, [data_file(token, 3)])
}

async fn commit(committer: &Committer, prepared: PreparedCommit) -> Option<i64> {
    match committer.commit(prepared).await.unwrap() {
        CommitOutcome::Committed { append, .. } => append,
        _ => None,
    }
}

/// `a1` and `b1` in day 1, `a2` in day 2.
async fn start(world: &World, sim: &Sim) {
    let messages = vec![file(1, "a1"), file(2, "a2"), rows(1, 3, [data_file("b1", 3)])];
    let prepared = PreparedCommit { identifier: 1, messages, ..PreparedCommit::default() };
    let _ = world.committer("before", &sim.runtime("before")).commit(prepared).await.unwrap();
}

fn in_a_world(test: impl AsyncFn(World, SimIO, Committer)) {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.clone().run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        start(&world, &sim).await;
        let committer = world.committer("u", &sim.runtime("u"));
        test(world, disk.clone(), committer).await;
    });
}

#[test]
fn what_goes_is_the_table_the_partitions_named_or_those_written() {
    for (what, messages, left) in [
        (Overwrite::Whole, vec![], vec![]),
        (Overwrite::Whole, vec![file(2, "x")], vec!["x"]),
        (Overwrite::Matching(vec![spec(1)]), vec![], vec!["a2"]),
        (Overwrite::Matching(vec![spec(1)]), vec![file(1, "x")], vec!["a2", "x"]),
        (Overwrite::Matching(vec![spec(1), spec(2)]), vec![file(2, "x")], vec!["x"]),
        (Overwrite::Matching(vec![spec(7)]), vec![], vec!["a1", "a2", "b1"]),
        (Overwrite::Matching(vec![PartitionSpec::new()]), vec![file(3, "x")], vec!["x"]),
        (Overwrite::Dynamic, vec![file(2, "x"), file(3, "y")], vec!["a1", "b1", "x", "y"]),
    ] {
        in_a_world(async |world, _, committer| {
            assert_eq!(commit(&committer, overwrite(1, what.clone(), messages.clone())).await, Some(2), "{what:?}");
            assert_eq!(world.files().await, left, "{what:?}");
            let snapshot = world.snapshots().load(2).await.unwrap();
            assert_eq!(snapshot.commit_kind, CommitKind::Overwrite);
            assert_eq!(snapshot.total_record_count, Some(3 * left.len() as i64));
            // And the same again changes nothing.
            let again = committer.commit(overwrite(1, what.clone(), messages.clone())).await.unwrap();
            assert_eq!(again, CommitOutcome::AlreadyCommitted { latest_identifier: 1, snapshot: 2 });
        });
    }
}

#[test]
fn a_dynamic_overwrite_without_rows_and_rows_elsewhere_change_nothing() {
    in_a_world(async |world, disk, committer| {
        let generation = disk.generation();
        assert_eq!(committer.commit(overwrite(1, Overwrite::Dynamic, vec![])).await.unwrap(), CommitOutcome::Empty);
        let named = || Overwrite::Matching(vec![spec(1)]);
        let error = committer.commit(overwrite(1, named(), vec![file(1, "x"), file(2, "y")])).await.unwrap_err();
        assert!(matches!(&error, Error::OutsideOverwrite { partition, .. } if partition == "day=2"), "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        for wrong in [("dai", "1"), ("day", "monday"), ("v", "x")] {
            let spec = [(wrong.0.to_owned(), wrong.1.to_owned())].into();
            let error = committer.commit(overwrite(1, Overwrite::Matching(vec![spec]), vec![])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        assert_eq!(disk.generation(), generation, "something was written");
        assert_eq!(world.files().await, ["a1", "a2", "b1"]);
    });
}

#[test]
fn an_overwrite_may_change_the_number_of_buckets_and_keeps_its_compaction() {
    in_a_world(async |world, _, committer| {
        let mut rescaled = [
            rows(1, 6, [data_file("x", 3), data_file("y", 3)]),
            compaction(1, 6, &[data_file("x", 3), data_file("y", 3)], &[leveled("xy", 5, 0, 9)]),
        ];
        rescaled.iter_mut().for_each(|message| message.total_buckets = 8);
        // A changelog is not committed with an overwrite.
        rescaled[0].increment.append.changelog.push(data_file("changes", 3));
        let outcome = committer.commit(overwrite(1, Overwrite::Dynamic, rescaled.to_vec())).await.unwrap();
        let CommitOutcome::Committed { append: Some(2), compact: Some(3), compaction_dropped: None, .. } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(world.files().await, ["a2", "xy"]);
        let snapshots = world.snapshots();
        let (rows, compact) = (snapshots.load(2).await.unwrap(), snapshots.load(3).await.unwrap());
        assert_eq!((rows.commit_kind, compact.commit_kind), (CommitKind::Overwrite, CommitKind::Compact));
        assert_eq!(rows.changelog_manifest_list, None);
    });
}

#[test]
fn rows_that_came_in_between_are_replaced_too_and_the_lost_attempt_leaves_nothing() {
    for (what, left) in [
        (Overwrite::Whole, vec!["x"]),
        (Overwrite::Matching(vec![spec(1)]), vec!["a2", "late2", "x"]),
        (Overwrite::Dynamic, vec!["a2", "late2", "x"]),
    ] {
        let sim = Sim::new(3);
        let disk = SimIO::local();
        sim.run(async {
            let clean = World::create(Arc::new(disk.clone()), &[]).await;
            start(&clean, &sim).await;
            // Between what the overwrite read and its publishing.
            let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
                let (clean, sim, once) = (clean.clone(), sim.clone(), AtomicBool::new(true));
                move |call, moment| {
                    let publish = call.operation == Operation::Publish && call.class == PathClass::Snapshot;
                    let now = publish && moment == Moment::Before && once.swap(false, Ordering::Relaxed);
                    let (clean, sim) = (clean.clone(), sim.clone());
                    async move {
                        if now {
                            let messages = vec![file(1, "late1"), file(2, "late2")];
                            let prepared = PreparedCommit { identifier: 1, messages, ..PreparedCommit::default() };
                            let _ = clean.committer("rival", &sim.runtime("rival")).commit(prepared).await.unwrap();
                        }
                    }
                    .boxed()
                }
            });
            let world = World { io: Arc::new(io), ..clean.clone() };
            let committer = world.committer("u", &sim.runtime("u"));
            assert_eq!(commit(&committer, overwrite(1, what.clone(), vec![file(1, "x")])).await, Some(3));
            assert_eq!(clean.files().await, left, "{what:?}");
            assert!(orphans(&clean, &disk).await.is_empty());
        });
    }
}

#[test]
fn partitions_of_a_table_with_index_files_are_not_overwritten_one_by_one() {
    in_a_world(async |world, disk, committer| {
        let mut snapshot = world.snapshots().load(1).await.unwrap();
        snapshot.index_manifest = Some("index-manifest-1-0".into());
        disk.put(&layout().snapshot(1).unwrap(), snapshot.to_json());
        let named = Overwrite::Matching(vec![spec(1)]);
        let error = committer.commit(overwrite(1, named, vec![])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(commit(&committer, overwrite(1, Overwrite::Whole, vec![])).await, Some(2));
        assert_eq!(world.snapshots().load(2).await.unwrap().index_manifest, None, "nothing is left to index");
    });
}

#[test]
fn an_unclear_answer_to_a_truncation_is_resolved_by_what_is_alive_above_it() {
    for ours_lands in [true, false] {
        let sim = Sim::new(11);
        let disk = SimIO::local();
        sim.run(async {
            let clean = World::create(Arc::new(disk.clone()), &[("manifest.merge-min-count", "1")]).await;
            start(&clean, &sim).await;
            let shape = ErrShape::Timeout;
            let fault = if ours_lands { Fault::ErrAfter(shape) } else { Fault::ErrBefore(shape) };
            let plan = FaultPlan::Script(vec![(Match::first(Operation::Publish, PathClass::Snapshot), fault)]);
            let io = FaultIO::new(Arc::new(disk.clone()), plan).with_hook({
                let (clean, disk, sim, once) = (clean.clone(), disk.clone(), sim.clone(), AtomicBool::new(true));
                move |call, moment| {
                    let publish = call.operation == Operation::Publish && moment == Moment::After;
                    let now = publish && once.swap(false, Ordering::Relaxed);
                    let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
                    async move {
                        if now {
                            // Rivals commit, and all up to our number expires.
                            let rival = clean.committer("rival", &sim.runtime("rival"));
                            let commits = if ours_lands { 1 } else { 2 };
                            for number in 1..=commits {
                                let _ = rival.commit(append(number, &format!("r{number}"))).await.unwrap();
                            }
                            (1..=2).for_each(|id| disk.remove(&layout().snapshot(id).unwrap()));
                        }
                    }
                    .boxed()
                }
            });
            let world = World { io: Arc::new(io), ..clean.clone() };
            let committer = world.committer("u", &sim.runtime("u"));
            let outcome = committer.commit(overwrite(1, Overwrite::Whole, vec![])).await;
            match ours_lands {
                // Merged into the base above, our delta cannot be told from anybody's: said, not guessed.
                true => {
                    assert!(outcome.unwrap_err().is_ambiguous());
                    assert_eq!(clean.files().await, ["r1"]);
                }
                false => {
                    assert!(matches!(outcome.unwrap(), CommitOutcome::Committed { append: Some(4), .. }));
                    assert!(clean.files().await.is_empty());
                }
            }
        });
    }
}

#[test]
fn overwrites_survive_a_crash_at_every_call() {
    let commits = [
        overwrite(1, Overwrite::Matching(vec![spec(1)]), vec![file(1, "one")]),
        append(2, "two"),
        overwrite(3, Overwrite::Dynamic, vec![file(1, "three"), file(3, "more")]),
        overwrite(4, Overwrite::Matching(vec![spec(2)]), vec![]),
    ];
    // What is there after each of them.
    let states: [&[&str]; 5] =
        [&["a1", "a2", "b1"], &["a2", "one"], &["a2", "one", "two"], &["a2", "more", "three"], &["more", "three"]];
    for base in [SimIO::local(), SimIO::s3()] {
        let sim = Sim::new(99);
        sim.run(async {
            let world = World::create(Arc::new(base.clone()), &[]).await;
            start(&world, &sim).await;
        });
        let report = crash_points(
            "overwrites",
            &base.power_loss(),
            async |process: Process| {
                let committer = World::new(process.io, &[]).committer("u", &process.runtime);
                for prepared in &commits {
                    process.notes.tried(prepared.identifier.to_string());
                    let _ = committer.commit(prepared.clone()).await?;
                    process.notes.acked(prepared.identifier.to_string());
                }
                Ok(())
            },
            async |image: CrashImage| {
                let process = image.process();
                let world = World::new(Arc::clone(&process.io), &[]);
                let there = world.files().await;
                let reached = states.iter().position(|state| **state == there).expect("a state that was committed");
                assert!((image.acked.len()..=image.tried.len()).contains(&reached), "{reached}: {there:?}");
                for life in 0..2 {
                    let committer = world.committer("u", &image.process().runtime);
                    for prepared in &commits {
                        let _ = committer.commit(prepared.clone()).await.unwrap();
                    }
                    assert_eq!(world.files().await, *states[4], "life {life}");
                }
            },
        );
        assert!(report.points >= 200, "{}", report.points);
    }
}
