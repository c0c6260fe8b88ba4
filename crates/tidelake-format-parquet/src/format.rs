//! The format: opening files and starting new ones.

use std::sync::Arc;

use tidelake_format::{
    FileFormat, FileRead, FormatContext, FormatEncoder, OpenFile, Result, Schema, WriteRequest, async_trait,
};

use crate::{encoder::ParquetEncoder, footer::read_footer, schema::parquet_schema};

/// The value of `file.format` and the file extension.
pub(crate) const NAME: &str = "parquet";

/// Parquet files. Holds nothing: one value serves everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParquetFormat;

#[async_trait]
impl FileFormat for ParquetFormat {
    fn name(&self) -> &str {
        NAME
    }

    fn check_schema(&self, schema: &Schema) -> Result<()> {
        parquet_schema(schema).map(drop)
    }

    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        Ok(Arc::new(read_footer(file, context).await?))
    }

    fn encoder(&self, request: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        Ok(Box::new(ParquetEncoder::try_new(request)?))
    }
}
