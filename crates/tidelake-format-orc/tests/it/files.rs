//! Files in memory: reading them.

use std::{ops::Range, sync::Arc};

use futures::TryStreamExt;
use serde_json::Value;
use tidelake_format::{
    Bytes, DecodedBatch, FileFormat, FileRead, FormatContext, OpenFile, ReadRequest, RecordBatch, Result, SchemaRef,
    async_trait, read,
};
use tidelake_format_orc::OrcFormat;
use tidelake_io::FilePath;
use tidelake_runtime::Runtime;
use tidelake_types::{DataField, parse_fields, write_canonical_row};

/// The bytes of a file, and what was asked of them.
#[derive(Debug)]
pub(crate) struct Memory(FilePath, Bytes, std::sync::Mutex<Vec<Range<u64>>>);

impl Memory {
    pub(crate) fn of(bytes: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self(FilePath::parse("/m/file.orc").unwrap(), bytes.into(), std::sync::Mutex::default()))
    }

    /// How many bytes were read so far.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.2.lock().unwrap().iter().map(|range| range.end - range.start).sum()
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
        self.2.lock().unwrap().extend_from_slice(ranges);
        Ok(ranges.iter().map(|range| self.1.slice(range.start as usize..range.end as usize)).collect())
    }
}

pub(crate) fn runtime() -> Runtime {
    Runtime::tokio(1, 1 << 30)
}

pub(crate) async fn open(file: &Arc<Memory>) -> Result<Arc<dyn OpenFile>> {
    let context = FormatContext { runtime: runtime(), footer_bytes_max: 16 << 20 };
    OrcFormat.open(Arc::<Memory>::clone(file), &context).await
}

/// Everything of a file in the types of `projection`.
pub(crate) fn all(open: &dyn OpenFile, projection: &SchemaRef) -> ReadRequest {
    let row_groups = 0..open.row_groups().len();
    ReadRequest { projection: Arc::clone(projection), row_groups, rows: None, predicate: None, batch_rows: 1024 }
}

pub(crate) async fn batches(
    file: &Arc<Memory>,
    open: &Arc<dyn OpenFile>,
    request: ReadRequest,
) -> Result<Vec<DecodedBatch>> {
    read(Arc::<Memory>::clone(file), Arc::clone(open), request, runtime()).try_collect().await
}

/// All rows of a file in the types of `projection`.
pub(crate) async fn read_all(bytes: impl Into<Bytes>, projection: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let file = Memory::of(bytes);
    let open = open(&file).await?;
    let request = all(&*open, projection);
    Ok(batches(&file, &open, request).await?.into_iter().map(|batch| batch.rows).collect())
}

pub(crate) fn fields(json: &str) -> Vec<DataField> {
    let json: Value = serde_json::from_str(json).unwrap();
    parse_fields(&json).unwrap()
}

/// Rows as text, in the form in which expected rows are kept beside files of Java.
pub(crate) fn lines(batch: &RecordBatch, fields: &[DataField]) -> Vec<String> {
    let line = |row| {
        let mut line = String::new();
        write_canonical_row(batch, row, fields, None, &mut line).unwrap();
        line
    };
    (0..batch.num_rows()).map(line).collect()
}
