//! Encoding a file: column writers of the library fill a row group, which is spliced into the file when it is large enough.
//!
//! ```text
//! batch ─► convert ─► one writer for each leaf ─► row group ─► Sink ─► out
//!                     (pages, compressed)          at block size
//! ```

use std::{io, mem, sync::Arc};

use arrow_array::{
    ArrayRef,
    cast::AsArray,
    types::{Float32Type, Float64Type},
};
use arrow_schema::{DataType, Schema};
use parquet::{
    arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves},
    basic::Type as PhysicalType,
    errors::ParquetError,
    file::{metadata::ParquetMetaData, statistics::Statistics, writer::SerializedFileWriter},
    schema::types::{ColumnPath, SchemaDescriptor},
};
use tidelake_format::{
    Bytes, ColumnStatistics, FormatEncoder, Options, RecordBatch, Result, SchemaRef, StatisticsMode, WriteRequest,
    WrittenFile,
};

use crate::{
    convert::convert,
    dictionary::does_not_pay,
    fault::invalid_input,
    options::{self, PAGE_ROWS, dictionary_of, writer_properties},
    raw_int96::{int96_chunk, is_int96, raw_type},
    schema::{parquet_schema, written_schema},
    statistics::{chunk_statistics, merged},
};

/// A row group ends after so many rows, however small they are, so that a file can be read by several threads.
const GROUP_ROWS_MAX: usize = 1 << 20;
/// Finished bytes are handed out in pieces of about this size.
const CHUNK_BYTES: usize = 4 << 20;

/// One file being written.
pub(crate) struct ParquetEncoder {
    given: SchemaRef,
    written: SchemaRef,
    stored: SchemaDescriptor,
    modes: Vec<StatisticsMode>,
    options: Options,
    group_bytes: u64,
    rows: u64,
    /// Begun with the first batch, which decides on dictionaries.
    file: Option<FileInProgress>,
}

impl ParquetEncoder {
    pub(crate) fn try_new(request: &WriteRequest) -> Result<Self> {
        let stored = parquet_schema(&request.schema)?;
        let columns = request.schema.fields().len();
        if request.statistics.len() != columns {
            let modes = request.statistics.len();
            return Err(invalid_input(format!("{modes} statistics modes were given for {columns} columns")));
        }
        // Wrong options are said now, not with the first batch.
        writer_properties(&request.options, &request.statistics)?;
        Ok(Self {
            given: Arc::clone(&request.schema),
            written: written_schema(&request.schema),
            stored,
            modes: request.statistics.clone(),
            group_bytes: request.options.get(&options::BLOCK_BYTES)?.0.max(1),
            options: request.options.clone(),
            rows: 0,
            file: None,
        })
    }

    fn converted(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let (columns, fields) = (batch.columns(), self.written.fields());
        if columns.len() != fields.len() {
            return Err(invalid_input(format!("a batch has {} columns, the file has {}", columns.len(), fields.len())));
        }
        columns.iter().zip(fields).map(|(column, field)| convert(column, field).map_err(invalid_input)).collect()
    }

    fn begin(&self, sample: &[ArrayRef]) -> Result<FileInProgress> {
        let mut properties = writer_properties(&self.options, &self.modes)?;
        for (column, field) in sample.iter().zip(self.given.fields()) {
            if dictionary_of(&self.options, field.name()).is_none() && does_not_pay(column) {
                properties =
                    properties.set_column_dictionary_enabled(ColumnPath::new(vec![field.name().clone()]), false);
            }
        }
        let properties = Arc::new(properties.build());
        let writer = SerializedFileWriter::new(Sink::default(), self.stored.root_schema_ptr(), Arc::clone(&properties));
        let writer = writer.map_err(invalid_input)?;
        // Takes its schema from a file writer: here from one of a file that nobody writes, where INT96 is twelve bytes.
        let raw = SerializedFileWriter::new(io::sink(), raw_type(&self.stored.root_schema_ptr()), properties);
        let factory = ArrowRowGroupWriterFactory::new(&raw.map_err(invalid_input)?, Arc::clone(&self.written));
        Ok(FileInProgress { writer, factory, group: None })
    }

    /// Top-level columns of atomic types, from the footer; of nested columns nothing is recorded.
    fn statistics(&self, metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
        let mut leaf = 0;
        let columns = self.written.fields().iter().zip(&self.modes).map(|(field, mode)| {
            let first = leaf;
            leaf += leaf_count(field.data_type());
            if field.data_type().is_nested() {
                return ColumnStatistics::default();
            }
            let chunks = metadata.row_groups().iter().map(|group| {
                let known = chunk_statistics(metadata.file_metadata(), group.column(first), field.data_type());
                (group.num_rows() as u64, known.unwrap_or_default())
            });
            // Of INT96 (nanoseconds) there are no bounds, as Java records none.
            mode.apply(merged(chunks))
        });
        columns.collect()
    }
}

impl FormatEncoder for ParquetEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<Bytes>) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let columns = self.converted(batch)?;
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin(&columns)?,
        };
        let mut start = 0;
        while start < batch.num_rows() {
            // The library looks at the size of a page only now and then: cut where a page has to end.
            let rows = (PAGE_ROWS - file.group_rows() % PAGE_ROWS).min(batch.num_rows() - start);
            let step: Vec<ArrayRef> = columns.iter().map(|column| column.slice(start, rows)).collect();
            file.write(&self.written, &step, rows).map_err(invalid_input)?;
            if file.group_is_full(self.group_bytes) {
                file.end_group().map_err(invalid_input)?;
            }
            start += rows;
        }
        self.rows += batch.num_rows() as u64;
        file.writer.inner_mut().hand_out(out);
        self.file = Some(file);
        Ok(())
    }

    fn estimated_bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, FileInProgress::estimated_bytes)
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<Bytes>) -> Result<WrittenFile> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin(&[])?,
        };
        file.end_group().map_err(invalid_input)?;
        let metadata = file.writer.finish().map_err(invalid_input)?;
        file.writer.inner_mut().hand_out(out);
        Ok(WrittenFile { rows: self.rows, statistics: self.statistics(&metadata) })
    }
}

fn leaf_count(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(field) | DataType::Map(field, _) => leaf_count(field.data_type()),
        DataType::Struct(fields) => fields.iter().map(|field| leaf_count(field.data_type())).sum(),
        _ => 1,
    }
}

/// The library's writers.
struct FileInProgress {
    writer: SerializedFileWriter<Sink>,
    factory: ArrowRowGroupWriterFactory,
    group: Option<Group>,
}

/// A row group that is being filled.
struct Group {
    leaves: Vec<ArrowColumnWriter>,
    rows: usize,
    /// Of each leaf: whether it may hold a NaN.
    nan: Vec<bool>,
}

impl FileInProgress {
    fn write(&mut self, schema: &Schema, columns: &[ArrayRef], rows: usize) -> Result<(), ParquetError> {
        let group = match &mut self.group {
            Some(group) => group,
            none => {
                let leaves = self.factory.create_column_writers(self.writer.flushed_row_groups().len())?;
                none.insert(Group { nan: vec![false; leaves.len()], leaves, rows: 0 })
            }
        };
        let mut leaves = group.leaves.iter_mut().zip(&mut group.nan);
        for (field, column) in schema.fields().iter().zip(columns) {
            for values in compute_leaves(field, column)? {
                let Some((leaf, nan)) = leaves.next() else {
                    return Err(ParquetError::General("there are fewer writers than columns".to_owned()));
                };
                leaf.write(&values)?;
                *nan |= may_have_nan(column);
            }
        }
        group.rows += rows;
        Ok(())
    }

    fn group_rows(&self) -> usize {
        self.group.as_ref().map_or(0, |group| group.rows)
    }

    fn group_is_full(&self, group_bytes: u64) -> bool {
        self.group.as_ref().is_some_and(|group| group.rows >= GROUP_ROWS_MAX || group.bytes() >= group_bytes)
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let declared = self.writer.schema_descr().columns().to_vec();
        let mut row_group = self.writer.next_row_group()?;
        for ((leaf, nan), descr) in group.leaves.into_iter().zip(group.nan).zip(&declared) {
            let mut chunk = leaf.close()?;
            let close = chunk.close_mut();
            if is_int96(descr) {
                close.column_index = None;
                close.metadata = int96_chunk(&close.metadata, descr)?;
            } else if nan && let Some(known) = close.metadata.statistics().and_then(without_bounds) {
                close.column_index = None;
                close.metadata = close.metadata.clone().into_builder().set_statistics(known).build()?;
            }
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close().map(drop)
    }

    fn estimated_bytes(&self) -> u64 {
        self.writer.bytes_written() as u64 + self.group.as_ref().map_or(0, Group::bytes)
    }
}

impl Group {
    fn bytes(&self) -> u64 {
        self.leaves.iter().map(|leaf| leaf.get_estimated_total_bytes() as u64).sum()
    }
}

/// Floats inside nested columns always may: nobody reads bounds of those.
fn may_have_nan(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Float32 => column.as_primitive::<Float32Type>().values().iter().any(|value| value.is_nan()),
        DataType::Float64 => column.as_primitive::<Float64Type>().values().iter().any(|value| value.is_nan()),
        nested => nested.is_nested(),
    }
}

/// The library leaves NaN out of a chunk's bounds; readers that order NaN above all numbers would skip the chunk. Java
/// writes no bounds beside a NaN, and neither do we. `None`: not of floats.
fn without_bounds(statistics: &Statistics) -> Option<Statistics> {
    let nulls = statistics.null_count_opt();
    match statistics.physical_type() {
        PhysicalType::FLOAT => Some(Statistics::float(None, None, None, nulls, false)),
        PhysicalType::DOUBLE => Some(Statistics::double(None, None, None, nulls, false)),
        _ => None,
    }
}

/// Collects what the library writes.
#[derive(Default)]
struct Sink {
    full: Vec<Bytes>,
    current: Vec<u8>,
}

impl Sink {
    fn hand_out(&mut self, out: &mut Vec<Bytes>) {
        out.append(&mut self.full);
        if !self.current.is_empty() {
            out.push(mem::take(&mut self.current).into());
        }
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.current.extend_from_slice(bytes);
        if self.current.len() >= CHUNK_BYTES {
            self.full.push(mem::take(&mut self.current).into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
