//! Files in memory that can be told to fail.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{StreamExt, stream};
use tidelake_io::{
    BoxStream, Bytes, Child, Error, ErrorKind, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result,
    async_trait,
};

/// A shelf of files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    files: Mutex<BTreeMap<FilePath, Bytes>>,
    /// So many files may still be finished; the others fail.
    finishes_left: AtomicUsize,
}

impl Shelf {
    /// Where everything goes well.
    pub(crate) fn new() -> Self {
        let shelf = Self::default();
        shelf.allow_files(usize::MAX);
        shelf
    }

    /// Only so many more files can be finished.
    pub(crate) fn allow_files(&self, files: usize) {
        self.0.finishes_left.store(files, Ordering::SeqCst);
    }

    /// The paths of all files.
    pub(crate) fn paths(&self) -> Vec<FilePath> {
        self.0.files.lock().unwrap().keys().cloned().collect()
    }

    fn get(&self, path: &FilePath) -> Result<Bytes> {
        let files = self.0.files.lock().unwrap();
        files.get(path).cloned().ok_or_else(|| Error::backend(ErrorKind::NotFound, "open", path, "no such file"))
    }

    fn put(&self, path: &FilePath, content: Bytes) -> FileStatus {
        let size_bytes = content.len() as u64;
        self.0.files.lock().unwrap().insert(path.clone(), content);
        FileStatus { path: path.clone(), size_bytes, modified_ms: 0 }
    }
}

#[async_trait]
impl FileIO for Shelf {
    fn name(&self) -> &'static str {
        "shelf"
    }

    async fn open(&self, path: &FilePath, _: Option<u64>) -> Result<Arc<dyn FileRead>> {
        Ok(Arc::new(Reader { path: path.clone(), content: self.get(path)? }))
    }

    async fn read_all(&self, path: &FilePath, _: u64) -> Result<Bytes> {
        self.get(path)
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(Writer { shelf: self.clone(), path: path.clone(), content: Vec::new() }))
    }

    async fn sync(&self, _: &[FilePath]) -> Result<()> {
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        if self.get(path).is_ok() {
            return Ok(Publish::AlreadyExists);
        }
        self.put(path, content);
        Ok(Publish::Created)
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.put(path, content);
        Ok(())
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        Ok(FileStatus { path: path.clone(), size_bytes: self.get(path)?.len() as u64, modified_ms: 0 })
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        let files = self.0.files.lock().unwrap();
        let below: Vec<_> = files
            .iter()
            .filter(|(path, _)| path.starts_with(prefix))
            .map(|(path, content)| {
                Ok(FileStatus { path: path.clone(), size_bytes: content.len() as u64, modified_ms: 0 })
            })
            .collect();
        stream::iter(below).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        self.list(prefix).map(|file| file.map(Child::File)).boxed()
    }

    async fn create_prefix(&self, _: &FilePath) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.0.files.lock().unwrap().remove(path);
        Ok(())
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.0.files.lock().unwrap().retain(|path, _| !path.starts_with(prefix));
        Ok(())
    }
}

#[derive(Debug)]
struct Reader {
    path: FilePath,
    content: Bytes,
}

#[async_trait]
impl FileRead for Reader {
    fn path(&self) -> &FilePath {
        &self.path
    }

    async fn size_bytes(&self) -> Result<u64> {
        Ok(self.content.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        Ok(ranges.iter().map(|range| self.content.slice(range.start as usize..range.end as usize)).collect())
    }
}

struct Writer {
    shelf: Shelf,
    path: FilePath,
    content: Vec<u8>,
}

#[async_trait]
impl FileWrite for Writer {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.content.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let left = self.shelf.0.finishes_left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(Error::backend(ErrorKind::Unavailable, "finish", &self.path, "the shelf is full"));
        }
        self.shelf.0.finishes_left.store(left - 1, Ordering::SeqCst);
        Ok(self.shelf.put(&self.path, self.content.into()))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
