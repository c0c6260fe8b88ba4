//! The format: opening files.

use std::sync::Arc;

use tidelake_format::{
    FileFormat, FileRead, FormatContext, FormatEncoder, OpenFile, Result, Schema, WriteRequest, async_trait,
};

use crate::{fault::unsupported, tail::read_tail};

/// The value of `file.format` and the file extension.
pub(crate) const NAME: &str = "orc";

/// ORC files, for reading. Holds nothing: one value serves everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrcFormat;

#[async_trait]
impl FileFormat for OrcFormat {
    fn name(&self) -> &str {
        NAME
    }

    /// Refuses every schema: there is no encoder.
    fn check_schema(&self, _schema: &Schema) -> Result<()> {
        Err(no_encoder())
    }

    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        Ok(Arc::new(read_tail(file, context).await?))
    }

    /// Refuses: files of this format are read, not written.
    fn encoder(&self, _request: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        Err(no_encoder())
    }
}

fn no_encoder() -> tidelake_format::Error {
    unsupported("write data files, only read them: set `file.format` to parquet")
}
