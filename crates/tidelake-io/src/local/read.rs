//! Positional reads.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tidelake_runtime::Runtime;

use super::local_error;
use crate::{
    FilePath, FileRead, FileStatus, Result,
    error::TooLargeSnafu,
    ranges::{check_range, join_ranges, slice_ranges},
};

/// Reading this much for nothing is cheaper than another call.
const GAP_BYTES: u64 = 64 << 10;

#[derive(Debug)]
pub(super) struct LocalRead {
    runtime: Runtime,
    shared: Arc<Shared>,
    declared_bytes: Option<u64>,
}

#[derive(Debug)]
struct Shared {
    path: FilePath,
    os: PathBuf,
    /// Opened by the first read, and then kept: a file that is deleted meanwhile can still be read.
    opened: Mutex<Option<Opened>>,
}

#[derive(Debug, Clone)]
struct Opened {
    file: Arc<File>,
    size_bytes: u64,
}

impl LocalRead {
    pub(super) fn new(runtime: Runtime, path: &FilePath, os: PathBuf, declared_bytes: Option<u64>) -> Self {
        let shared = Arc::new(Shared { path: path.clone(), os, opened: Mutex::new(None) });
        Self { runtime, shared, declared_bytes }
    }
}

#[async_trait]
impl FileRead for LocalRead {
    fn path(&self) -> &FilePath {
        &self.shared.path
    }

    async fn size_bytes(&self) -> Result<u64> {
        if let Some(size_bytes) = self.declared_bytes {
            return Ok(size_bytes);
        }
        if let Some(opened) = &*self.shared.opened.lock() {
            return Ok(opened.size_bytes);
        }
        let shared = Arc::clone(&self.shared);
        self.runtime.block(move || shared.open().map(|opened| opened.size_bytes)).await
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (shared, ranges) = (Arc::clone(&self.shared), ranges.to_vec());
        self.runtime.block(move || shared.read_many(&ranges)).await
    }
}

impl Shared {
    fn open(&self) -> Result<Opened> {
        let mut kept = self.opened.lock();
        if let Some(opened) = &*kept {
            return Ok(opened.clone());
        }
        let (file, size_bytes) = open_file(&self.os).map_err(|error| local_error("open", &self.path, error))?;
        Ok(kept.insert(Opened { file: Arc::new(file), size_bytes }).clone())
    }

    fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let Opened { file, size_bytes } = self.open()?;
        for range in ranges {
            check_range(&self.path, size_bytes, range)?;
        }
        let joined = join_ranges(ranges, GAP_BYTES);
        let read = |range: &Range<u64>| {
            // The file is at least as long: the size is not the word of some metadata.
            let length = usize::try_from(range.end - range.start).map_err(io::Error::other);
            let bytes = length.and_then(|length| {
                let mut buffer = vec![0; length];
                file.read_exact_at(&mut buffer, range.start).map(|()| Bytes::from(buffer))
            });
            bytes.map_err(|error| local_error("read", &self.path, error))
        };
        let reads = joined.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(slice_ranges(ranges, &joined, &reads))
    }
}

/// A small file whole.
pub(super) fn read_all(path: &FilePath, os: &Path, max_bytes: u64) -> Result<Bytes> {
    let failed = |error| local_error("read", path, error);
    let (file, size_bytes) = open_file(os).map_err(failed)?;
    if size_bytes > max_bytes {
        return TooLargeSnafu { path: path.to_string(), size_bytes, max_bytes }.fail();
    }
    let mut content = Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0));
    // One byte more than is allowed, in case it grew since.
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > max_bytes {
        return TooLargeSnafu { path: path.to_string(), size_bytes: content.len() as u64, max_bytes }.fail();
    }
    Ok(content.into())
}

/// Of a file; a folder is `NotFound`.
pub(super) fn stat(path: &FilePath, os: &Path) -> Result<FileStatus> {
    let metadata = fs::metadata(os).and_then(|metadata| if metadata.is_dir() { Err(no_file()) } else { Ok(metadata) });
    let metadata = metadata.map_err(|error| local_error("stat", path, error))?;
    Ok(status(path.clone(), &metadata))
}

pub(super) fn status(path: FilePath, metadata: &fs::Metadata) -> FileStatus {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    FileStatus {
        path,
        size_bytes: metadata.len(),
        modified_ms: i64::try_from(modified.as_millis()).unwrap_or(i64::MAX),
    }
}

fn open_file(os: &Path) -> io::Result<(File, u64)> {
    let file = File::open(os)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() { Err(no_file()) } else { Ok((file, metadata.len())) }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "it is a folder")
}
