//! A deterministic world: one thread, one clock, everything random from one seed.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures::{executor::LocalPool, future::BoxFuture, task::ArcWake, task::LocalSpawnExt};
use parking_lot::Mutex;
use tidelake_runtime::{Runtime, RuntimeParts, Spawn};

use crate::{Random, SeededIds, SimClock};

/// A deterministic world. Each actor gets a [`Runtime`] of its own on the shared clock; [`Sim::run`] runs all of them on the
/// caller's thread, in an order that depends on nothing but the seed.
///
/// ```
/// use std::time::Duration;
/// use tidelake_testing::Sim;
///
/// let sim = Sim::new(42);
/// let runtime = sim.runtime("writer");
/// let before = runtime.clock().now_ms();
/// sim.run(runtime.clock().sleep(Duration::from_secs(3600))); // at once
/// assert_eq!(runtime.clock().now_ms() - before, 3_600_000);
/// ```
#[derive(Debug, Clone)]
pub struct Sim {
    seed: u64,
    clock: SimClock,
    inbox: Inbox,
}

/// Tasks spawned and not begun yet.
#[derive(Debug, Clone, Default)]
struct Inbox(Arc<Mutex<Vec<Spawned>>>);

struct Spawned(BoxFuture<'static, ()>);

impl std::fmt::Debug for Spawned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spawned")
    }
}

impl Spawn for Inbox {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.lock().push(Spawned(task));
    }
}

impl Sim {
    /// A world from a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, clock: SimClock::default(), inbox: Inbox::default() }
    }

    /// The seed it was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The clock that all actors share.
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Randomness of an actor, by its name.
    pub fn random(&self, actor: &str) -> Random {
        Random::new(actor.bytes().fold(self.seed, |seed, byte| Random::new(seed ^ u64::from(byte)).next_u64()))
    }

    /// The runtime of an actor: ids of its own (the same for the same name: name each process differently), the common clock, all work on this thread, memory without a limit that matters.
    pub fn runtime(&self, actor: &str) -> Runtime {
        Runtime::from_parts(RuntimeParts {
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(SeededIds::new(self.random(actor).next_u64())),
            spawner: Arc::new(self.inbox.clone()),
            memory_bytes: 1 << 40,
        })
    }

    /// Runs a future and whatever it spawns. When all wait for time, the clock moves to the next alarm.
    ///
    /// # Panics
    ///
    /// If all wait, and not for time.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = futures::task::waker(Arc::clone(&woken));
        let mut tasks = LocalPool::new();
        loop {
            let mut moved = false;
            while woken.0.swap(false, Ordering::SeqCst) {
                moved = true;
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return value;
                }
            }
            for Spawned(task) in std::mem::take(&mut *self.inbox.0.lock()) {
                moved = true;
                tasks.spawner().spawn_local(task).expect("the pool is there as long as this call");
            }
            tasks.run_until_stalled();
            let idle = !moved && !woken.0.load(Ordering::SeqCst) && self.inbox.0.lock().is_empty();
            assert!(!idle || self.clock.advance_to_next_alarm(), "all actors wait for each other (seed {})", self.seed);
        }
    }
}

struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Self>) {
        woken.0.store(true, Ordering::SeqCst);
    }
}
