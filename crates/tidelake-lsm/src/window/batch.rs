//! Rows of one run with what merging needs beside them.

use arrow_array::{Array, Int8Array, Int64Array, RecordBatch};
use arrow_row::Rows;

use crate::{KeyOrder, Result, fault::internal};

/// Rows of one run in key order, with what merging needs beside them. All from one file, or from memory.
#[derive(Debug)]
pub struct KeyValueBatch {
    /// The keys.
    pub order: KeyOrder,
    /// The columns of `sequence.field`, encoded; the same for all batches of a table: there or not.
    pub user_sequence: Option<Rows>,
    /// Which of two rows with one key is newer.
    pub sequence: Int64Array,
    /// The stored kinds.
    pub kind: Int8Array,
    /// The columns wanted, and perhaps others after them.
    pub values: RecordBatch,
    /// Whether no key repeats, neither in this batch nor from it to the next one of its run.
    pub distinct: bool,
    /// The level of the file; 0 unless [`KeyValueBatch::at_level`] said otherwise.
    pub level: i32,
    /// The average row.
    row_bytes: usize,
}

impl KeyValueBatch {
    /// From parts of equal length. `distinct` is a promise.
    pub fn try_new(
        order: KeyOrder,
        user_sequence: Option<Rows>,
        sequence: Int64Array,
        kind: Int8Array,
        values: RecordBatch,
        distinct: bool,
    ) -> Result<Self> {
        let rows = values.num_rows();
        let lengths = [order.len(), user_sequence.as_ref().map_or(rows, Rows::num_rows), sequence.len(), kind.len()];
        if lengths.iter().any(|&length| length != rows) || u32::try_from(rows).is_err() {
            return Err(internal(format!(
                "a batch of {rows} rows has keys, sequences and kinds of lengths {lengths:?}"
            )));
        }
        let row_bytes = slice_bytes(&values) / rows.max(1);
        Ok(Self { order, user_sequence, sequence, kind, values, distinct, level: 0, row_bytes })
    }

    /// The same rows, from a file of this level.
    #[must_use]
    pub fn at_level(self, level: i32) -> Self {
        Self { level, ..self }
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.values.num_rows()
    }

    /// Bytes of the average row's values.
    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
    }
}

/// Bytes that the rows of a batch take themselves, however large the buffers are that they lie in.
pub(crate) fn slice_bytes(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|array| array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()))
        .sum()
}
