//! What is repeated, and what is not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use tidelake_io::{
    BoxStream, Bytes, Child, Classify as _, Error, ErrorKind, FileIO, FilePath, FileRead, FileStatus, FileWrite,
    MemoryFileIO, Publish, Result, RetryFileIO, RetryPolicy, Runtime, async_trait,
};

/// Refuses the first calls.
#[derive(Debug)]
struct Flaky {
    inner: MemoryFileIO,
    refusals: AtomicU32,
    calls: AtomicU32,
    ambiguous: bool,
}

impl Flaky {
    fn answer(&self, path: &FilePath) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let refused =
            self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        match (refused, self.ambiguous) {
            (false, _) => Ok(()),
            (true, false) => Err(Error::backend(ErrorKind::Unavailable, "call", path, "busy")),
            (true, true) => Err(Error::ambiguous(ErrorKind::Unavailable, "call", path, "busy, or done")),
        }
    }
}

#[async_trait]
impl FileIO for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }
    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        self.answer(path)?;
        self.inner.open(path, size_bytes).await
    }
    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        self.answer(path)?;
        self.inner.read_all(path, max_bytes).await
    }
    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        self.answer(path)?;
        self.inner.create(path).await
    }
    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        self.inner.sync(paths).await
    }
    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        self.answer(path)?;
        self.inner.publish(path, content).await
    }
    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.answer(path)?;
        self.inner.overwrite(path, content).await
    }
    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        self.answer(path)?;
        self.inner.stat(path).await
    }
    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        match self.answer(prefix) {
            Ok(()) => self.inner.list(prefix),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }
    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        self.inner.list_children(prefix)
    }
    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.inner.create_prefix(prefix).await
    }
    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.inner.delete(path).await
    }
    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.inner.delete_prefix(prefix).await
    }
}

fn flaky(refusals: u32, ambiguous: bool) -> (RetryFileIO, Arc<Flaky>, FilePath) {
    let runtime = Runtime::tokio(1, 0);
    let inner = MemoryFileIO::new(runtime.clone());
    let flaky = Arc::new(Flaky { inner, refusals: refusals.into(), calls: 0.into(), ambiguous });
    let pause = Duration::from_millis(1);
    let policy = RetryPolicy { retries_max: 3, first_pause: pause, longest_pause: pause };
    (RetryFileIO::new(Arc::<Flaky>::clone(&flaky), runtime, policy), flaky, FilePath::parse("memory://t/f").unwrap())
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_a_few_times() {
    let (io, flaky, path) = flaky(3, false);
    io.overwrite(&path, Bytes::from("x")).await.unwrap();
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 4);
    flaky.refusals.store(4, Ordering::SeqCst);
    assert_eq!(io.stat(&path).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn publish_is_never_repeated() {
    let (io, flaky, path) = flaky(1, false);
    assert!(io.publish(&path, Bytes::new()).await.is_err());
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_may_have_taken_effect_is_not_repeated() {
    let (io, flaky, path) = flaky(1, true);
    assert!(io.overwrite(&path, Bytes::new()).await.unwrap_err().is_ambiguous());
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once() {
    let (io, flaky, path) = flaky(0, false);
    assert_eq!(io.read_all(&path, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_list_that_fails_at_once_is_begun_again() {
    let (io, flaky, path) = flaky(2, false);
    flaky.inner.overwrite(&path, Bytes::new()).await.unwrap();
    let listed: Vec<_> = io.list(&path.parent().unwrap()).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
}
