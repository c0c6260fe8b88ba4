//! Rows of a file become rows of the table, their kinds taken out of the column that says them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int8Array, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::DataType as ArrowType;
use tidelake::{ErrorKind, RowKind, TableSchema};

use super::values::{self, Change};
use crate::report::{Failure, Result};

/// The column that says what a row does, unless another is named.
pub(super) const KIND: &str = "_kind";

/// Rows as they are written.
pub(super) struct Rows {
    pub(super) rows: RecordBatch,
    /// What each does; without, all are inserts.
    pub(super) kinds: Option<Int8Array>,
}

/// What rows must look like.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) schema: Arc<TableSchema>,
    /// The column of kinds that the user named.
    pub(super) op_column: Option<String>,
}

impl Shape {
    /// The column of kinds.
    pub(super) fn kind_column(&self) -> &str {
        self.op_column.as_deref().unwrap_or(KIND)
    }

    /// Rows with the types of the table; `before` rows of the file came before them.
    pub(super) fn fit(&self, batch: &RecordBatch, before: u64, change: Change) -> Result<Rows> {
        let name = self.kind_column();
        let named = self.op_column.is_some();
        let Ok(index) = batch.schema_ref().index_of(name) else {
            if named {
                let message = format!("the file has no column `{name}`");
                return Err(
                    Failure::new(ErrorKind::InvalidInput, message).hint("--op-column names a column of the file")
                );
            }
            return Ok(Rows { rows: values::fitted(batch, &self.schema, before, change)?, kinds: None });
        };
        let kinds = kinds_of(batch.column(index), name, before, named)?;
        let others: Vec<usize> = (0..batch.num_columns()).filter(|column| *column != index).collect();
        let rows = batch.project(&others).map_err(crate::output::arrow)?;
        Ok(Rows { rows: values::fitted(&rows, &self.schema, before, change)?, kinds: Some(kinds) })
    }
}

/// Where the user named no column, one without a value says +I, as it does where there is none.
fn kinds_of(column: &ArrayRef, name: &str, before: u64, named: bool) -> Result<Int8Array> {
    let texts = arrow_cast::cast(column, &ArrowType::Utf8).map_err(crate::output::arrow)?;
    let texts: &StringArray = texts.as_string();
    (texts.iter().zip(before + 1..))
        .map(|(text, row)| {
            let kind = match text.unwrap_or(if named { "" } else { "+I" }) {
                "+I" | "I" | "i" | "insert" | "INSERT" | "c" | "r" => RowKind::Insert,
                "-U" | "update_before" => RowKind::UpdateBefore,
                "+U" | "U" | "u" | "update" | "UPDATE" | "update_after" => RowKind::UpdateAfter,
                "-D" | "D" | "d" | "delete" | "DELETE" => RowKind::Delete,
                other => {
                    let what = if text.is_none() { "nothing".to_owned() } else { format!("`{other}`") };
                    let message = format!("row {row}: {what} in column `{name}` does not say what the row does");
                    return Err(Failure::new(ErrorKind::InvalidInput, message).hint("write +I, -U, +U or -D"));
                }
            };
            Ok(Some(kind.as_byte()))
        })
        .collect()
}
