//! Repeating what may be repeated.

use std::{ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tidelake_error::Classify as _;
use tidelake_runtime::Runtime;

use crate::{Child, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result};

/// Repeats calls whose error says that this may help (`is_retryable`), with growing pauses.
///
/// Never `publish`, whose repetition only the commit protocol can judge, and never the parts of a file being written,
/// which cannot be taken back. A list is begun again only if it failed before its first entry.
#[derive(Debug, Clone)]
pub struct RetryFileIO {
    inner: Arc<dyn FileIO>,
    retry: Retry,
}

/// How often and after which pauses. The pause doubles each time, and a random half of it is left out, so that callers
/// who failed together do not return together.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// How often a call is repeated at most.
    pub retries_max: u32,
    /// The pause before the first repetition.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    /// Five repetitions, after 100 ms, 200 ms, … and at most 5 s each.
    fn default() -> Self {
        Self { retries_max: 5, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(5) }
    }
}

impl RetryFileIO {
    /// With a policy.
    pub fn new(inner: Arc<dyn FileIO>, runtime: Runtime, policy: RetryPolicy) -> Self {
        Self { inner, retry: Retry { runtime, policy } }
    }
}

#[derive(Debug, Clone)]
struct Retry {
    runtime: Runtime,
    policy: RetryPolicy,
}

impl Retry {
    async fn run<T, F: Future<Output = Result<T>> + Send>(&self, mut call: impl FnMut() -> F + Send) -> Result<T> {
        let mut repeated = 0;
        loop {
            match call().await {
                Err(error) if error.is_retryable() && repeated < self.policy.retries_max => self.pause(repeated).await,
                outcome => return outcome,
            }
            repeated += 1;
        }
    }

    async fn pause(&self, repeated: u32) {
        let policy = &self.policy;
        let pause = policy.first_pause.saturating_mul(1 << repeated.min(20)).min(policy.longest_pause);
        let half_ns = u64::try_from(pause.as_nanos() / 2).unwrap_or(u64::MAX);
        let less = Duration::from_nanos(self.runtime.ids().random_u64() % half_ns.max(1));
        self.runtime.clock().sleep(pause - less).await;
    }

    /// The entries of the first list that does not fail at once.
    fn list<T: Send + 'static>(
        &self,
        begin: impl Fn() -> BoxStream<'static, Result<T>> + Send + Sync + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let retry = self.clone();
        let begun = async move {
            let opened = retry
                .run(|| async {
                    let mut entries = begin();
                    let first = entries.next().await.transpose()?;
                    Ok((first, entries))
                })
                .await;
            match opened {
                Ok((first, rest)) => stream::iter(first.map(Ok)).chain(rest).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileIO for RetryFileIO {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        let inner = self.retry.run(|| self.inner.open(path, size_bytes)).await?;
        Ok(Arc::new(RetryRead { inner, retry: self.retry.clone() }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        self.retry.run(|| self.inner.read_all(path, max_bytes)).await
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        self.retry.run(|| self.inner.create(path)).await
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        self.retry.run(|| self.inner.sync(paths)).await
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        self.inner.publish(path, content).await
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.retry.run(|| self.inner.overwrite(path, content.clone())).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        self.retry.run(|| self.inner.stat(path)).await
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        let (inner, prefix) = (Arc::clone(&self.inner), prefix.clone());
        self.retry.list(move || inner.list(&prefix))
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let (inner, prefix) = (Arc::clone(&self.inner), prefix.clone());
        self.retry.list(move || inner.list_children(&prefix))
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.retry.run(|| self.inner.create_prefix(prefix)).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.retry.run(|| self.inner.delete(path)).await
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.retry.run(|| self.inner.delete_prefix(prefix)).await
    }
}

#[derive(Debug)]
struct RetryRead {
    inner: Arc<dyn FileRead>,
    retry: Retry,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileRead for RetryRead {
    fn path(&self) -> &FilePath {
        self.inner.path()
    }

    async fn size_bytes(&self) -> Result<u64> {
        self.retry.run(|| self.inner.size_bytes()).await
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.retry.run(|| self.inner.read_many(ranges)).await
    }
}
