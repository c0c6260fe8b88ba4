//! Background tasks.

use std::fmt::{self, Debug};

use futures::{
    channel::oneshot,
    future::{AbortHandle, Abortable, BoxFuture},
};

use crate::error::{Result, TaskStoppedSnafu};

/// Runs background tasks: a tokio runtime, or the one thread of a simulation.
pub trait Spawn: Debug + Send + Sync + 'static {
    /// Starts `task`; it runs until it ends.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// A background task. Dropping it stops the task at its next await.
#[must_use = "a dropped task stops"]
pub struct Task {
    abort: AbortHandle,
    done: oneshot::Receiver<()>,
}

impl Task {
    pub(crate) fn start(spawner: &dyn Spawn, future: impl Future<Output = ()> + Send + 'static) -> Self {
        let (abort, registration) = AbortHandle::new_pair();
        let (finished, done) = oneshot::channel();
        let future = Abortable::new(future, registration);
        spawner.spawn(Box::pin(async move {
            if future.await.is_ok() {
                let _ = finished.send(()); // nobody may be waiting
            }
        }));
        Self { abort, done }
    }

    /// Waits until the task has ended. `Internal` if it panicked or its runtime was shut down.
    pub async fn join(mut self) -> Result<()> {
        (&mut self.done).await.map_err(|_| TaskStoppedSnafu.build())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
