//! Planted bugs: each is seen by what the tests look at.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures::FutureExt;
use tidelake_testing::{
    CrashImage, ErrShape, Fault, FaultIO, FaultPlan, Match, Moment, Operation, PathClass, Process, Sim, SimIO, canary,
    crash_points,
};

use crate::world::{World, append, layout};

/// Runs `test` with and without the bug: it must pass without and fail with it.
fn is_caught(name: &str, test: impl Fn(&dyn Fn(&tidelake_runtime::Runtime))) {
    test(&|_| {});
    let planted = catch_unwind(AssertUnwindSafe(|| test(&|runtime| runtime.set_canary(name, true))));
    assert!(planted.is_err(), "`{name}` is not caught");
}

#[test]
fn publishing_again_without_looking_is_caught() {
    is_caught(canary::PUBLISH_WITHOUT_PROBE, |plant| {
        let sim = Sim::new(11);
        let disk = SimIO::local();
        sim.run(async {
            let clean = World::create(Arc::new(disk.clone()), &[]).await;
            let plan = FaultPlan::Script(vec![(
                Match::first(Operation::Publish, PathClass::Snapshot),
                Fault::ErrBefore(ErrShape::Timeout),
            )]);
            let io = FaultIO::new(Arc::new(disk.clone()), plan).with_hook({
                let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
                move |call, moment| {
                    let (clean, disk, sim) = (clean.clone(), disk.clone(), sim.clone());
                    async move {
                        let first = call.operation == Operation::Publish && moment == Moment::After;
                        if first && clean.snapshots().latest_id().await.unwrap().is_none() {
                            let rival = clean.committer("rival", &sim.runtime("rival"));
                            for identifier in 1..4 {
                                let _ = rival.commit(append(identifier, &format!("r{identifier}"))).await.unwrap();
                            }
                            disk.remove(&layout().snapshot(1).unwrap());
                        }
                    }
                    .boxed()
                }
            });
            let runtime = sim.runtime("u");
            plant(&runtime);
            let _ = World { io: Arc::new(io), ..clean.clone() }
                .committer("u", &runtime)
                .commit(append(1, "a"))
                .await
                .unwrap();
            assert!(clean.files().await.contains(&"a".to_owned()), "a zombie");
        });
    });
}

#[test]
fn forgetting_earlier_commits_is_caught() {
    is_caught(canary::FORGET_HISTORY, |plant| {
        let sim = Sim::new(11);
        sim.run(async {
            let world = World::create(Arc::new(SimIO::local()), &[]).await;
            for life in ["first", "second"] {
                let runtime = sim.runtime(life);
                plant(&runtime);
                let _ = world.committer("u", &runtime).commit(append(1, "a")).await.unwrap();
            }
            world.files().await;
        });
    });
}

#[test]
fn publishing_what_is_not_durable_is_caught() {
    is_caught(canary::PUBLISH_UNSYNCED, |plant| {
        let start = SimIO::local();
        Sim::new(1).run(async { World::create(Arc::new(start.clone()), &[]).await });
        crash_points(
            "one commit",
            &start,
            async |process: Process| {
                plant(&process.runtime);
                let _ = World::new(process.io, &[]).committer("u", &process.runtime).commit(append(1, "a")).await?;
                Ok(())
            },
            async |image: CrashImage| drop(World::new(image.process().io, &[]).files().await),
        );
    });
}

#[test]
fn cleaning_up_after_an_unknown_outcome_is_caught() {
    is_caught(canary::DISCARD_WHEN_UNKNOWN, |plant| {
        let sim = Sim::new(11);
        let disk = SimIO::local();
        sim.run(async {
            let clean = World::create(Arc::new(disk.clone()), &[]).await;
            let late = Fault::LandLate { after_calls: 1_000_000, then: ErrShape::Timeout };
            let io = FaultIO::new(
                Arc::new(disk.clone()),
                FaultPlan::Script(vec![(Match::every(Operation::Publish, PathClass::Snapshot), late)]),
            );
            let runtime = sim.runtime("u");
            plant(&runtime);
            let world = World { io: Arc::new(io.clone()), ..clean.clone() };
            assert!(world.committer("u", &runtime).commit(append(1, "a")).await.is_err());
            io.land_all().await;
            assert_eq!(clean.files().await, ["a"]);
        });
    });
}
