//! What a query gives, be it of types that no column of a table has.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::Schema;
use tidelake::{
    DataField, TypeKind,
    types::{arrow_schema, field_from_arrow},
};

use super::arrow;
use crate::{args::Format, report::Result};

/// The columns of a query's result as those of a table; what no table holds is text.
pub(crate) struct QueryColumns {
    pub(crate) fields: Vec<DataField>,
    /// The columns that become text.
    texts: Vec<bool>,
    /// Whether only the very types of tables will do.
    exact: bool,
}

impl QueryColumns {
    pub(crate) fn new(schema: &Schema, format: Format) -> Self {
        let known = |(field, id): (&Arc<arrow_schema::Field>, i32)| match field_from_arrow(field, &mut { id }) {
            Ok(known) => (known, false),
            Err(_) => (DataField::new(id, field.name(), TypeKind::STRING.nullable()), true),
        };
        let (fields, texts) = schema.fields().iter().zip(0..).map(known).unzip();
        Self { fields, texts, exact: format == Format::Canonical }
    }

    /// A batch of the result as it is printed.
    pub(crate) fn shape(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        if !self.exact && !self.texts.contains(&true) {
            return Ok(rows.clone());
        }
        let table = arrow_schema(&self.fields)?;
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        for (index, column) in rows.columns().iter().enumerate() {
            let column = match self.texts[index] {
                true => Arc::new(text(column)?),
                false if self.exact => arrow_cast::cast(column, table.field(index).data_type()).map_err(arrow)?,
                false => Arc::clone(column),
            };
            let field = rows.schema_ref().field(index).clone();
            fields.push(field.with_data_type(column.data_type().clone()).with_nullable(true));
            columns.push(column);
        }
        let count = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &count).map_err(arrow)
    }
}

/// Values of any type as people read them.
fn text(column: &ArrayRef) -> Result<StringArray> {
    let format = ArrayFormatter::try_new(column, &FormatOptions::default()).map_err(arrow)?;
    let nulls = column.logical_nulls();
    (0..column.len())
        .map(|row| match nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            true => Ok(None),
            false => format.value(row).try_to_string().map(Some).map_err(arrow),
        })
        .collect()
}
