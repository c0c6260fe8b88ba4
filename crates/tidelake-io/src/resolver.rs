//! Files outside of the table: an allow-list of roots, each with its backend.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use tidelake_types::Options;

use crate::{
    Child, FileIO, FileIORegistry, FilePath, FileRead, FileStatus, FileWrite, Publish, Result, error::OutsideRootsSnafu,
};

/// What the owner of a catalog can do about a refusal.
const HINT: &str = "if it should be, add its root to the catalog's option `tide.external-roots`";

/// Sends each call to the backend of the path's root. A path below none of the roots is `PermissionDenied`.
///
/// The roots are the table's location and what the catalog's owner configured or its server vended. A table's own
/// options never widen the list: whoever may write a table's metadata could otherwise read any file of its readers.
#[derive(Debug, Clone)]
pub struct FileIOResolver {
    /// The longest root first, so that the most exact one answers.
    roots: Vec<(FilePath, Arc<dyn FileIO>)>,
}

impl FileIOResolver {
    /// Allows `roots`, each with its backend from the registry.
    pub fn new(registry: FileIORegistry, roots: Vec<FilePath>, options: Options) -> Result<Self> {
        let mut resolver = Self { roots: Vec::new() };
        for root in roots {
            let io = registry.build(&root, &options)?;
            resolver = resolver.allow(root, io);
        }
        Ok(resolver)
    }

    /// Allows one root, with a backend of the caller's.
    pub fn of(root: FilePath, io: Arc<dyn FileIO>) -> Self {
        Self { roots: vec![(root, io)] }
    }

    /// Allows another root.
    #[must_use]
    pub fn allow(mut self, root: FilePath, io: Arc<dyn FileIO>) -> Self {
        self.roots.push((root, io));
        self.roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.segments().len()));
        self
    }

    /// The roots, the longest first.
    pub fn roots(&self) -> impl Iterator<Item = &FilePath> {
        self.roots.iter().map(|(root, _)| root)
    }

    fn index(&self, path: &FilePath) -> Result<usize> {
        match self.roots.iter().position(|(root, _)| path.starts_with(root)) {
            Some(index) => Ok(index),
            None => OutsideRootsSnafu { path: path.to_string(), hint: HINT }.fail(),
        }
    }

    fn resolve(&self, path: &FilePath) -> Result<&dyn FileIO> {
        Ok(self.roots[self.index(path)?].1.as_ref())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl FileIO for FileIOResolver {
    fn name(&self) -> &'static str {
        "resolver"
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        self.resolve(path)?.open(path, size_bytes).await
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        self.resolve(path)?.read_all(path, max_bytes).await
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        self.resolve(path)?.create(path).await
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        let mut by_root = vec![Vec::new(); self.roots.len()];
        for path in paths {
            by_root[self.index(path)?].push(path.clone());
        }
        for ((_, io), paths) in self.roots.iter().zip(by_root) {
            if !paths.is_empty() {
                io.sync(&paths).await?;
            }
        }
        Ok(())
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        self.resolve(path)?.publish(path, content).await
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.resolve(path)?.overwrite(path, content).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        self.resolve(path)?.stat(path).await
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        match self.resolve(prefix) {
            Ok(io) => io.list(prefix),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        match self.resolve(prefix) {
            Ok(io) => io.list_children(prefix),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.resolve(prefix)?.create_prefix(prefix).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        self.resolve(path)?.delete(path).await
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.resolve(prefix)?.delete_prefix(prefix).await
    }
}
