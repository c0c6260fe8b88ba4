//! A store in memory that forks in O(1) and can lose power.
//!
//! Its files are a map behind an `Arc`, copied when changed after a fork; keys and values are `Arc`s too, so that copying a
//! store of some hundred files costs some ten microseconds. Beside what is visible it keeps what is durable:
//!
//! ```text
//!                  visible                       durable
//! finish           the file                      –              (local disk; object stores are durable at once)
//! sync                                           as visible
//! publish          the file                      the file
//! power_loss()     ◀──────────────────────────── becomes visible
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, Range},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use parking_lot::Mutex;
use tidelake_error::ErrorKind;
use tidelake_io::{Child, Error, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result};

/// Whose semantics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A local disk: folders exist, nothing is durable before `sync`.
    Local,
    /// An object store: no folders, everything is durable at once.
    S3,
}

/// A store in memory. Clones share their files; [`SimIO::fork`] gives a store that goes its own way.
#[derive(Debug, Clone)]
pub struct SimIO {
    profile: Profile,
    state: Arc<Mutex<State>>,
}

type Files = BTreeMap<Arc<FilePath>, Arc<SimFile>>;

#[derive(Debug, Clone, Default)]
struct State {
    visible: Arc<Files>,
    durable: Arc<Files>,
    folders: Arc<BTreeSet<FilePath>>,
    /// Grows with each change; times are derived from it.
    generation: u64,
}

#[derive(Debug)]
struct SimFile {
    content: Bytes,
    modified_ms: i64,
}

/// Marks an empty prefix on object stores; never listed.
const PREFIX_MARKER: &str = ".prefix";

impl SimIO {
    /// An empty local disk.
    pub fn local() -> Self {
        Self::new(Profile::Local)
    }

    /// An empty bucket.
    pub fn s3() -> Self {
        Self::new(Profile::S3)
    }

    /// An empty store.
    pub fn new(profile: Profile) -> Self {
        Self { profile, state: Arc::default() }
    }

    /// Whose semantics it has.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The same files, from now on independent. O(1).
    pub fn fork(&self) -> Self {
        Self { profile: self.profile, state: Arc::new(Mutex::new(self.state.lock().clone())) }
    }

    /// A fork after a power cut: only what is durable is left.
    pub fn power_loss(&self) -> Self {
        let fork = self.fork();
        {
            let mut state = fork.state.lock();
            state.visible = Arc::clone(&state.durable);
        }
        fork
    }

    /// All files, in order.
    pub fn paths(&self) -> Vec<FilePath> {
        self.state.lock().visible.keys().map(|path| FilePath::clone(path)).collect()
    }

    /// How many changes there have been.
    pub fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    /// Puts a file in place, durable, whatever was there: what another program or an operator did.
    pub fn put(&self, path: &FilePath, content: impl Into<Bytes>) {
        let mut state = self.state.lock();
        state.write(path, content.into());
        state.make_durable(path);
    }

    /// Takes a file away for good: expiry, or an operator.
    pub fn remove(&self, path: &FilePath) {
        let mut state = self.state.lock();
        state.remove(path);
        state.make_durable(path);
    }

    fn find(&self, operation: &'static str, path: &FilePath) -> Result<Arc<SimFile>> {
        let found = self.state.lock().visible.get(path).map(Arc::clone);
        found.ok_or_else(|| Error::backend(ErrorKind::NotFound, operation, path, "no such file"))
    }

    fn change<T>(&self, path: &FilePath, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let value = change(&mut state);
        match self.profile {
            Profile::S3 => state.make_durable(path),
            Profile::Local => state.make_folders(path),
        }
        value
    }

    fn statuses(&self, prefix: &FilePath) -> Vec<FileStatus> {
        let state = self.state.lock();
        let after = (Bound::Excluded(prefix), Bound::Unbounded);
        let below = state.visible.range::<FilePath, _>(after).take_while(|(path, _)| path.starts_with(prefix));
        below.filter(|(path, _)| path.name() != PREFIX_MARKER).map(|(path, file)| file.status(path)).collect()
    }

    fn children(&self, prefix: &FilePath) -> Vec<Child> {
        let depth = prefix.segments().len();
        let mut files = Vec::new();
        let mut prefixes = BTreeSet::new();
        let direct = |path: &FilePath| prefix.child(&path.segments()[depth]).ok();
        for status in self.statuses(prefix) {
            match status.path.segments().len() == depth + 1 {
                true => files.push(Child::File(status)),
                false => prefixes.extend(direct(&status.path)),
            }
        }
        let state = self.state.lock();
        let markers = state
            .visible
            .keys()
            .map(|path| &**path)
            .filter(|path| path.name() == PREFIX_MARKER)
            .filter_map(FilePath::parent);
        for folder in state.folders.iter().cloned().chain(markers) {
            if folder.segments().len() > depth && folder.starts_with(prefix) {
                prefixes.extend(direct(&folder));
            }
        }
        prefixes.into_iter().map(Child::Prefix).chain(files).collect()
    }
}

impl State {
    fn write(&mut self, path: &FilePath, content: Bytes) -> FileStatus {
        self.generation += 1;
        let file = Arc::new(SimFile { content, modified_ms: 1_767_225_600_000 + self.generation as i64 });
        let status = file.status(path);
        Arc::make_mut(&mut self.visible).insert(Arc::new(path.clone()), file);
        status
    }

    fn remove(&mut self, path: &FilePath) {
        if self.visible.contains_key(path) {
            self.generation += 1;
            Arc::make_mut(&mut self.visible).remove(path);
        }
    }

    fn make_durable(&mut self, path: &FilePath) {
        match self.visible.get_key_value(path) {
            Some((path, file)) => {
                let (path, file) = (Arc::clone(path), Arc::clone(file));
                Arc::make_mut(&mut self.durable).insert(path, file);
            }
            None if self.durable.contains_key(path) => drop(Arc::make_mut(&mut self.durable).remove(path)),
            None => {}
        }
    }

    fn make_folders(&mut self, path: &FilePath) {
        let mut folder = path.parent();
        while let Some(missing) = folder.filter(|folder| !self.folders.contains(folder)) {
            folder = missing.parent();
            Arc::make_mut(&mut self.folders).insert(missing);
        }
    }
}

impl SimFile {
    fn status(&self, path: &FilePath) -> FileStatus {
        FileStatus { path: path.clone(), size_bytes: self.content.len() as u64, modified_ms: self.modified_ms }
    }
}

#[async_trait]
impl FileIO for SimIO {
    fn name(&self) -> &'static str {
        "sim"
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        if size_bytes.is_none() {
            self.find("open", path)?;
        }
        Ok(Arc::new(SimRead { io: self.clone(), path: path.clone() }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let file = self.find("read", path)?;
        let size_bytes = file.content.len() as u64;
        if size_bytes > max_bytes {
            let location = std::panic::Location::caller();
            return Err(Error::TooLarge { path: path.to_string(), size_bytes, max_bytes, location });
        }
        Ok(file.content.clone())
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(SimWrite { io: self.clone(), path: path.clone(), content: Vec::new() }))
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        let mut state = self.state.lock();
        paths.iter().for_each(|path| state.make_durable(path));
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        Ok(self.change(path, |state| {
            if state.visible.contains_key(path) {
                return Publish::AlreadyExists;
            }
            state.write(path, content);
            state.make_durable(path);
            Publish::Created
        }))
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.change(path, |state| state.write(path, content));
        Ok(())
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        Ok(self.find("stat", path)?.status(path))
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        stream::iter(self.statuses(prefix)).map(Ok).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        stream::iter(self.children(prefix)).map(Ok).boxed()
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        let marker = prefix.child(PREFIX_MARKER)?;
        match self.profile {
            Profile::Local => self.state.lock().make_folders(&marker),
            Profile::S3 => drop(self.change(&marker, |state| state.write(&marker, Bytes::new()))),
        }
        Ok(())
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.change(path, |state| state.remove(path));
        Ok(())
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let mut state = self.state.lock();
        let below: Vec<FilePath> =
            state.visible.keys().filter(|path| path.starts_with(prefix)).map(|path| FilePath::clone(path)).collect();
        for path in below {
            state.remove(&path);
            if self.profile == Profile::S3 {
                state.make_durable(&path);
            }
        }
        Arc::make_mut(&mut state.folders).retain(|folder| !folder.starts_with(prefix));
        Ok(())
    }
}

#[derive(Debug)]
struct SimRead {
    io: SimIO,
    path: FilePath,
}

#[async_trait]
impl FileRead for SimRead {
    fn path(&self) -> &FilePath {
        &self.path
    }

    async fn size_bytes(&self) -> Result<u64> {
        Ok(self.io.find("stat", &self.path)?.content.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let file = self.io.find("read", &self.path)?;
        let length = file.content.len() as u64;
        let slice = |range: &Range<u64>| match range.start <= range.end && range.end <= length {
            true => Ok(file.content.slice(range.start as usize..range.end as usize)),
            false => {
                let reason = format!("bytes {range:?} of {length}");
                Err(Error::backend(ErrorKind::Corrupt, "read", &self.path, reason))
            }
        };
        ranges.iter().map(slice).collect()
    }
}

struct SimWrite {
    io: SimIO,
    path: FilePath,
    content: Vec<u8>,
}

#[async_trait]
impl FileWrite for SimWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.content.extend_from_slice(&chunk);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<FileStatus> {
        let Self { io, path, content } = *self;
        // Names of new files are unlike any other: a second file of the name is a bug of the writer.
        if io.find("stat", &path).is_ok() {
            return Err(Error::backend(
                ErrorKind::AlreadyExists,
                "finish",
                &path,
                "a file of this name was written before",
            ));
        }
        Ok(io.change(&path, |state| state.write(&path, Bytes::from(content))))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
