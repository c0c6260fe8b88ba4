//! What a format implements.

use std::{fmt::Debug, ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use bytes::Bytes;
use tidelake_expr::Predicate;
use tidelake_io::FileRead;
use tidelake_runtime::Runtime;
use tidelake_types::{Options, RowPositions};

use crate::{ColumnPath, ColumnStatistics, Result, StatisticsMode};

/// One file format. Arrow in, Arrow out; no knowledge of tables.
#[async_trait]
pub trait FileFormat: Debug + Send + Sync + 'static {
    /// The value of `file.format` and the file extension.
    fn name(&self) -> &str;

    /// Says early, and by column, what the format cannot store.
    fn check_schema(&self, schema: &Schema) -> Result<()>;

    /// Reads the footer and parses it in `compute`, once for a file: shared by all readers of its parts, and cacheable.
    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>>;

    /// A new file's encoder.
    fn encoder(&self, request: &WriteRequest) -> Result<Box<dyn FormatEncoder>>;
}

/// What a format may use while it opens a file.
#[derive(Debug, Clone)]
pub struct FormatContext {
    /// Where computing runs.
    pub runtime: Runtime,
    /// Larger footers are refused with `ResourceExhausted`.
    pub footer_bytes_max: u64,
}

/// A file whose footer is known.
pub trait OpenFile: Debug + Send + Sync {
    /// As stored, with field ids where the format keeps them.
    fn schema(&self) -> &SchemaRef;
    /// First row, number of rows and byte range of each.
    fn row_groups(&self) -> &[RowGroup];
    /// What the footer says of a column in a row group.
    fn statistics(&self, row_group: usize, column: &ColumnPath) -> Option<ColumnStatistics>;
    /// What keeping this value costs.
    fn memory_bytes(&self) -> u64;
    /// A reader of a part of the file.
    fn decoder(&self, request: ReadRequest) -> Result<Box<dyn FormatDecoder>>;
}

/// A piece of a file that can be read by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// The position of its first row in the file.
    pub first_row: u64,
    /// How many rows.
    pub num_rows: u64,
    /// Where its bytes are.
    pub bytes: Range<u64>,
}

/// What to read of a file.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    /// The columns wanted, in output order; each must be in [`OpenFile::schema`] by name (inside nested types too).
    /// Batches come in these Arrow types exactly: a format converts between the physical forms of one logical value
    /// (decimals of any width, timestamps of any unit, INT96 into the wide form), and refuses what is a cast.
    pub projection: SchemaRef,
    /// Which row groups.
    pub row_groups: Range<usize>,
    /// Positions in the file; `None` means all of these row groups.
    pub rows: Option<RowPositions>,
    /// May be used to skip rows that cannot match. Rows that do not match may still come back.
    pub predicate: Option<Predicate>,
    /// At most so many rows in a batch.
    pub batch_rows: usize,
}

/// Plain code: says which bytes it needs, is fed, hands out batches in file order.
pub trait FormatDecoder: Send {
    /// Goes on as far as it can.
    fn step(&mut self) -> Result<DecodeStep>;
    /// Bytes that [`DecodeStep::Need`] asked for.
    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()>;
}

/// How far a decoder came.
#[derive(Debug)]
pub enum DecodeStep {
    /// These bytes are needed next.
    Need(Vec<Range<u64>>),
    /// Positions are physical rows of the file, whatever was skipped: row ids, deletion vectors and indexes count so.
    Batch {
        /// The rows.
        rows: RecordBatch,
        /// Where each stands in the file.
        positions: RowPositions,
    },
    /// Nothing is left.
    Done,
}

/// What to write, and how.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// The columns, with field ids in their metadata.
    pub schema: SchemaRef,
    /// One for each top-level column: how much is recorded in [`WrittenFile::statistics`].
    pub statistics: Vec<StatisticsMode>,
    /// `file.compression` and the keys the format itself declares.
    pub options: Options,
}

/// Plain code. Finished bytes go to `out`; the caller uploads them.
pub trait FormatEncoder: Send {
    /// Adds rows.
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<Bytes>) -> Result<()>;
    /// Encoded plus buffered. Rolling to the next file decides by it.
    fn estimated_bytes(&self) -> u64;
    /// Writes what is left and the footer.
    fn finish(self: Box<Self>, out: &mut Vec<Bytes>) -> Result<WrittenFile>;
}

/// Rows and column statistics of a finished file.
#[derive(Debug, Clone, Default)]
pub struct WrittenFile {
    /// How many rows.
    pub rows: u64,
    /// One for each top-level column of the schema. Bounds are already cut as the mode says.
    pub statistics: Vec<ColumnStatistics>,
}
