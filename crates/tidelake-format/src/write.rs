//! The shell around an encoder: encodes on the CPU pool and uploads.
use arrow_array::RecordBatch;
use tidelake_io::{FileStatus, FileWrite};
use tidelake_runtime::Runtime;

use crate::{FormatEncoder, Result, WrittenFile};

/// A file being encoded and uploaded.
pub struct FileWriter {}

/// A finished file: what the encoder and what the storage know of it.
#[derive(Debug)]
pub struct WrittenStatus {
    /// Rows and statistics.
    pub written: WrittenFile,
    /// Path and size.
    pub status: FileStatus,
}

impl FileWriter {
    /// Encodes with `encoder`, uploads to `file`.
    pub fn new(_encoder: Box<dyn FormatEncoder>, _file: Box<dyn FileWrite>, _runtime: Runtime) -> Self {
        todo!()
    }
    /// Adds rows.
    pub async fn write(&mut self, _batch: RecordBatch) -> Result<()> {
        todo!()
    }
    /// Encoded plus buffered.
    pub fn estimated_bytes(&self) -> u64 {
        todo!()
    }
    /// Ends the file and makes it visible.
    pub async fn finish(self) -> Result<WrittenStatus> {
        todo!()
    }
    /// Takes the file away.
    pub async fn abort(self) -> Result<()> {
        todo!()
    }
}
