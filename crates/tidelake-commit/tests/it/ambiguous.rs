//! Answers that leave open what happened.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::FutureExt;
use tidelake_commit::{CommitOutcome, Error, Resolution, create_table};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, Publish};
use tidelake_meta::{CommitIdentity, CommitKind};
use tidelake_testing::{ErrShape, Fault, FaultIO, FaultPlan, Match, Moment, Operation, PathClass, Sim, SimIO};

use crate::world::{World, append, layout, orphans};

const PUBLISH: Match =
    Match { operation: Some(Operation::Publish), class: Some(PathClass::Snapshot), skip: 0, times: 1 };

fn first_publish(fault: Fault) -> FaultPlan {
    FaultPlan::Script(vec![(PUBLISH, fault)])
}

fn every_publish(fault: Fault) -> FaultPlan {
    FaultPlan::Script(vec![(Match { times: 0, ..PUBLISH }, fault)])
}

fn committed(outcome: &CommitOutcome) -> Option<i64> {
    match outcome {
        CommitOutcome::Committed { append, .. } => *append,
        _ => None,
    }
}

fn identity(identifier: i64) -> CommitIdentity {
    CommitIdentity { user: "u".into(), identifier, kind: CommitKind::Append }
}

/// Commits over a plan, then looks at the table with a clean store.
fn commit_over(plan: FaultPlan, check: impl AsyncFn(&World, &SimIO, &FaultIO, Result<CommitOutcome, Error>)) {
    let sim = Sim::new(7);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[]).await;
        let io = FaultIO::new(Arc::new(disk.clone()), plan);
        let world = World { io: Arc::new(io.clone()), ..clean.clone() };
        let committer = world.committer("u", &sim.runtime("u"));
        let outcome = committer.commit(append(1, "a")).await;
        check(&clean, &disk, &io, outcome).await;
    });
}

#[test]
fn a_publish_that_fails_once_in_any_way_is_committed_once() {
    let shapes = [ErrShape::Timeout, ErrShape::Reset, ErrShape::Refused, ErrShape::AlreadyExists];
    let mut faults = vec![Fault::Duplicate];
    for shape in shapes {
        faults.push(Fault::ErrBefore(shape));
        faults.push(Fault::ErrAfter(shape));
        faults.extend((1..8).map(|after_calls| Fault::LandLate { after_calls, then: shape }));
    }
    for fault in faults {
        commit_over(first_publish(fault), async |clean, disk, io, outcome| {
            assert_eq!(committed(&outcome.unwrap()), Some(1), "{fault:?}");
            io.land_all().await;
            assert_eq!(clean.files().await, ["a"], "{fault:?}");
            assert_eq!(orphans(clean, disk).await, Vec::<String>::new(), "{fault:?}");
        });
    }
}

#[test]
fn a_publish_that_is_denied_leaves_nothing_behind() {
    commit_over(first_publish(Fault::ErrBefore(ErrShape::Denied)), async |clean, disk, _, outcome| {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::PermissionDenied, false), "{error}");
        assert!(clean.files().await.is_empty());
        assert!(orphans(clean, disk).await.is_empty());
    });
}

#[test]
fn an_answer_that_stays_unknown_deletes_nothing_and_is_resolved_later() {
    for (fault, lands) in [
        (Fault::ErrBefore(ErrShape::Timeout), false),
        (Fault::ErrAfter(ErrShape::Timeout), true),
        (Fault::LandLate { after_calls: 1_000_000, then: ErrShape::Timeout }, true),
    ] {
        let sim = Sim::new(7);
        let disk = SimIO::local();
        sim.run(async {
            let clean = World::create(Arc::new(disk.clone()), &[]).await;
            let io = FaultIO::new(Arc::new(disk.clone()), every_publish(fault));
            // Nor can it be read whose file it is.
            let unreadable =
                (Match::every(Operation::ReadAll, PathClass::Snapshot), Fault::ErrBefore(ErrShape::Timeout));
            io.set_plan(FaultPlan::Script(vec![(Match { times: 0, ..PUBLISH }, fault), unreadable]));
            let world = World { io: Arc::new(io.clone()), ..clean.clone() };
            let committer = world.committer("u", &sim.runtime("u"));
            let error = committer.commit(append(1, "a")).await.unwrap_err();
            let Error::OutcomeUnknown { candidate_ids, waited_ms, .. } = &error else { panic!("{error}") };
            assert_eq!(candidate_ids, &[1]);
            assert!((60_000..80_000).contains(waited_ms), "{waited_ms}");
            assert!(error.is_ambiguous() && !error.is_retryable());
            assert!(disk.paths().iter().any(|path| path.name().starts_with("manifest-list-")), "something was deleted");

            io.set_plan(FaultPlan::None);
            if !matches!(fault, Fault::ErrAfter(_)) {
                assert_eq!(committer.resolve(&identity(1)).await.unwrap(), Resolution::Undecided, "it may still land");
            }
            io.land_all().await;
            let expected = if lands { Resolution::Committed { snapshot: 1 } } else { Resolution::Undecided };
            assert_eq!(committer.resolve(&identity(1)).await.unwrap(), expected);
            assert_eq!(committer.resolve(&identity(1)).await.unwrap(), expected, "asking is harmless");
            // A new process may always commit it again.
            let outcome = clean.committer("u", &sim.runtime("again")).commit(append(1, "a")).await.unwrap();
            match lands {
                true => assert_eq!(outcome, CommitOutcome::AlreadyCommitted { latest_identifier: 1, snapshot: 1 }),
                false => assert_eq!(committed(&outcome), Some(1)),
            }
            assert_eq!(clean.files().await, ["a"]);
        });
    }
}

#[test]
fn an_open_commit_is_not_committed_once_another_holds_its_number() {
    let sim = Sim::new(7);
    let disk = SimIO::s3();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[]).await;
        let io = FaultIO::new(Arc::new(disk.clone()), every_publish(Fault::ErrBefore(ErrShape::Timeout)));
        let world = World { io: Arc::new(io.clone()), ..clean.clone() };
        let committer = world.committer("u", &sim.runtime("u"));
        committer.commit(append(1, "a")).await.unwrap_err();
        let _ = clean.committer("rival", &sim.runtime("rival")).commit(append(1, "b")).await.unwrap();
        io.set_plan(FaultPlan::None);
        assert_eq!(committer.resolve(&identity(1)).await.unwrap(), Resolution::NotCommitted);
        assert_eq!(committed(&committer.commit(append(1, "a")).await.unwrap()), Some(2));
        assert_eq!(clean.files().await, ["a", "b"]);
    });
}

/// While a publish of ours is unclear, rivals commit and, as if much time had passed, ours and theirs expire: the successor
/// tells, and no zombie is written.
fn decided_by_the_successor(ours_lands: bool, rivals: i64, merge: bool) {
    let sim = Sim::new(11);
    let disk = SimIO::local();
    sim.run(async {
        let options: &[(&str, &str)] = if merge { &[("manifest.merge-min-count", "1")] } else { &[] };
        let clean = World::create(Arc::new(disk.clone()), options).await;
        let _ = clean.committer("rival", &sim.runtime("before")).commit(append(1, "before")).await.unwrap();
        let fault = if ours_lands { Fault::ErrAfter(ErrShape::Timeout) } else { Fault::ErrBefore(ErrShape::Timeout) };
        let io = FaultIO::new(Arc::new(disk.clone()), first_publish(fault)).with_hook({
            let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
            let once = AtomicBool::new(true);
            move |call, moment| {
                let first = call.operation == Operation::Publish
                    && moment == Moment::After
                    && once.swap(false, Ordering::Relaxed);
                let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
                async move {
                    if first {
                        let rival = clean.committer("rival", &sim.runtime("rival"));
                        let last = rivals + i64::from(!ours_lands);
                        for id in 0..last {
                            let _ = rival.commit(append(2 + id, &format!("b{id}"))).await.unwrap();
                        }
                        for id in 1..2 + last + i64::from(ours_lands) - 1 {
                            disk.remove(&layout().snapshot(id).unwrap());
                        }
                    }
                }
                .boxed()
            }
        });
        let world = World { io: Arc::new(io.clone()), ..clean.clone() };
        let outcome = world.committer("u", &sim.runtime("u")).commit(append(1, "a")).await;
        let files = clean.files().await;
        assert_eq!(files.iter().filter(|file| *file == "a").count(), 1, "{files:?} {outcome:?}");
        assert!(committed(&outcome.unwrap()).is_some());
        let ids = clean.snapshots().list_ids().await.unwrap();
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a zombie: {ids:?}");
    });
}

#[test]
fn the_successor_decides_when_the_number_has_expired() {
    for ours_lands in [true, false] {
        for merge in [true, false] {
            decided_by_the_successor(ours_lands, 1, merge);
        }
    }
    // Further up, what is ours is still found.
    decided_by_the_successor(true, 4, false);
    decided_by_the_successor(true, 4, true);
}

#[test]
fn a_commit_that_slept_too_long_does_not_write_a_zombie() {
    let sim = Sim::new(3);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[]).await;
        let _ = clean.committer("rival", &sim.runtime("before")).commit(append(1, "before")).await.unwrap();
        // Between its sync and its publish the process stands still for an hour.
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
            let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
            let once = AtomicBool::new(true);
            move |call, moment| {
                let now =
                    call.operation == Operation::Sync && moment == Moment::After && once.swap(false, Ordering::Relaxed);
                let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
                async move {
                    if now {
                        sim.clock().advance(std::time::Duration::from_secs(3600));
                        let rival = clean.committer("rival", &sim.runtime("rival"));
                        for id in 2..5 {
                            let _ = rival.commit(append(id, &format!("b{id}"))).await.unwrap();
                        }
                        (1..4).for_each(|id| disk.remove(&layout().snapshot(id).unwrap()));
                    }
                }
                .boxed()
            }
        });
        let world = World {
            io: Arc::new(io.clone()),
            schema: Arc::new(crate::world::schema(&[("commit.timeout", "3 h")])),
            ..clean.clone()
        };
        let outcome = world.committer("u", &sim.runtime("u")).commit(append(1, "a")).await.unwrap();
        assert_eq!(committed(&outcome), Some(5));
        assert_eq!(clean.files().await, ["a", "b2", "b3", "b4", "before"]);
    });
}

#[test]
fn of_two_creators_one_fails_and_unclear_answers_are_resolved() {
    for fault in [
        Fault::ErrBefore(ErrShape::Timeout),
        Fault::ErrAfter(ErrShape::Timeout),
        Fault::LandLate { after_calls: 1, then: ErrShape::Timeout },
    ] {
        let disk = SimIO::local();
        Sim::new(5).run(async {
            let plan = FaultPlan::Script(vec![(Match::first(Operation::Publish, PathClass::Schema), fault)]);
            let io: Arc<dyn FileIO> = Arc::new(FaultIO::new(Arc::new(disk.clone()), plan));
            create_table(&io, &layout(), &crate::world::schema(&[])).await.unwrap();
            let error = create_table(&io, &layout(), &crate::world::schema(&[("x", "y")])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        });
    }
    let disk = SimIO::local();
    Sim::new(5).run(async {
        disk.publish(&layout().schema(0).unwrap(), crate::world::schema(&[]).to_json().into())
            .await
            .map(|made| assert_eq!(made, Publish::Created))
            .unwrap();
        let plan = FaultPlan::Script(vec![(
            Match::every(Operation::Publish, PathClass::Schema),
            Fault::ErrBefore(ErrShape::Timeout),
        )]);
        let elsewhere = SimIO::local();
        let io: Arc<dyn FileIO> = Arc::new(FaultIO::new(Arc::new(elsewhere), plan));
        let error = create_table(&io, &layout(), &crate::world::schema(&[])).await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
    });
}
