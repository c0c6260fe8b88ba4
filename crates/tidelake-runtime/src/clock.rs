//! Time.

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::future::BoxFuture;

use crate::pool::Pool;

/// Time, of the machine or of a simulation.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Milliseconds since 1970 by the wall clock, which may jump.
    fn now_ms(&self) -> i64;

    /// Nanoseconds since some fixed moment; never goes back. For durations and deadlines.
    fn monotonic_ns(&self) -> u64;

    /// Ready once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock, with timers of the compute pool: sleeping needs no tokio runtime of the caller's.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started: Instant,
    pool: Arc<Pool>,
}

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { started: Instant::now(), pool }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let pool = Arc::clone(&self.pool);
        let sleep = {
            let _timers = pool.handle().enter();
            tokio::time::sleep(duration)
        };
        Box::pin(async move {
            sleep.await;
            drop(pool); // the timers live as long as somebody sleeps
        })
    }
}
