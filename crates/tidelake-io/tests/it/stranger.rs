//! A backend of a stranger, which names this crate alone: files in a map.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
};

use tidelake_io::{
    BoxStream, Bytes, Child, Error, ErrorKind, FileIO, FileIOFactory, FileIORegistry, FilePath, FileRead, FileStatus,
    FileWrite, Options, Publish, Result, async_trait, check_range, conformance,
    stream::{self, StreamExt},
};

#[derive(Debug, Clone, Default)]
struct Map(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    files: BTreeMap<FilePath, Bytes>,
    /// Prefixes that exist although nothing may be below.
    prefixes: Vec<FilePath>,
}

impl Map {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap()
    }

    fn content(&self, path: &FilePath) -> Result<Bytes> {
        let found = self.entries().files.get(path).cloned();
        found.ok_or_else(|| Error::backend(ErrorKind::NotFound, "read", path, "it is not in the map"))
    }

    fn put(&self, path: &FilePath, content: Bytes) {
        self.entries().files.insert(path.clone(), content);
    }

    fn found_below(&self, prefix: &FilePath) -> Vec<FileStatus> {
        let files = &self.entries().files;
        let below = files.iter().filter(|(path, _)| path.starts_with(prefix) && *path != prefix);
        below.map(|(path, content)| status(path, content)).collect()
    }
}

fn status(path: &FilePath, content: &Bytes) -> FileStatus {
    FileStatus { path: path.clone(), size_bytes: content.len() as u64, modified_ms: 1 }
}

/// What stands one level below the prefix on the way to a path.
fn child_on_the_way(prefix: &FilePath, path: &FilePath) -> FilePath {
    prefix.child(&path.segments()[prefix.segments().len()]).unwrap()
}

#[async_trait]
impl FileIO for Map {
    fn name(&self) -> &'static str {
        "map"
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        // Whoever knows the size wants no look at the file yet.
        if size_bytes.is_none() {
            self.content(path)?;
        }
        Ok(Arc::new(Opened(self.clone(), path.clone())))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let content = self.content(path)?;
        match content.len() as u64 > max_bytes {
            true => Err(Error::backend(ErrorKind::ResourceExhausted, "read", path, "it is larger than allowed")),
            false => Ok(content),
        }
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(Writing(self.clone(), path.clone(), Vec::new())))
    }

    async fn sync(&self, _paths: &[FilePath]) -> Result<()> {
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        let files = &mut self.entries().files;
        if files.contains_key(path) {
            return Ok(Publish::AlreadyExists);
        }
        files.insert(path.clone(), content);
        Ok(Publish::Created)
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.put(path, content);
        Ok(())
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        self.content(path).map(|content| status(path, &content))
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        stream::iter(self.found_below(prefix)).map(Ok).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let mut children = BTreeMap::new();
        for file in self.found_below(prefix) {
            let path = child_on_the_way(prefix, &file.path);
            let child = if path == file.path { Child::File(file) } else { Child::Prefix(path.clone()) };
            children.insert(path, child);
        }
        for made in self.entries().prefixes.iter().filter(|made| made.starts_with(prefix) && *made != prefix) {
            let path = child_on_the_way(prefix, made);
            children.entry(path.clone()).or_insert(Child::Prefix(path));
        }
        stream::iter(children.into_values()).map(Ok).boxed()
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.entries().prefixes.push(prefix.clone());
        Ok(())
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.entries().files.remove(path);
        Ok(())
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let mut entries = self.entries();
        entries.files.retain(|path, _| !path.starts_with(prefix));
        entries.prefixes.retain(|path| !path.starts_with(prefix));
        Ok(())
    }
}

#[derive(Debug)]
struct Opened(Map, FilePath);

#[async_trait]
impl FileRead for Opened {
    fn path(&self) -> &FilePath {
        &self.1
    }

    async fn size_bytes(&self) -> Result<u64> {
        Ok(self.0.content(&self.1)?.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let content = self.0.content(&self.1)?;
        let read = |range: &Range<u64>| {
            check_range(&self.1, content.len() as u64, range)?;
            Ok(content.slice(range.start as usize..range.end as usize))
        };
        ranges.iter().map(read).collect()
    }
}

struct Writing(Map, FilePath, Vec<u8>);

#[async_trait]
impl FileWrite for Writing {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.2.extend(chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let content = Bytes::from(self.2);
        self.0.put(&self.1, content.clone());
        Ok(status(&self.1, &content))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

impl FileIOFactory for Map {
    fn schemes(&self) -> &[&str] {
        &["map"]
    }

    fn build(&self, _root: &FilePath, _options: &Options) -> Result<Arc<dyn FileIO>> {
        Ok(Arc::new(self.clone()))
    }
}

#[tokio::test]
async fn a_strangers_backend_is_registered_and_keeps_the_promises() {
    let root = FilePath::parse("map://lake/w").unwrap();
    let io = FileIORegistry::new().with(Arc::new(Map::default())).build(&root, &Options::new()).unwrap();
    conformance::all(io.as_ref(), &root).await;
}
