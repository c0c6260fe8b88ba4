//! The handle that travels through the engine.

use std::{
    fmt::{self, Debug},
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::future::{BoxFuture, Either, select};
use tokio::runtime::Handle;

use crate::{
    Clock, Ids, MemoryBudget, Spawn, Task, clock::SystemClock, fault_points::FaultPoints, ids::RandomIds, pool::Pool,
};

/// Where work runs and where time, ids and memory come from. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
    /// Whether `compute` goes to the pool.
    pooled: bool,
}

struct Shared {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    spawner: Arc<dyn Spawn>,
    /// Of a simulation, none: all runs on its one thread.
    pool: Option<Arc<Pool>>,
    io: Arc<IoHandle>,
    memory: MemoryBudget,
    fault_points: FaultPoints,
}

/// What a [`Runtime`] is made of. For simulation: with a clock that the test owns, seeded ids and a spawner on the
/// test's own thread, everything happens on that thread, in an order that the seed decides.
#[derive(Debug)]
pub struct RuntimeParts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// Background tasks.
    pub spawner: Arc<dyn Spawn>,
    /// The memory budget.
    pub memory_bytes: u64,
}

impl Runtime {
    /// I/O on the caller's tokio runtime, computing on one pool of `threads` workers (0: one for each core).
    ///
    /// The pool also has the threads that [`Runtime::block`] and [`Clock::sleep`] use, so only [`Runtime::spawn`] and
    /// network storage need the caller's runtime: the one this is called in or, failing that, first used in.
    pub fn tokio(threads: usize, memory_bytes: u64) -> Self {
        let pool = Arc::new(Pool::new(threads));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(Arc::clone(&pool)));
        let io = Arc::new(IoHandle::default());
        io.get();
        Self::assemble(clock, Arc::new(RandomIds), Arc::<IoHandle>::clone(&io), Some(pool), io, memory_bytes)
    }

    /// From a clock, ids and a spawner of the caller's. `compute` and `block` run where they are called.
    pub fn from_parts(parts: RuntimeParts) -> Self {
        let RuntimeParts { clock, ids, spawner, memory_bytes } = parts;
        Self::assemble(clock, ids, spawner, None, Arc::default(), memory_bytes)
    }

    fn assemble(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        spawner: Arc<dyn Spawn>,
        pool: Option<Arc<Pool>>,
        io: Arc<IoHandle>,
        memory_bytes: u64,
    ) -> Self {
        let memory = MemoryBudget::new(memory_bytes, Arc::clone(&clock));
        let pooled = pool.is_some();
        Self {
            shared: Arc::new(Shared { clock, ids, spawner, pool, io, memory, fault_points: FaultPoints::default() }),
            pooled,
        }
    }

    /// The same clock, ids and budget, but `compute` runs where it is called: for a caller that is on a compute thread
    /// already (a DataFusion partition), and for simulation.
    pub fn inline(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), pooled: false }
    }

    /// Whether `compute` runs where it is called. Then work must not move to a task of [`Runtime::spawn`], which runs
    /// among I/O.
    pub fn is_inline(&self) -> bool {
        !self.pooled
    }

    /// Runs CPU work on the pool. Dropping the future drops a job that has not begun. A panic of the job becomes a
    /// panic of the caller.
    pub async fn compute<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        match &self.shared.pool {
            Some(pool) if self.pooled => pool.compute(job).await,
            _ => job(),
        }
    }

    /// Runs a call that waits (local disk, a C driver) on threads meant for waiting. Dropping the future drops a call
    /// that has not begun; one that has goes on. A panic of the call becomes a panic of the caller.
    pub async fn block<T: Send + 'static>(&self, call: impl FnOnce() -> T + Send + 'static) -> T {
        match &self.shared.pool {
            Some(pool) => pool.block(call).await,
            None => call(),
        }
    }

    /// A background task on the caller's runtime; dropping the handle stops it.
    ///
    /// # Panics
    ///
    /// If neither this call nor any earlier one was made inside a tokio runtime ([`Runtime::tokio`] only).
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Task {
        Task::start(self.shared.spawner.as_ref(), task)
    }

    /// The future's answer, or `None` once `limit` has passed; the future is dropped then.
    pub async fn timeout<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        match select(std::pin::pin!(future), self.clock().sleep(limit)).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(_) => None,
        }
    }

    /// Time.
    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
    }

    /// Randomness.
    pub fn ids(&self) -> &dyn Ids {
        self.shared.ids.as_ref()
    }

    /// The one budget of the process.
    pub fn memory(&self) -> &MemoryBudget {
        &self.shared.memory
    }

    /// How many jobs compute at once: 1 where there is no pool.
    pub fn compute_threads(&self) -> usize {
        self.shared.pool.as_ref().map_or(1, |pool| pool.threads())
    }

    /// The pool as a tokio runtime, for libraries that spawn their own CPU work (DataFusion's partitions). It has timers
    /// but no I/O driver. `None` in simulation.
    pub fn compute_handle(&self) -> Option<&Handle> {
        self.shared.pool.as_ref().map(|pool| pool.handle())
    }

    /// The caller's tokio runtime, where network I/O is driven; for clients that may be polled on a compute thread.
    /// `None` in simulation, and before the first call inside a runtime.
    pub fn io_handle(&self) -> Option<Handle> {
        self.shared.pool.as_ref().and_then(|_| self.shared.io.get())
    }

    /// Whether a test wants something unlikely to happen here. Constant `false` without the feature `fault-points`.
    pub fn buggify(&self, _name: &'static str) -> bool {
        self.shared.fault_points.buggify(|| self.ids().random_u64())
    }

    /// Whether a test planted the bug `name`. Constant `false` without the feature `fault-points`.
    pub fn canary(&self, name: &'static str) -> bool {
        self.shared.fault_points.canary(name)
    }

    /// Of a thousand passes of any fault point, how many fire; drawn from [`Runtime::ids`]. 0 at first.
    #[cfg(feature = "fault-points")]
    pub fn set_buggify(&self, per_mille: u64) {
        self.shared.fault_points.set_buggify(per_mille);
    }

    /// Plants the bug `name`, or takes it away.
    #[cfg(feature = "fault-points")]
    pub fn set_canary(&self, name: &str, on: bool) {
        self.shared.fault_points.set_canary(name, on);
    }
}

impl Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("clock", &self.shared.clock)
            .field("compute_threads", &self.compute_threads())
            .field("pooled", &self.pooled)
            .field("memory", &self.shared.memory)
            .finish_non_exhaustive()
    }
}

/// The caller's tokio runtime, remembered when first seen, since on a compute thread it is not the current one.
#[derive(Debug, Default)]
struct IoHandle(OnceLock<Handle>);

impl IoHandle {
    fn get(&self) -> Option<Handle> {
        let current = if Pool::is_here() { None } else { Handle::try_current().ok() };
        if let Some(handle) = current {
            self.0.get_or_init(|| handle.clone());
            return Some(handle);
        }
        self.0.get().cloned()
    }
}

impl Spawn for IoHandle {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.get().expect("background tasks need a tokio runtime: call this inside one").spawn(task);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::{FutureExt as _, executor::block_on};

    use super::*;

    #[test]
    fn computing_and_blocking_need_no_runtime_of_the_caller() {
        let runtime = Runtime::tokio(2, 0);
        assert_eq!(block_on(runtime.compute(|| 1)) + block_on(runtime.block(|| 2)), 3);
        assert_eq!(runtime.compute_threads(), 2);
    }

    #[test]
    fn inline_computes_on_the_callers_thread() {
        let runtime = Runtime::tokio(1, 0);
        let here = std::thread::current().id();
        assert_ne!(block_on(runtime.compute(|| std::thread::current().id())), here);
        assert_eq!(block_on(runtime.inline().compute(|| std::thread::current().id())), here);
    }

    #[test]
    #[should_panic(expected = "the job's own words")]
    fn a_panic_of_a_job_is_a_panic_of_the_caller() {
        block_on(Runtime::tokio(1, 0).compute(|| panic!("the job's own words")))
    }

    #[test]
    fn a_job_that_has_not_begun_goes_with_its_future() {
        let runtime = Runtime::tokio(1, 0);
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let ran = Arc::new(AtomicBool::new(false));
        let mut busy = Box::pin(runtime.compute(move || wait.recv()));
        assert!(busy.as_mut().now_or_never().is_none());
        {
            let ran = Arc::clone(&ran);
            assert!(runtime.compute(move || ran.store(true, Ordering::SeqCst)).now_or_never().is_none());
        }
        release.send(()).unwrap();
        block_on(busy).unwrap();
        block_on(runtime.compute(|| ()));
        assert!(!ran.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn the_last_handle_may_be_dropped_in_async_code() {
        let runtime = Runtime::tokio(1, 0);
        runtime.compute(|| ()).await;
        let inner = runtime.clone();
        runtime.compute(move || drop(inner)).await;
        drop(runtime);
    }

    #[tokio::test]
    async fn a_dropped_task_stops() {
        let runtime = Runtime::tokio(1, 0);
        let alive = Arc::new(());
        let task = {
            let alive = Arc::clone(&alive);
            runtime.spawn(async move {
                std::future::pending::<()>().await;
                drop(alive);
            })
        };
        drop(task);
        while Arc::strong_count(&alive) > 1 {
            runtime.clock().sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn join_waits_and_tells_of_a_panic() {
        let runtime = Runtime::tokio(1, 0);
        runtime.spawn(async {}).join().await.unwrap();
        assert!(runtime.spawn(async { panic!("planted") }).join().await.is_err());
    }

    #[test]
    fn a_task_spawned_on_a_compute_thread_runs_on_the_callers_runtime() {
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tokio.block_on(async {
            let runtime = Runtime::tokio(1, 0);
            let inner = runtime.clone();
            let (tell, told) = futures::channel::oneshot::channel();
            let task = runtime
                .compute(move || inner.spawn(async move { tell.send(std::thread::current().id()).unwrap() }))
                .await;
            assert_eq!(told.await.unwrap(), std::thread::current().id());
            task.join().await.unwrap();
        });
    }

    #[test]
    fn time_passes_and_a_timeout_ends_what_takes_too_long() {
        let runtime = Runtime::tokio(1, 0);
        let before = runtime.clock().monotonic_ns();
        assert!(block_on(runtime.timeout(Duration::from_millis(5), std::future::pending::<()>())).is_none());
        assert!(runtime.clock().monotonic_ns() - before >= 5_000_000);
        assert_eq!(block_on(runtime.timeout(Duration::from_secs(60), async { 7 })), Some(7));
        assert!(runtime.clock().now_ms() > 1_700_000_000_000);
    }

    #[test]
    fn without_being_switched_on_no_fault_point_fires() {
        let runtime = Runtime::tokio(1, 0);
        assert!(!runtime.buggify("anything") && !runtime.canary("anything"));
    }

    #[cfg(feature = "fault-points")]
    #[test]
    fn fault_points_are_switched_at_run_time() {
        let runtime = Runtime::tokio(1, 0);
        runtime.set_canary("forget-a-file", true);
        assert!(runtime.canary("forget-a-file") && !runtime.canary("another"));
        runtime.set_canary("forget-a-file", false);
        assert!(!runtime.canary("forget-a-file"));
        runtime.set_buggify(1000);
        assert!(runtime.inline().buggify("anything"));
    }
}
