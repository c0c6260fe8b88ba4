//! The format: opening files.

use std::sync::Arc;

use tidelake_format::{
    Error, FileFormat, FileRead, FormatContext, FormatEncoder, OpenFile, Result, Schema, WriteRequest, async_trait,
};

use crate::blocks::open;

/// The value of `file.format` and the file extension.
pub(crate) const NAME: &str = "avro";

/// Avro files, to be read. Holds nothing: one value serves everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct AvroFormat;

#[async_trait]
impl FileFormat for AvroFormat {
    fn name(&self) -> &str {
        NAME
    }

    fn check_schema(&self, _: &Schema) -> Result<()> {
        Err(read_only())
    }

    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        Ok(Arc::new(open(file, context).await?))
    }

    fn encoder(&self, _: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        Err(read_only())
    }
}

fn read_only() -> Error {
    Error::unsupported(NAME, "be written, only read (set `file.format` to `parquet`)")
}
