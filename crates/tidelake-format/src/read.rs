//! The shell around a decoder: fetches, decodes on the CPU pool, hands out batches.
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::stream::BoxStream;
use tidelake_io::FileRead;
use tidelake_runtime::Runtime;
use tidelake_types::RowPositions;

use crate::{OpenFile, ReadRequest, Result};

/// Rows and where they stand in their file.
#[derive(Debug, Clone)]
pub struct DecodedBatch {
    /// The rows.
    pub rows: RecordBatch,
    /// Where each stands in the file.
    pub positions: RowPositions,
}

/// Batches of a part of a file, in file order, decoded ahead by a bounded number of batches. Dropping the stream stops it.
pub fn read(
    _file: Arc<dyn FileRead>,
    _open: Arc<dyn OpenFile>,
    _request: ReadRequest,
    _runtime: Runtime,
) -> BoxStream<'static, Result<DecodedBatch>> {
    todo!()
}
