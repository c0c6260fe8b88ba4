//! The shell around an encoder: encodes on the CPU pool and uploads.

use arrow_array::RecordBatch;
use bytes::Bytes;
use tidelake_io::{FileStatus, FileWrite};
use tidelake_runtime::Runtime;

use crate::{FormatEncoder, Result, WrittenFile, error::StoppedSnafu};

/// A file being encoded and uploaded.
///
/// After a failed or cancelled [`FileWriter::write`] the file cannot go on: every later call fails. Dropped without
/// [`FileWriter::finish`] the file never becomes visible.
pub struct FileWriter {
    /// `None` while a job has it, and for ever if that job failed or its future was dropped.
    encoder: Option<Box<dyn FormatEncoder>>,
    file: Box<dyn FileWrite>,
    runtime: Runtime,
    estimated_bytes: u64,
}

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
    pub fn new(encoder: Box<dyn FormatEncoder>, file: Box<dyn FileWrite>, runtime: Runtime) -> Self {
        let estimated_bytes = encoder.estimated_bytes();
        Self { encoder: Some(encoder), file, runtime, estimated_bytes }
    }

    /// Adds rows.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let mut encoder = self.take_encoder()?;
        let (encoder, encoded) = self
            .runtime
            .compute(move || {
                let mut out = Vec::new();
                let encoded = encoder.encode(&batch, &mut out).map(|()| out);
                (encoder, encoded)
            })
            .await;
        let chunks = encoded?;
        upload(&mut self.file, chunks).await?;
        self.estimated_bytes = encoder.estimated_bytes();
        self.encoder = Some(encoder);
        Ok(())
    }

    /// Encoded plus buffered.
    pub fn estimated_bytes(&self) -> u64 {
        self.estimated_bytes
    }

    /// Ends the file and makes it visible. If that fails, what was written is taken away as far as possible.
    pub async fn finish(mut self) -> Result<WrittenStatus> {
        match self.finish_encoding().await {
            Ok(written) => Ok(WrittenStatus { written, status: self.file.finish().await? }),
            Err(error) => {
                // The error that stopped the file says more than one of cleaning up behind it.
                let _ = self.file.abort().await;
                Err(error)
            }
        }
    }

    async fn finish_encoding(&mut self) -> Result<WrittenFile> {
        let encoder = self.take_encoder()?;
        let finished = self
            .runtime
            .compute(move || {
                let mut out = Vec::new();
                encoder.finish(&mut out).map(|written| (written, out))
            })
            .await;
        let (written, chunks) = finished?;
        upload(&mut self.file, chunks).await?;
        Ok(written)
    }

    /// Takes the file away.
    pub async fn abort(self) -> Result<()> {
        Ok(self.file.abort().await?)
    }

    fn take_encoder(&mut self) -> Result<Box<dyn FormatEncoder>> {
        match self.encoder.take() {
            Some(encoder) => Ok(encoder),
            None => StoppedSnafu { what: "a file writer" }.fail(),
        }
    }
}

async fn upload(file: &mut Box<dyn FileWrite>, chunks: Vec<Bytes>) -> Result<()> {
    for chunk in chunks {
        file.write(chunk).await?;
    }
    Ok(())
}
