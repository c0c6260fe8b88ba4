//! A file whose tail is known.

use std::fmt;

use orc_rust::{
    compression::Compression,
    proto::{ColumnStatistics as StoredStatistics, StripeInformation, Type},
};
use prost::Message;
use tidelake_format::{
    ColumnPath, ColumnStatistics, FormatDecoder, OpenFile, ReadRequest, Result, RowGroup, SchemaRef,
};

use crate::{decoder::OrcDecoder, statistics::column_statistics, tail::Codec, types::child};

/// Types, schema and stripes of a file, all checked.
pub(crate) struct OrcFile {
    pub(crate) path: String,
    pub(crate) schema: SchemaRef,
    pub(crate) types: Vec<Type>,
    pub(crate) codec: Codec,
    pub(crate) compression: Option<Compression>,
    pub(crate) footer_bytes_max: u64,
    pub(crate) stripes: Vec<StripeInformation>,
    pub(crate) row_groups: Vec<RowGroup>,
    /// Of each stripe, by column number; empty if the file has none.
    pub(crate) statistics: Vec<Vec<StoredStatistics>>,
}

impl OpenFile for OrcFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    /// Of top-level columns.
    fn statistics(&self, row_group: usize, column: &ColumnPath) -> Option<ColumnStatistics> {
        let [name] = column else { return None };
        let index = child(self.types.first()?, name)?;
        let known = self.statistics.get(row_group)?.get(index)?;
        column_statistics(self.types.get(index)?, self.row_groups.get(row_group)?.num_rows, known)
    }

    fn memory_bytes(&self) -> u64 {
        // A message takes a few times more in memory than encoded.
        let types: usize = self.types.iter().map(|node| size_of::<Type>() + 2 * node.encoded_len()).sum();
        let known = self.statistics.iter().flatten();
        let statistics: usize = known.map(|known| size_of::<StoredStatistics>() + known.encoded_len()).sum();
        let stripes = self.stripes.len() * (size_of::<StripeInformation>() + size_of::<RowGroup>());
        (self.path.len() + 2 * types + statistics + stripes) as u64
    }

    fn decoder(&self, request: ReadRequest) -> Result<Box<dyn FormatDecoder>> {
        Ok(Box::new(OrcDecoder::try_new(self, request)?))
    }
}

impl fmt::Debug for OrcFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrcFile")
            .field("path", &self.path)
            .field("row_groups", &self.row_groups)
            .finish_non_exhaustive()
    }
}
