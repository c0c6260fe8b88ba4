//! A predicate over a batch.
use arrow_array::{BooleanArray, RecordBatch};

use crate::{Predicate, Result};

/// One boolean for each row, never null (null counts as false). Columns are found by name in the batch, whose Arrow
/// types are those of `tidelake_types::arrow_type` for the leaf's field. Floats compare as Java's `Double.compare`
/// orders them, strings and binaries bytewise.
pub fn evaluate(_predicate: &Predicate, _batch: &RecordBatch) -> Result<BooleanArray> {
    todo!()
}
