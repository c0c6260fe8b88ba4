//! Conveniences for callers, on every backend.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use tidelake_error::{Classify as _, ErrorKind};

use crate::{Error, FileIO, FilePath, FileRead, FileStatus, Result};

/// What callers of a [`FileIO`] often want.
#[async_trait]
pub trait FileIOExt: FileIO {
    /// A small text file whole. Longer than `max_bytes` is `ResourceExhausted`, not UTF-8 is `Corrupt`.
    async fn read_file_text(&self, path: &FilePath, max_bytes: u64) -> Result<String> {
        let bytes = self.read_all(path, max_bytes).await?;
        String::from_utf8(bytes.into()).map_err(|error| Error::backend(ErrorKind::Corrupt, "read", path, error))
    }

    /// Whether there is such a file. A folder is none.
    async fn exists(&self, path: &FilePath) -> Result<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Part of a file.
    async fn read(&self, path: &FilePath, range: Range<u64>) -> Result<Bytes> {
        self.open(path, None).await?.read(range).await
    }

    /// Creates a new file with `content`: `create`, one `write`, `finish`.
    async fn write_file(&self, path: &FilePath, content: Bytes) -> Result<FileStatus> {
        let mut file = self.create(path).await?;
        match file.write(content).await {
            Ok(()) => file.finish().await,
            Err(error) => {
                let _ = file.abort().await; // the first error is the one to tell
                Err(error)
            }
        }
    }
}

impl<T: FileIO + ?Sized> FileIOExt for T {}

/// What callers of a [`FileRead`] often want.
#[async_trait]
pub trait FileReadExt: FileRead {
    /// One range, of its exact length.
    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let mut answers = self.read_many(std::slice::from_ref(&range)).await?;
        answers.pop().ok_or_else(|| Error::backend(ErrorKind::Internal, "read", self.path(), "no answer to a range"))
    }
}

impl<T: FileRead + ?Sized> FileReadExt for T {}
