//! Files in memory, for tests and embedded use.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use parking_lot::Mutex;
use tidelake_error::ErrorKind;
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use crate::{
    Child, Error, FileIO, FileIOFactory, FilePath, FileRead, FileStatus, FileWrite, Publish, Result,
    error::TooLargeSnafu, ranges::check_range,
};

/// Files in memory. Clones share them. Serves any URL; as a factory, those of `memory://`.
#[derive(Debug, Clone)]
pub struct MemoryFileIO {
    store: Arc<Mutex<Store>>,
    runtime: Runtime,
}

#[derive(Debug, Default)]
struct Store {
    files: BTreeMap<FilePath, Stored>,
    /// Made by `create_prefix`.
    prefixes: BTreeSet<FilePath>,
}

#[derive(Debug, Clone)]
struct Stored {
    content: Bytes,
    modified_ms: i64,
}

impl MemoryFileIO {
    /// No files yet.
    pub fn new(runtime: Runtime) -> Self {
        Self { store: Arc::default(), runtime }
    }

    fn stored(&self, content: Bytes) -> Stored {
        Stored { content, modified_ms: self.runtime.clock().now_ms() }
    }

    fn find(&self, operation: &'static str, path: &FilePath) -> Result<Stored> {
        let found = self.store.lock().files.get(path).cloned();
        found.ok_or_else(|| Error::backend(ErrorKind::NotFound, operation, path, "there is no such file"))
    }

    /// Whether `content` was stored: not over another file.
    fn insert_new(&self, path: &FilePath, content: Bytes) -> Option<FileStatus> {
        let stored = self.stored(content);
        let status = status(path, &stored);
        let mut store = self.store.lock();
        if store.files.contains_key(path) {
            return None;
        }
        store.files.insert(path.clone(), stored);
        Some(status)
    }
}

#[async_trait]
impl FileIO for MemoryFileIO {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        if size_bytes.is_none() {
            self.find("open", path)?;
        }
        Ok(Arc::new(MemoryRead { io: self.clone(), path: path.clone(), size_bytes }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let content = self.find("read", path)?.content;
        let size_bytes = content.len() as u64;
        if size_bytes > max_bytes {
            return TooLargeSnafu { path: path.to_string(), size_bytes, max_bytes }.fail();
        }
        Ok(content)
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(MemoryWrite { io: self.clone(), path: path.clone(), written: BytesMut::new() }))
    }

    async fn sync(&self, _paths: &[FilePath]) -> Result<()> {
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        Ok(self.insert_new(path, content).map_or(Publish::AlreadyExists, |_| Publish::Created))
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        let stored = self.stored(content);
        self.store.lock().files.insert(path.clone(), stored);
        Ok(())
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        Ok(status(path, &self.find("stat", path)?))
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        let store = self.store.lock();
        let found: Vec<_> = below(&store.files, prefix).map(|(path, stored)| Ok(status(path, stored))).collect();
        stream::iter(found).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let store = self.store.lock();
        let depth = prefix.segments().len() + 1;
        let mut files = Vec::new();
        let mut folders = BTreeSet::new();
        let folder = |path: &FilePath| prefix.child(&path.segments()[depth - 1]);
        for (path, stored) in below(&store.files, prefix) {
            if path.segments().len() == depth {
                files.push(Ok(Child::File(status(path, stored))));
            } else {
                folders.extend(folder(path));
            }
        }
        for path in store.prefixes.iter().filter(|path| path.starts_with(prefix) && *path != prefix) {
            folders.extend(folder(path));
        }
        files.extend(folders.into_iter().map(|path| Ok(Child::Prefix(path))));
        stream::iter(files).boxed()
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.store.lock().prefixes.insert(prefix.clone());
        Ok(())
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.store.lock().files.remove(path);
        Ok(())
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let mut store = self.store.lock();
        store.files.retain(|path, _| !path.starts_with(prefix));
        store.prefixes.retain(|path| !path.starts_with(prefix));
        Ok(())
    }
}

impl FileIOFactory for MemoryFileIO {
    fn schemes(&self) -> &[&str] {
        &["memory"]
    }

    fn build(&self, _root: &FilePath, _options: &Options) -> Result<Arc<dyn FileIO>> {
        Ok(Arc::new(self.clone()))
    }
}

/// Strictly below: a file named as the prefix itself is no part of it.
fn below<'a>(
    files: &'a BTreeMap<FilePath, Stored>,
    prefix: &'a FilePath,
) -> impl Iterator<Item = (&'a FilePath, &'a Stored)> {
    // Paths are ordered by segments, so what begins with a prefix stands together, after the prefix itself.
    files.range(prefix..).take_while(|(path, _)| path.starts_with(prefix)).filter(move |(path, _)| *path != prefix)
}

fn status(path: &FilePath, stored: &Stored) -> FileStatus {
    FileStatus { path: path.clone(), size_bytes: stored.content.len() as u64, modified_ms: stored.modified_ms }
}

#[derive(Debug)]
struct MemoryRead {
    io: MemoryFileIO,
    path: FilePath,
    size_bytes: Option<u64>,
}

#[async_trait]
impl FileRead for MemoryRead {
    fn path(&self) -> &FilePath {
        &self.path
    }

    async fn size_bytes(&self) -> Result<u64> {
        match self.size_bytes {
            Some(size_bytes) => Ok(size_bytes),
            None => Ok(self.io.find("stat", &self.path)?.content.len() as u64),
        }
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let content = self.io.find("read", &self.path)?.content;
        let cut = |range: &Range<u64>| {
            check_range(&self.path, content.len() as u64, range)?;
            // Checked just now: both ends fit the content, and so a `usize`.
            Ok(content.slice(range.start as usize..range.end as usize))
        };
        ranges.iter().map(cut).collect()
    }
}

struct MemoryWrite {
    io: MemoryFileIO,
    path: FilePath,
    written: BytesMut,
}

#[async_trait]
impl FileWrite for MemoryWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.written.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let Self { io, path, written } = *self;
        io.insert_new(&path, written.freeze())
            .ok_or_else(|| Error::backend(ErrorKind::AlreadyExists, "create", &path, "there is such a file already"))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
