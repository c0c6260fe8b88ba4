//! A file whose header is known, and where its blocks are.

use std::sync::Arc;

use tidelake_format::{
    ColumnPath, ColumnStatistics, FormatDecoder, OpenFile, ReadRequest, Result, RowGroup, SchemaRef,
};

use crate::{container::Header, decoder::AvroDecoder};

/// Header and blocks of a file.
#[derive(Debug)]
pub(crate) struct AvroFile {
    pub(crate) path: String,
    pub(crate) header: Arc<Header>,
    schema: SchemaRef,
    /// One for each block.
    pub(crate) row_groups: Vec<RowGroup>,
}

impl AvroFile {
    pub(crate) fn new(path: String, schema: SchemaRef, header: Header, row_groups: Vec<RowGroup>) -> Self {
        Self { path, header: Arc::new(header), schema, row_groups }
    }
}

impl OpenFile for AvroFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    /// Avro keeps none.
    fn statistics(&self, _: usize, _: &ColumnPath) -> Option<ColumnStatistics> {
        None
    }

    fn memory_bytes(&self) -> u64 {
        // Both forms of the schema take about as much as its text.
        let schema = 2 * self.header.length;
        (self.row_groups.capacity() * size_of::<RowGroup>() + schema + self.path.len()) as u64
    }

    fn decoder(&self, request: ReadRequest) -> Result<Box<dyn FormatDecoder>> {
        Ok(Box::new(AvroDecoder::try_new(self, request)?))
    }
}
