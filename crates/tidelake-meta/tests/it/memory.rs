//! A storage of a few files in memory, to look at the stores by themselves.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tidelake_io::{
    BoxStream, Child, Error, ErrorKind, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result,
};

pub(crate) type Files = Arc<Mutex<BTreeMap<FilePath, Bytes>>>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(pub(crate) Files);

impl Memory {
    pub(crate) fn put(&self, path: &FilePath, content: impl Into<Bytes>) {
        self.0.lock().unwrap().insert(path.clone(), content.into());
    }

    pub(crate) fn get(&self, path: &FilePath) -> Option<Bytes> {
        self.0.lock().unwrap().get(path).cloned()
    }

    pub(crate) fn remove(&self, path: &FilePath) {
        self.0.lock().unwrap().remove(path);
    }

    fn find(&self, operation: &'static str, path: &FilePath) -> Result<Bytes> {
        self.get(path).ok_or_else(|| Error::backend(ErrorKind::NotFound, operation, path, "no such file"))
    }

    fn below(&self, prefix: &FilePath) -> Vec<FileStatus> {
        let files = self.0.lock().unwrap();
        files.iter().filter(|(path, _)| path.starts_with(prefix)).map(|(path, content)| status(path, content)).collect()
    }
}

fn status(path: &FilePath, content: &Bytes) -> FileStatus {
    FileStatus { path: path.clone(), size_bytes: content.len() as u64, modified_ms: 0 }
}

#[async_trait]
impl FileIO for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn open(&self, path: &FilePath, _size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        Ok(Arc::new(OpenMemory(path.clone(), self.find("open", path)?)))
    }

    async fn read_all(&self, path: &FilePath, _max_bytes: u64) -> Result<Bytes> {
        self.find("read", path)
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(NewFile { files: self.clone(), path: path.clone(), content: Vec::new() }))
    }

    async fn sync(&self, _paths: &[FilePath]) -> Result<()> {
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        if self.get(path).is_some() {
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
        Ok(status(path, &self.find("stat", path)?))
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        stream::iter(self.below(prefix).into_iter().map(Ok)).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let direct =
            self.below(prefix).into_iter().filter(|file| file.path.segments().len() == prefix.segments().len() + 1);
        stream::iter(direct.map(|file| Ok(Child::File(file))).collect::<Vec<_>>()).boxed()
    }

    async fn create_prefix(&self, _prefix: &FilePath) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.remove(path);
        Ok(())
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.0.lock().unwrap().retain(|path, _| !path.starts_with(prefix));
        Ok(())
    }
}

#[derive(Debug)]
struct OpenMemory(FilePath, Bytes);

#[async_trait]
impl FileRead for OpenMemory {
    fn path(&self) -> &FilePath {
        &self.0
    }

    async fn size_bytes(&self) -> Result<u64> {
        Ok(self.1.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        Ok(ranges.iter().map(|range| self.1.slice(range.start as usize..range.end as usize)).collect())
    }
}

struct NewFile {
    files: Memory,
    path: FilePath,
    content: Vec<u8>,
}

#[async_trait]
impl FileWrite for NewFile {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.content.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let content = Bytes::from(self.content);
        self.files.put(&self.path, content.clone());
        Ok(status(&self.path, &content))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
