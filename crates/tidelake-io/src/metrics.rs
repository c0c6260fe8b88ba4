//! Counting requests and bytes.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::{Child, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result};

/// Counts the calls made of a backend, and the bytes that went through them.
#[derive(Debug, Clone)]
pub struct MetricsFileIO {
    inner: Arc<dyn FileIO>,
    counters: Arc<Counters>,
}

/// What was counted. Calls of this contract, not requests on a wire: a backend may need several for one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IoCounts {
    /// Calls of `read_all` and `read_many`.
    pub reads: u64,
    /// Bytes they returned.
    pub read_bytes: u64,
    /// Files created, published and overwritten.
    pub writes: u64,
    /// Bytes written to them.
    pub written_bytes: u64,
    /// Calls of `stat`, and of `open` without a size.
    pub stats: u64,
    /// Calls of `list` and `list_children`.
    pub lists: u64,
    /// Calls of `delete` and `delete_prefix`.
    pub deletes: u64,
    /// Calls of `sync`.
    pub syncs: u64,
}

#[derive(Debug, Default)]
struct Counters {
    reads: AtomicU64,
    read_bytes: AtomicU64,
    writes: AtomicU64,
    written_bytes: AtomicU64,
    stats: AtomicU64,
    lists: AtomicU64,
    deletes: AtomicU64,
    syncs: AtomicU64,
}

impl MetricsFileIO {
    /// Counts from zero.
    pub fn new(inner: Arc<dyn FileIO>) -> Self {
        Self { inner, counters: Arc::default() }
    }

    /// What was counted so far.
    pub fn counts(&self) -> IoCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let c = &self.counters;
        IoCounts {
            reads: get(&c.reads),
            read_bytes: get(&c.read_bytes),
            writes: get(&c.writes),
            written_bytes: get(&c.written_bytes),
            stats: get(&c.stats),
            lists: get(&c.lists),
            deletes: get(&c.deletes),
            syncs: get(&c.syncs),
        }
    }
}

fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileIO for MetricsFileIO {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        if size_bytes.is_none() {
            add(&self.counters.stats, 1);
        }
        let inner = self.inner.open(path, size_bytes).await?;
        Ok(Arc::new(MetricsRead { inner, counters: Arc::clone(&self.counters) }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        add(&self.counters.reads, 1);
        let bytes = self.inner.read_all(path, max_bytes).await?;
        add(&self.counters.read_bytes, bytes.len());
        Ok(bytes)
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        add(&self.counters.writes, 1);
        let inner = self.inner.create(path).await?;
        Ok(Box::new(MetricsWrite { inner, counters: Arc::clone(&self.counters) }))
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        add(&self.counters.syncs, 1);
        self.inner.sync(paths).await
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        add(&self.counters.writes, 1);
        add(&self.counters.written_bytes, content.len());
        self.inner.publish(path, content).await
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        add(&self.counters.writes, 1);
        add(&self.counters.written_bytes, content.len());
        self.inner.overwrite(path, content).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        add(&self.counters.stats, 1);
        self.inner.stat(path).await
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        add(&self.counters.lists, 1);
        self.inner.list(prefix)
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        add(&self.counters.lists, 1);
        self.inner.list_children(prefix)
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        add(&self.counters.writes, 1);
        self.inner.create_prefix(prefix).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        add(&self.counters.deletes, 1);
        self.inner.delete(path).await
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        add(&self.counters.deletes, 1);
        self.inner.delete_prefix(prefix).await
    }
}

#[derive(Debug)]
struct MetricsRead {
    inner: Arc<dyn FileRead>,
    counters: Arc<Counters>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileRead for MetricsRead {
    fn path(&self) -> &FilePath {
        self.inner.path()
    }

    async fn size_bytes(&self) -> Result<u64> {
        self.inner.size_bytes().await
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        add(&self.counters.reads, 1);
        let answers = self.inner.read_many(ranges).await?;
        add(&self.counters.read_bytes, answers.iter().map(Bytes::len).sum());
        Ok(answers)
    }
}

struct MetricsWrite {
    inner: Box<dyn FileWrite>,
    counters: Arc<Counters>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileWrite for MetricsWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        add(&self.counters.written_bytes, chunk.len());
        self.inner.write(chunk).await
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        self.inner.finish().await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.inner.abort().await
    }
}
