//! Files in memory: reading them.

use std::{ops::Range, sync::Arc};

use futures::TryStreamExt;
use tidelake_format::{
    Bytes, DecodedBatch, FileFormat, FileRead, FormatContext, OpenFile, ReadRequest, RecordBatch, Result, SchemaRef,
    async_trait, read,
};
use tidelake_format_avro::AvroFormat;
use tidelake_io::FilePath;
use tidelake_runtime::Runtime;
use tidelake_types::{DataField, write_canonical_row};

/// The bytes of a file.
#[derive(Debug)]
pub(crate) struct Memory(FilePath, Bytes);

impl Memory {
    pub(crate) fn of(bytes: impl Into<Bytes>) -> Arc<dyn FileRead> {
        Arc::new(Self(FilePath::parse("/m/file.avro").unwrap(), bytes.into()))
    }
}

#[async_trait]
impl FileRead for Memory {
    fn path(&self) -> &FilePath {
        &self.0
    }

    async fn size_bytes(&self) -> tidelake_io::Result<u64> {
        Ok(self.1.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> tidelake_io::Result<Vec<Bytes>> {
        Ok(ranges.iter().map(|range| self.1.slice(range.start as usize..range.end as usize)).collect())
    }
}

pub(crate) fn context() -> FormatContext {
    FormatContext { runtime: Runtime::tokio(1, 1 << 30), footer_bytes_max: 16 << 20 }
}

pub(crate) async fn open(file: &Arc<dyn FileRead>) -> Result<Arc<dyn OpenFile>> {
    AvroFormat.open(Arc::clone(file), &context()).await
}

/// Everything of a file in the types of `projection`.
pub(crate) fn all(open: &dyn OpenFile, projection: &SchemaRef) -> ReadRequest {
    let row_groups = 0..open.row_groups().len();
    ReadRequest { projection: Arc::clone(projection), row_groups, rows: None, predicate: None, batch_rows: 1024 }
}

pub(crate) async fn batches(
    file: &Arc<dyn FileRead>,
    open: &Arc<dyn OpenFile>,
    request: ReadRequest,
) -> Result<Vec<DecodedBatch>> {
    read(Arc::clone(file), Arc::clone(open), request, context().runtime).try_collect().await
}

/// All rows of a file in the types of `projection`.
pub(crate) async fn read_all(bytes: impl Into<Bytes>, projection: &SchemaRef) -> Result<Vec<DecodedBatch>> {
    let file = Memory::of(bytes);
    let open = open(&file).await?;
    let request = all(&*open, projection);
    batches(&file, &open, request).await
}

/// Each row as the canonical line that Java's answers are kept in.
pub(crate) fn lines(batch: &RecordBatch, fields: &[DataField]) -> Vec<String> {
    let line = |row| {
        let mut line = String::new();
        write_canonical_row(batch, row, fields, None, &mut line).unwrap();
        line
    };
    (0..batch.num_rows()).map(line).collect()
}
