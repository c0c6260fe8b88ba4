//! The shells around encoders and decoders, with plain code that fails on purpose.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use tidelake_format::{
    Bytes, Classify, Error, ErrorKind, FileWriter, FormatEncoder, RecordBatch, Result, Schema, WrittenFile, async_trait,
};
use tidelake_io::{FilePath, FileStatus, FileWrite};
use tidelake_runtime::Runtime;

/// Writes one byte for each batch; refuses the third.
struct Encoder(u64);

impl FormatEncoder for Encoder {
    fn encode(&mut self, _batch: &RecordBatch, out: &mut Vec<Bytes>) -> Result<()> {
        self.0 += 1;
        if self.0 == 3 {
            return Err(Error::invalid_input("toy", "the third batch"));
        }
        out.push(Bytes::from_static(b"b"));
        Ok(())
    }

    fn estimated_bytes(&self) -> u64 {
        self.0
    }

    fn finish(self: Box<Self>, out: &mut Vec<Bytes>) -> Result<WrittenFile> {
        out.push(Bytes::from_static(b"end"));
        Ok(WrittenFile { rows: self.0, statistics: vec![] })
    }
}

/// What happened to the file.
struct File(Arc<Mutex<String>>);

impl File {
    fn log(&self, what: &str) {
        self.0.lock().unwrap().push_str(what);
    }
}

#[async_trait]
impl FileWrite for File {
    async fn write(&mut self, chunk: Bytes) -> tidelake_io::Result<()> {
        self.log(std::str::from_utf8(&chunk).unwrap());
        Ok(())
    }

    async fn finish(self: Box<Self>) -> tidelake_io::Result<FileStatus> {
        self.log(" finished");
        Ok(FileStatus { path: FilePath::parse("/f").unwrap(), size_bytes: 5, modified_ms: 0 })
    }

    async fn abort(self: Box<Self>) -> tidelake_io::Result<()> {
        self.log(" aborted");
        Ok(())
    }
}

fn writer() -> (FileWriter, Arc<Mutex<String>>) {
    let log = Arc::new(Mutex::new(String::new()));
    (FileWriter::new(Box::new(Encoder(0)), Box::new(File(Arc::clone(&log))), Runtime::tokio(1, 1 << 20)), log)
}

fn batch() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}

#[tokio::test]
async fn chunks_are_uploaded_in_order_and_the_file_ends() {
    let (mut writer, log) = writer();
    writer.write(batch()).await.unwrap();
    writer.write(batch()).await.unwrap();
    assert_eq!(writer.estimated_bytes(), 2);
    assert_eq!(writer.finish().await.unwrap().written.rows, 2);
    assert_eq!(*log.lock().unwrap(), "bbend finished");
}

#[tokio::test]
async fn after_a_failure_nothing_goes_on_and_finishing_takes_the_file_away() {
    let (mut writer, log) = writer();
    for _ in 0..2 {
        writer.write(batch()).await.unwrap();
    }
    assert_eq!(writer.write(batch()).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(writer.write(batch()).await.unwrap_err().kind(), ErrorKind::Internal);
    assert!(writer.finish().await.is_err());
    assert_eq!(*log.lock().unwrap(), "bb aborted");
}
