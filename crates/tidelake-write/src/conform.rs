//! Rows as they came become rows of the table: columns by name, in the table's order and types.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::SchemaRef;
use arrow_select::zip::zip;
use tidelake_meta::TableSchema;
use tidelake_types::{DataField, DataType, Scalar, TypeKind, arrow_type, cast_scalar};

use crate::error::{InvalidRowsSnafu, Result};

/// The batch with the table's columns, in its order and Arrow types (`schema` is the table's Arrow schema).
///
/// Columns are found by name. A column that is not given is its default, else null. Arrow types may differ where a cast
/// keeps every value (a value that does not fit is an error). Nulls become the column's default; what is then null in a
/// NOT NULL column is an error that names column and row.
pub fn conform(batch: &RecordBatch, table: &TableSchema, schema: &SchemaRef) -> Result<RecordBatch> {
    for field in batch.schema_ref().fields() {
        if table.field(field.name()).is_none() {
            let known = table.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
            return InvalidRowsSnafu {
                message: format!("the table has no column `{}` (it has: {known})", field.name()),
            }
            .fail();
        }
    }
    let columns = (table.fields.iter().zip(schema.fields()))
        .map(|(field, target)| {
            let column = match batch.column_by_name(&field.name) {
                Some(column) => retyped(column, field, target.data_type())?,
                None => new_null_array(target.data_type(), batch.num_rows()),
            };
            let column = defaulted(column, field)?;
            if !field.data_type.nullable && column.null_count() > 0 {
                let row = (0..column.len()).find(|row| column.is_null(*row)).unwrap_or_default();
                let message =
                    format!("column `{}` is NOT NULL, but row {row} of the batch has no value for it", field.name);
                return InvalidRowsSnafu { message }.fail();
            }
            Ok(column)
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn retyped(column: &ArrayRef, field: &DataField, target: &arrow_schema::DataType) -> Result<ArrayRef> {
    if column.data_type() == target {
        return Ok(Arc::clone(column));
    }
    let refuse = |reason: String| {
        let message =
            format!("column `{}` is {}, the rows have {}: {reason}", field.name, field.data_type, column.data_type());
        InvalidRowsSnafu { message }.fail()
    };
    if !can_cast_types(column.data_type(), target) {
        return refuse("that cannot be converted".into());
    }
    match cast_with_options(column, target, &CastOptions { safe: false, ..Default::default() }) {
        Ok(column) => Ok(column),
        Err(error) => refuse(error.to_string()),
    }
}

fn defaulted(column: ArrayRef, field: &DataField) -> Result<ArrayRef> {
    let Some(text) = field.default_value.as_deref().filter(|_| column.null_count() > 0) else { return Ok(column) };
    let string = DataType { kind: TypeKind::STRING, nullable: true };
    let value = cast_scalar(&Scalar::String(text.to_owned()), &string, &field.data_type)?;
    let constant = Scalar::repeat(value.as_ref(), 1, &field.data_type)?;
    debug_assert_eq!(constant.data_type(), &arrow_type(&field.data_type)?);
    let missing = BooleanArray::new(
        column
            .nulls()
            .map(|nulls| !nulls.inner())
            .unwrap_or_else(|| arrow_buffer::BooleanBuffer::new_unset(column.len())),
        None,
    );
    Ok(zip(&missing, &arrow_array::Scalar::new(constant), &column)?)
}
