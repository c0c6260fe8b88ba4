//! The jobs of a writer that are out, and when another may start.
//!
//! Flushes and compactions share the slots. Flushes go first: rows wait for them.

use futures::{FutureExt, StreamExt, channel::oneshot, future::BoxFuture, stream::FuturesUnordered};
use tidelake_datafile::{Job, JobKind, JobResult};
use tidelake_runtime::Runtime;

use crate::restore::BucketKey;

/// Jobs that are out.
pub(crate) struct Slots {
    runtime: Runtime,
    slots: usize,
    running: FuturesUnordered<BoxFuture<'static, Finished>>,
    flushes: usize,
    compactions: usize,
}

/// A job that ended. Without a result its task died.
pub(crate) struct Finished {
    pub(crate) key: BucketKey,
    pub(crate) kind: JobKind,
    pub(crate) result: Option<JobResult>,
}

impl Slots {
    pub(crate) fn new(runtime: Runtime, slots: usize) -> Self {
        Self { runtime, slots: slots.max(1), running: FuturesUnordered::new(), flushes: 0, compactions: 0 }
    }

    /// Whether a flush may start. Compactions that run do not hold it up for long: there is one slot for each kind at least.
    pub(crate) fn has_room_for_flush(&self) -> bool {
        self.flushes == 0 || self.flushes + self.compactions < self.slots
    }

    /// Whether a compaction may start.
    pub(crate) fn has_room_for_compaction(&self) -> bool {
        self.compactions == 0 || self.flushes + self.compactions < self.slots
    }

    /// Whether no job is out.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    pub(crate) fn start(&mut self, key: BucketKey, job: Job) {
        let kind = job.kind();
        match kind {
            JobKind::Flush => self.flushes += 1,
            _ => self.compactions += 1,
        }
        let result = spawned(&self.runtime, async move { job.run().await });
        self.running.push(result.map(move |result| Finished { key, kind, result }).boxed());
    }

    /// Waits for one that ends; `None` if none is out.
    pub(crate) async fn next(&mut self) -> Option<Finished> {
        let finished = self.running.next().await;
        self.note(finished)
    }

    /// One that has ended, if there is any.
    pub(crate) fn next_ended(&mut self) -> Option<Finished> {
        let finished = self.running.next().now_or_never().flatten();
        self.note(finished)
    }

    fn note(&mut self, finished: Option<Finished>) -> Option<Finished> {
        match finished.as_ref()?.kind {
            JobKind::Flush => self.flushes -= 1,
            _ => self.compactions -= 1,
        }
        finished
    }
}

/// Runs something on a task of its own, from now on; `None` if the task died.
pub(crate) fn spawned<T: Send + 'static>(
    runtime: &Runtime,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Option<T>> + Send + 'static {
    let (sender, receiver) = oneshot::channel();
    let task = runtime.spawn(async move {
        // The receiver is gone only if whoever waits was dropped: then nobody wants the result.
        let _ = sender.send(work.await);
    });
    async move {
        let result = receiver.await.ok();
        drop(task);
        result
    }
}
