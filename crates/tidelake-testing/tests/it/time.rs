//! One thread, one clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{join, join_all};
use tidelake_testing::Sim;

#[test]
fn sleepers_wake_in_the_order_of_their_alarms() {
    let sim = Sim::new(1);
    let order = parking_lot::Mutex::new(Vec::new());
    let sleeper = async |seconds: u64| {
        sim.runtime("x").clock().sleep(Duration::from_secs(seconds)).await;
        order.lock().push(seconds);
    };
    sim.run(join_all([30, 10, 20].map(sleeper)));
    assert_eq!(*order.lock(), [10, 20, 30]);
    assert_eq!(tidelake_runtime::Clock::monotonic_ns(sim.clock()), 30_000_000_000);
}

#[test]
fn a_timeout_fires_only_when_nothing_else_can_happen() {
    let sim = Sim::new(1);
    let runtime = sim.runtime("x");
    let quick = runtime.timeout(Duration::from_millis(1), async { 7 });
    assert_eq!(sim.run(quick), Some(7));
    let slow = runtime.timeout(Duration::from_millis(1), runtime.clock().sleep(Duration::from_secs(1)));
    assert_eq!(sim.run(slow), None);
}

#[test]
fn spawned_tasks_run_beside() {
    let sim = Sim::new(1);
    let runtime = sim.runtime("x");
    let done = Arc::new(AtomicBool::new(false));
    sim.run(async {
        let (clock, told) = (runtime.clone(), Arc::clone(&done));
        let task = runtime.spawn(async move {
            clock.clock().sleep(Duration::from_secs(5)).await;
            told.store(true, Ordering::SeqCst);
        });
        let (joined, computed) = join(task.join(), runtime.compute(|| 3)).await;
        joined.unwrap();
        assert_eq!(computed, 3);
    });
    assert!(done.load(Ordering::SeqCst));
}

#[test]
#[should_panic(expected = "wait for each other")]
fn a_deadlock_is_told() {
    Sim::new(1).run(std::future::pending::<()>());
}

#[test]
fn ids_come_from_the_seed_and_the_actor() {
    let uuid = |seed, actor| Sim::new(seed).runtime(actor).ids().uuid();
    assert_eq!(uuid(1, "a"), uuid(1, "a"));
    assert_ne!(uuid(1, "a"), uuid(1, "b"));
    assert_ne!(uuid(1, "a"), uuid(2, "a"));
    assert_eq!((uuid(1, "a").len(), &uuid(1, "a")[14..15]), (36, "4"));
}
