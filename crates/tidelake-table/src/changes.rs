//! Rows with their kinds.

use arrow_array::{Int8Array, RecordBatch};
use futures::stream::BoxStream;

use crate::Result;

/// Rows, and what each does.
#[derive(Debug, Clone)]
pub struct ChangeBatch {
    /// The rows.
    pub rows: RecordBatch,
    /// The byte of each row's kind ([`tidelake_types::RowKind`]).
    pub kinds: Int8Array,
}

/// Rows with their kinds, in reading order.
pub type Changes = BoxStream<'static, Result<ChangeBatch>>;
