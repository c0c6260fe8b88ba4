//! The local disk.
//!
//! A file is written beside its target, under a name that lists hide, and then linked into place:
//!
//! ```text
//! create, write   .data-1.parquet.6f1c….tmp        hidden; left over only by a crash
//! finish          link(2) to data-1.parquet        visible whole; fails if there is one
//! sync            fsync(file), then fsync(folder) and the folders above it that are not known to be durable
//!
//! publish         write + fsync, link, fsync(folder): all in one call
//! overwrite       write, rename(2): replaces
//! ```
//!
//! `link(2)` is exclusive everywhere. Where a file system has no hard links, `renameat2(RENAME_NOREPLACE)` is the
//! fallback; with neither, `publish` is `Unsupported`.

mod durable;
mod list;
mod place;
mod read;
mod write;

use std::{fs, io, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tidelake_error::ErrorKind;
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use self::durable::DurableFolders;
use crate::{Child, Error, FileIO, FileIOFactory, FilePath, FileRead, FileStatus, FileWrite, Publish, Result};

/// The local disk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalFileIO {
    runtime: Runtime,
    durable: Arc<DurableFolders>,
}

impl LocalFileIO {
    /// Disk calls go through `Runtime::block`.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, durable: Arc::default() }
    }
}

#[async_trait]
impl FileIO for LocalFileIO {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        let file = read::LocalRead::new(self.runtime.clone(), path, os_path(path)?, size_bytes);
        if size_bytes.is_none() {
            file.size_bytes().await?;
        }
        Ok(Arc::new(file))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let (path, os) = (path.clone(), os_path(path)?);
        self.runtime.block(move || read::read_all(&path, &os, max_bytes)).await
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        let temporary = place::Temporary::beside(path, os_path(path)?, &self.runtime.ids().uuid());
        Ok(Box::new(write::LocalWrite::new(self.runtime.clone(), temporary)))
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        let files = paths.iter().map(|path| Ok((path.clone(), os_path(path)?))).collect::<Result<Vec<_>>>()?;
        durable::sync(&self.runtime, &self.durable, files).await
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        let temporary = place::Temporary::beside(path, os_path(path)?, &self.runtime.ids().uuid());
        let durable = Arc::clone(&self.durable);
        self.runtime.block(move || temporary.publish(&content, &durable)).await
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        let temporary = place::Temporary::beside(path, os_path(path)?, &self.runtime.ids().uuid());
        self.runtime.block(move || temporary.overwrite(&content)).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        let (path, os) = (path.clone(), os_path(path)?);
        self.runtime.block(move || read::stat(&path, &os)).await
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        list::files(self.runtime.clone(), prefix.clone())
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        list::children(self.runtime.clone(), prefix.clone())
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        let (path, os) = (prefix.clone(), os_path(prefix)?);
        self.runtime.block(move || fs::create_dir_all(&os).map_err(|error| local_error("create", &path, error))).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        let (path, os) = (path.clone(), os_path(path)?);
        let unlink = move || match fs::remove_file(&os) {
            // A folder is no file, so there is no file to delete. (unlink(2) never removes one.)
            Err(error) if !is_absent(&error) && error.kind() != io::ErrorKind::IsADirectory => {
                Err(local_error("delete", &path, error))
            }
            _ => Ok(()),
        };
        self.runtime.block(unlink).await
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let (path, os, durable) = (prefix.clone(), os_path(prefix)?, Arc::clone(&self.durable));
        let remove = move || {
            durable.forget_below(&os);
            // Others may write below it meanwhile; what they add during the last round stays.
            for round in 0.. {
                match remove_tree(&os) {
                    Err(error) if is_absent(&error) => break,
                    Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && round < 3 => {}
                    Err(error) => return Err(local_error("delete", &path, error)),
                    Ok(()) => break,
                }
            }
            Ok(())
        };
        self.runtime.block(remove).await
    }
}

impl FileIOFactory for LocalFileIO {
    fn schemes(&self) -> &[&str] {
        &["file"]
    }

    fn build(&self, _root: &FilePath, _options: &Options) -> Result<Arc<dyn FileIO>> {
        Ok(Arc::new(self.clone()))
    }
}

/// Removes a folder with all in it, or a file. Of a link, at any depth, only the link goes: `remove_dir_all` opens each
/// folder relative to its parent and never through a link.
fn remove_tree(os: &std::path::Path) -> io::Result<()> {
    if fs::symlink_metadata(os)?.is_dir() { fs::remove_dir_all(os) } else { fs::remove_file(os) }
}

fn os_path(path: &FilePath) -> Result<PathBuf> {
    if path.scheme() != "file" {
        return Err(Error::backend(ErrorKind::InvalidInput, "open", path, "it is not on the local disk"));
    }
    let mut os = PathBuf::from("/");
    os.extend(path.segments());
    Ok(os)
}

/// Nothing is there: neither it, nor perhaps the folders above it.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[track_caller]
fn local_error(operation: &'static str, path: &FilePath, error: io::Error) -> Error {
    Error::backend(kind(&error), operation, path, error)
}

fn kind(error: &io::Error) -> ErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound | Io::NotADirectory | Io::IsADirectory => ErrorKind::NotFound,
        Io::AlreadyExists => ErrorKind::AlreadyExists,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        Io::InvalidInput | Io::InvalidFilename => ErrorKind::InvalidInput,
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge | Io::OutOfMemory => ErrorKind::ResourceExhausted,
        Io::UnexpectedEof => ErrorKind::Corrupt,
        Io::Unsupported => ErrorKind::Unsupported,
        // Too many open files, in this process or on the machine.
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => ErrorKind::ResourceExhausted,
        _ => ErrorKind::Unavailable,
    }
}
