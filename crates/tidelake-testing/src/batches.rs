//! Rows without ceremony.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};

/// A batch of named columns, all nullable.
///
/// ```
/// use tidelake_testing::{batch, ints, texts};
///
/// let rows = batch([("id", ints([1, 2])), ("name", texts(["a", "b"]))]);
/// assert_eq!(rows.num_rows(), 2);
/// ```
///
/// # Panics
///
/// If the columns differ in length.
pub fn batch<'n>(columns: impl IntoIterator<Item = (&'n str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// A column of `INT`.
pub fn ints(values: impl IntoIterator<Item = i32>) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(values))
}

/// A column of `BIGINT`.
pub fn longs(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A column of `STRING`.
pub fn texts<'v>(values: impl IntoIterator<Item = &'v str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}
