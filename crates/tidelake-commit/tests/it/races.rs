//! Several committers at once.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::join_all};
use tidelake_commit::{CommitOutcome, Error};
use tidelake_error::{Classify, ErrorKind};
use tidelake_testing::{FaultIO, FaultPlan, FaultRates, Moment, Operation, PathClass, Random, Sim, SimIO, seed};

use crate::world::{MINUTE, World, append, orphans};

/// `writers` committers of `commits` each, their calls mixed by latencies from the seed, some of them failing.
fn all_at_once(seed: u64, writers: usize, commits: i64, rates: FaultRates) {
    eprintln!("{writers} writers, {commits} commits each (TIDELAKE_SEED={seed} repeats it)");
    let sim = Sim::new(seed);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[("manifest.merge-min-count", "5")]).await;
        let writer = async |number: usize| {
            let name = format!("w{number}");
            let plan = FaultPlan::Rates(sim.random(&format!("faults {number}")), rates);
            let io = FaultIO::new(Arc::new(disk.clone()), plan);
            let io = io.with_latency(
                Arc::new(sim.clock().clone()),
                sim.random(&format!("latency {number}")),
                Duration::from_millis(20),
            );
            let world = World { io: Arc::new(io.clone()), ..clean.clone() };
            let committer = world.committer(&name, &sim.runtime(&name));
            let mut done = Vec::new();
            for identifier in 0..commits {
                let token = format!("{name}-{identifier:03}");
                // The same identifier again until there is an answer, as a client would.
                for _ in 0..50 {
                    match committer.commit(append(identifier, &token)).await {
                        Ok(outcome) => {
                            assert!(outcome != CommitOutcome::Empty);
                            done.push(token.clone());
                            break;
                        }
                        Err(error)
                            if error.is_ambiguous()
                                || error.is_retryable()
                                || error.kind() == ErrorKind::Unavailable => {}
                        Err(error) => panic!("{token}: {error}"),
                    }
                }
            }
            io.land_all().await;
            done
        };
        let mut acked: Vec<String> = join_all((0..writers).map(writer)).await.into_iter().flatten().collect();
        acked.sort();
        assert_eq!(acked.len(), writers * commits as usize, "a writer starved");
        assert_eq!(clean.files().await, acked);
        if rates == FaultRates::default() {
            assert_eq!(orphans(&clean, &disk).await, Vec::<String>::new());
        }
    });
}

#[test]
fn two_to_eight_committers_at_once_commit_each_token_exactly_once() {
    for writers in [2, 3, 5, 8] {
        all_at_once(seed(), writers, 12, FaultRates::default());
    }
}

#[test]
fn committers_over_failing_stores_commit_each_token_exactly_once() {
    let rates = FaultRates { err_before: 30, err_after: 30, land_late: 40, duplicate: 20, read_err: 10 };
    let mut seeds = Random::new(seed());
    all_at_once(seed(), 4, 8, rates);
    for _ in 0..12 {
        all_at_once(seeds.next_u64(), 3, 6, rates);
    }
}

#[test]
fn a_lost_race_is_tried_again_and_keeps_what_it_has_written() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[("manifest.merge-min-count", "2")]).await;
        for identifier in 1..5 {
            let _ = clean
                .committer("u", &sim.runtime(&format!("{identifier}")))
                .commit(append(identifier, &format!("f{identifier}")))
                .await
                .unwrap();
        }
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
            // Rivals that do not merge: so the merge stays usable.
            let (clean, sim) = (World { schema: Arc::new(crate::world::schema(&[])), ..clean.clone() }, sim.clone());
            move |call, moment| {
                // The rival is faster twice.
                let now = call.operation == Operation::Publish && moment == Moment::Before;
                let (clean, sim) = (clean.clone(), sim.clone());
                async move {
                    let latest = clean.snapshots().latest_id().await.unwrap().unwrap();
                    if now && latest < 6 {
                        let rival = clean.committer("rival", &sim.runtime(&format!("rival {latest}")));
                        let _ = rival.commit(append(latest, &format!("r{latest}"))).await.unwrap();
                    }
                }
                .boxed()
            }
        });
        let world = World { io: Arc::new(io.clone()), ..clean.clone() };
        let outcome = world.committer("v", &sim.runtime("v")).commit(append(1, "mine")).await.unwrap();
        assert!(matches!(outcome, CommitOutcome::Committed { append: Some(7), .. }), "{outcome:?}");
        assert_eq!(io.count(Operation::Publish, PathClass::Snapshot), 3);
        // One delta manifest, and one merge that the later attempts could use again.
        assert_eq!(io.count(Operation::Finish, PathClass::Manifest), 2);
        assert_eq!(clean.files().await, ["f1", "f2", "f3", "f4", "mine", "r4", "r5"]);
        assert_eq!(orphans(&clean, &disk).await, Vec::<String>::new());
    });
}

#[test]
fn who_always_loses_gives_up_at_the_deadline_and_leaves_nothing() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[]).await;
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
            let (clean, sim) = (clean.clone(), sim.clone());
            move |call, moment| {
                let now = call.operation == Operation::Publish && moment == Moment::Before;
                let (clean, sim) = (clean.clone(), sim.clone());
                async move {
                    if now {
                        let identifier = call.number as i64;
                        let rival = clean.committer("rival", &sim.runtime(&format!("{identifier}")));
                        let _ = rival.commit(append(identifier, &format!("r{identifier}"))).await.unwrap();
                    }
                }
                .boxed()
            }
        });
        let mine = |options: &[(&str, &str)]| World {
            io: Arc::new(io.clone()),
            schema: Arc::new(crate::world::schema(options)),
            ..clean.clone()
        };
        let began = sim.clock().clone();
        let before = tidelake_runtime::Clock::monotonic_ns(&began);
        let error = mine(&[]).committer("v", &sim.runtime("v")).commit(append(1, "mine")).await.unwrap_err();
        assert!(matches!(error, Error::Contended { attempts, .. } if attempts > 100), "{error}");
        assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Conflict, false));
        let waited = Duration::from_nanos(tidelake_runtime::Clock::monotonic_ns(&began) - before);
        assert!((MINUTE..MINUTE + MINUTE / 10).contains(&waited), "{waited:?}");
        let error = mine(&[("commit.max-retries", "2")])
            .committer("w", &sim.runtime("w"))
            .commit(append(1, "mine"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Contended { attempts: 3, .. }), "{error}");
        assert!(!clean.files().await.contains(&"mine".to_owned()));
        assert_eq!(orphans(&clean, &disk).await, Vec::<String>::new());
    });
}

#[test]
fn a_previous_life_that_commits_in_between_is_recognised() {
    let sim = Sim::new(1);
    let disk = SimIO::local();
    sim.run(async {
        let clean = World::create(Arc::new(disk.clone()), &[]).await;
        let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
            let (clean, sim) = (clean.clone(), sim.clone());
            move |call, moment| {
                let now = call.operation == Operation::Publish && moment == Moment::Before;
                let (clean, sim) = (clean.clone(), sim.clone());
                async move {
                    if now && clean.snapshots().latest_id().await.unwrap().is_none() {
                        let _ = clean.committer("u", &sim.runtime("first life")).commit(append(7, "a")).await.unwrap();
                    }
                }
                .boxed()
            }
        });
        let world = World { io: Arc::new(io.clone()), ..clean.clone() };
        let outcome = world.committer("u", &sim.runtime("second life")).commit(append(7, "a")).await.unwrap();
        assert_eq!(outcome, CommitOutcome::AlreadyCommitted { latest_identifier: 7, snapshot: 1 });
        assert_eq!(clean.files().await, ["a"]);
        assert_eq!(orphans(&clean, &disk).await, Vec::<String>::new());
    });
}
