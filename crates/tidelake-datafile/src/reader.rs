//! Reading one data file.
use arrow_array::RecordBatch;
use futures::stream::BoxStream;
use tidelake_expr::Predicate;
use tidelake_meta::DataFileMeta;
use tidelake_types::{DataField, RowPositions};

use crate::{BucketPlace, Result, TableFiles};

/// What is wanted of a data file.
#[derive(Debug, Clone)]
pub struct FileReadRequest {
    /// The columns, in output order: fields of today's schema (nested ones perhaps pruned), and `_SEQUENCE_NUMBER`,
    /// `_VALUE_KIND` (system ids) of key-value files. `_KEY_` columns are never asked for: the value column is the same.
    pub fields: Vec<DataField>,
    /// Rows that fail it may be left out. Only give what is safe for this file (data spec 10).
    pub predicate: Option<Predicate>,
    /// Whether TIMESTAMP(7..9) comes in the wide form.
    pub wide_timestamps: bool,
    /// At most so many rows in a batch.
    pub batch_rows: usize,
}

/// Rows of a file in today's types, and where each stands in the file.
#[derive(Debug, Clone)]
pub struct FileBatch {
    /// The rows.
    pub rows: RecordBatch,
    /// Where each stands in the file.
    pub positions: RowPositions,
}

/// Batches in file order.
pub type FileStream = BoxStream<'static, Result<FileBatch>>;

/// Reads a data file of any schema: columns matched by field id through the file's own schema, renamed, cast, filled with
/// nulls where the file is older, partition columns filled from the place (data spec 1.7).
pub fn read_file(_files: &TableFiles, _place: &BucketPlace, _file: &DataFileMeta, _request: &FileReadRequest) -> FileStream {
    todo!()
}
