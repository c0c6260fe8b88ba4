//! The threads: one tokio runtime without I/O. Its workers compute, its blocking threads wait for disks.

use std::panic::resume_unwind;

use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::{JoinError, JoinHandle},
};

/// How many calls may wait for disks at once.
const BLOCKING_THREADS: usize = 128;

thread_local! {
    /// Set on the workers of a pool: a future polled here has no I/O driver around it.
    static IS_WORKER: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Stops when dropped, without waiting for its threads: safe inside async code.
#[derive(Debug)]
pub(crate) struct Pool {
    /// `None` only while dropping.
    runtime: Option<Runtime>,
    handle: Handle,
    threads: usize,
}

impl Pool {
    /// `threads` workers; 0 means one for each core.
    pub(crate) fn new(threads: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("tidelake-compute")
            .enable_time()
            // Blocking threads start here too; they are marked as well, and that is true of them: no I/O driver.
            .on_thread_start(|| IS_WORKER.set(true))
            .build()
            .expect("the operating system can start a few threads");
        Self { handle: runtime.handle().clone(), runtime: Some(runtime), threads }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Whether this thread belongs to a pool.
    pub(crate) fn is_here() -> bool {
        IS_WORKER.get()
    }

    /// Runs `job` on a worker. Its panic becomes the caller's.
    pub(crate) async fn compute<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        AbortOnDrop(self.handle.spawn(async move { job() })).join().await
    }

    /// Runs `call` on a thread that may wait. Its panic becomes the caller's.
    pub(crate) async fn block<T: Send + 'static>(&self, call: impl FnOnce() -> T + Send + 'static) -> T {
        AbortOnDrop(self.handle.spawn_blocking(call)).join().await
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A job that has not begun goes when nobody waits for it.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> T {
        match (&mut self.0).await {
            Ok(value) => value,
            Err(error) => resume_unwind(reason(error)),
        }
    }
}

fn reason(error: JoinError) -> Box<dyn std::any::Any + Send> {
    match error.try_into_panic() {
        Ok(panic) => panic,
        Err(_) => Box::new("the compute pool was shut down while a job waited in it"),
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
