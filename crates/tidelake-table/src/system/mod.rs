//! System tables: what a table knows of itself, as rows. Names and columns are Java's (1.4).

mod audit_log;
mod files;
mod manifests;
mod options;
mod schemas;
mod snapshots;
mod tags;
mod text;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use futures::TryStreamExt;
use tidelake_meta::Snapshot;
use tidelake_types::{DataField, Scalar, TypeKind, arrow_schema};

use crate::{
    Result, Table,
    error::{InvalidSnafu, NotFoundSnafu},
};

pub(crate) use audit_log::{AUDIT_LOG, row_kinds};
pub use audit_log::{TABLE_READ_SEQUENCE_NUMBER_ENABLED, audit_log_fields};

/// The system tables there are: `table$snapshots`, …
pub const SYSTEM_TABLES: [&str; 7] = ["snapshots", "files", "schemas", "options", "manifests", "tags", AUDIT_LOG];

/// The columns of a system table; an error that lists the known ones for any other name. Those of `audit_log` are a table's
/// own: [`audit_log_fields`].
pub fn system_schema(name: &str) -> Result<Vec<DataField>> {
    Ok(match name {
        "snapshots" => snapshots::fields(),
        "files" => files::fields(),
        "schemas" => schemas::fields(),
        "options" => options::fields(),
        "manifests" => manifests::fields(),
        "tags" => tags::fields(),
        AUDIT_LOG => {
            let message = "the columns of `$audit_log` are those of its table: ask the table for them";
            return InvalidSnafu { message }.fail();
        }
        other => {
            let message = format!(
                "there is no system table `${other}` in this build (there are: ${})",
                SYSTEM_TABLES.join(", $")
            );
            return NotFoundSnafu { message }.fail();
        }
    })
}

pub(crate) async fn read(table: &Table, name: &str) -> Result<RecordBatch> {
    if name == AUDIT_LOG {
        let plan = table.scan().audit_log().plan().await?;
        let batches: Vec<_> = table.read(&plan)?.try_collect().await?;
        return Ok(concat_batches(&plan.arrow_schema()?, &batches)?);
    }
    let mut rows = Rows::new(system_schema(name)?);
    match name {
        "snapshots" => snapshots::read(table, &mut rows).await?,
        "files" => files::read(table, &mut rows).await?,
        "schemas" => schemas::read(table, &mut rows).await?,
        "options" => options::read(table, &mut rows),
        "manifests" => manifests::read(table, &mut rows).await?,
        _ => tags::read(table, &mut rows).await?,
    }
    rows.finish()
}

/// The snapshot that the options of the table ask for, `None` for an empty table.
async fn travelled(table: &Table) -> Result<Option<Snapshot>> {
    Ok(table.planner().resolve(&table.read_from()?).await?.snapshot)
}

/// Rows of a system table being gathered, column by column.
struct Rows {
    fields: Vec<DataField>,
    columns: Vec<Vec<Option<Scalar>>>,
}

impl Rows {
    fn new(fields: Vec<DataField>) -> Self {
        Self { columns: vec![Vec::new(); fields.len()], fields }
    }

    fn push<const N: usize>(&mut self, row: [Option<Scalar>; N]) {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
    }

    fn finish(self) -> Result<RecordBatch> {
        let schema: SchemaRef = arrow_schema(&self.fields)?;
        let rows = self.columns.first().map_or(0, Vec::len);
        let columns = (self.fields.iter().zip(&self.columns).zip(schema.fields()))
            .map(|((field, values), target)| -> Result<ArrayRef> {
                if field.data_type.kind.is_nested() {
                    // The only nested column, `write_cols`, is null in every file of this build.
                    return Ok(arrow_array::new_null_array(target.data_type(), values.len()));
                }
                Ok(Scalar::to_array(values, &field.data_type)?)
            })
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?)
    }
}

/// Columns from `(name, type, nullable)`.
fn columns<const N: usize>(columns: [(&str, TypeKind, bool); N]) -> Vec<DataField> {
    (columns.into_iter().zip(0..))
        .map(|((name, kind, nullable), id)| DataField::new(id, name, kind.nullable().with_nullable(nullable)))
        .collect()
}

fn string(text: impl Into<String>) -> Option<Scalar> {
    Some(Scalar::String(text.into()))
}

fn long(value: i64) -> Option<Scalar> {
    Some(Scalar::BigInt(value))
}

fn millis(value: i64) -> Option<Scalar> {
    Some(Scalar::Timestamp { millis: value, nanos: 0 })
}
