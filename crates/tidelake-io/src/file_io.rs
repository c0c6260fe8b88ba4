//! The contract of storage.

use std::{fmt::Debug, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tidelake_types::Options;

use crate::{FilePath, Result};

/// Storage as Tidelake needs it: whole immutable files, positional reads, exclusive creation.
///
/// There is no seeking, no rename and no partial overwrite. A file appears complete or not at all.
///
/// **Durability.** After `finish` and `overwrite` a file is visible; after `sync` it survives a power cut; `Created`
/// means both.
#[async_trait]
pub trait FileIO: Debug + Send + Sync + 'static {
    /// For messages: `local`, `s3`, …
    fn name(&self) -> &'static str;

    /// For positional reads. With `size_bytes` known (manifests record it) no request is sent: a missing file shows later.
    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>>;

    /// A small file whole, in one request. Longer than `max_bytes` is `ResourceExhausted`.
    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes>;

    /// Starts a new file. It becomes visible, whole, when `finish` returns. Missing folders are made.
    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>>;

    /// Makes files durable, contents and names; of a deleted file, its absence. Five files cost one round: write-back of
    /// all begins, all are flushed in parallel, then each folder once. Nothing to do on object stores.
    async fn sync(&self, paths: &[FilePath]) -> Result<()>;

    /// Creates `path` with `content` unless it exists, and makes it durable. Of all concurrent callers at most one ever
    /// takes effect; a reader sees the whole content or no file. One call is at most one request: nobody below retries.
    /// Backends that cannot promise this return `Unsupported`; never "check, then write".
    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish>;

    /// Replaces a small file (hint, tag, consumer), atomically for readers. The last writer wins.
    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()>;

    /// Size and time of a file; `NotFound` if it is not there, or is a folder.
    async fn stat(&self, path: &FilePath) -> Result<FileStatus>;

    /// All files below `prefix`, at any depth, in any order. Nothing if the prefix does not exist.
    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>>;

    /// What stands directly below `prefix`, without walking further: the tables of a database, not their data files.
    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>>;

    /// Makes `prefix` exist although empty: a new database.
    async fn create_prefix(&self, prefix: &FilePath) -> Result<()>;

    /// Deleting what does not exist succeeds.
    async fn delete(&self, path: &FilePath) -> Result<()>;

    /// Everything below `prefix`, and itself. Not atomic; repeating it is harmless; never follows a link.
    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()>;
}

/// What came of [`FileIO::publish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publish {
    /// The file is there with our content, and durable.
    Created,
    /// There is a file already (perhaps our own, from an earlier request).
    AlreadyExists,
    /// The request may have taken effect, or may still do so (timeout, reset, 5xx, 409, a cancelled call).
    Unknown,
}

/// A file and what is known of it without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// Where it is.
    pub path: FilePath,
    /// How long it is.
    pub size_bytes: u64,
    /// When it was written, by the store's clock, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// What stands directly below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Child {
    /// A file.
    File(FileStatus),
    /// A prefix with something below it: a folder.
    Prefix(FilePath),
}

/// A file opened for positional reads.
#[async_trait]
pub trait FileRead: Debug + Send + Sync + 'static {
    /// Which file.
    fn path(&self) -> &FilePath;

    /// How long it is.
    async fn size_bytes(&self) -> Result<u64>;

    /// Several ranges at once; implementations join neighbours and fetch in parallel. One answer for each range, of its
    /// exact length: a range that ends past the end of the file is `Corrupt`.
    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>>;
}

/// A file being written. Dropped without `finish` it never becomes visible.
#[async_trait]
pub trait FileWrite: Send + 'static {
    /// Appends.
    async fn write(&mut self, chunk: Bytes) -> Result<()>;
    /// Makes the file visible, whole.
    async fn finish(self: Box<Self>) -> Result<FileStatus>;
    /// Takes away what was written.
    async fn abort(self: Box<Self>) -> Result<()>;
}

/// Makes backends for URL schemes.
pub trait FileIOFactory: Debug + Send + Sync + 'static {
    /// The URL schemes served: `["s3", "s3a"]`.
    fn schemes(&self) -> &[&str];
    /// A backend for everything below `root`. Options are the catalog's (`s3.endpoint`, …).
    fn build(&self, root: &FilePath, options: &Options) -> Result<Arc<dyn FileIO>>;
}
