//! A file whose footer is known.

use std::fmt;

use arrow_schema::DataType;
use parquet::{
    arrow::arrow_reader::ArrowReaderMetadata,
    file::metadata::{FileMetaData, ParquetMetaData},
};
use tidelake_format::{
    ColumnPath, ColumnStatistics, FormatDecoder, OpenFile, ReadRequest, Result, RowGroup, SchemaRef,
};

use crate::{decoder::ParquetDecoder, statistics::chunk_statistics};

/// Footer, schema and row groups of a file.
pub(crate) struct ParquetFile {
    pub(crate) path: String,
    /// As stored; INT96 shows as nanoseconds.
    pub(crate) schema: SchemaRef,
    /// For decoding: the same, with INT96 as twelve bytes.
    pub(crate) reader: ArrowReaderMetadata,
    pub(crate) row_groups: Vec<RowGroup>,
}

impl ParquetFile {
    pub(crate) fn new(path: String, schema: SchemaRef, reader: ArrowReaderMetadata, row_groups: Vec<RowGroup>) -> Self {
        Self { path, schema, reader, row_groups }
    }

    pub(crate) fn metadata(&self) -> &ParquetMetaData {
        self.reader.metadata()
    }

    fn file_metadata(&self) -> &FileMetaData {
        self.metadata().file_metadata()
    }

    /// The type a leaf outside of lists and maps comes out as before conversion, and its number.
    fn leaf(&self, column: &ColumnPath) -> Option<(usize, &DataType)> {
        let (first, inner) = column.split_first()?;
        let mut stored = self.reader.schema().field_with_name(first).ok()?.data_type();
        for name in inner {
            let DataType::Struct(fields) = stored else { return None };
            stored = fields.find(name)?.1.data_type();
        }
        let columns = self.file_metadata().schema_descr().columns();
        let leaf = columns.iter().position(|leaf| leaf.path().parts() == column)?;
        Some((leaf, stored))
    }
}

impl OpenFile for ParquetFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    fn statistics(&self, row_group: usize, column: &ColumnPath) -> Option<ColumnStatistics> {
        let (leaf, stored) = self.leaf(column)?;
        let chunk = self.metadata().row_groups().get(row_group)?.columns().get(leaf)?;
        chunk_statistics(self.file_metadata(), chunk, stored)
    }

    fn memory_bytes(&self) -> u64 {
        let groups = self.row_groups.len() * size_of::<RowGroup>();
        (self.metadata().memory_size() + groups + self.path.len()) as u64
    }

    fn decoder(&self, request: ReadRequest) -> Result<Box<dyn FormatDecoder>> {
        Ok(Box::new(ParquetDecoder::try_new(self, request)?))
    }
}

impl fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetFile")
            .field("path", &self.path)
            .field("row_groups", &self.row_groups)
            .finish_non_exhaustive()
    }
}
