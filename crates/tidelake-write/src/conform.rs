//! Rows as they came become rows of the table: columns by name, in the table's order and types.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, cast::AsArray, new_null_array,
    types::Time32MillisecondType,
};
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
            check_times(&column, field)?;
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
    let options = CastOptions { safe: false, ..Default::default() };
    let cast = match cast_with_options(column, target, &options) {
        Ok(cast) => cast,
        Err(error) => return refuse(error.to_string()),
    };
    // A cast to an integer cuts fractions without a word.
    let fractions = column.data_type().is_floating() || column.data_type().is_decimal();
    if fractions
        && target.is_integer()
        && cast_with_options(&cast, column.data_type(), &options)?.as_ref() != column.as_ref()
    {
        return refuse("some have a fraction".into());
    }
    Ok(cast)
}

/// Times of the day lie within a day; Arrow's own readers let others pass.
fn check_times(column: &ArrayRef, field: &DataField) -> Result<()> {
    const DAY_MS: i32 = 24 * 60 * 60 * 1000;
    let Some(times) = column.as_primitive_opt::<Time32MillisecondType>() else { return Ok(()) };
    match times.iter().flatten().find(|time| !(0..DAY_MS).contains(time)) {
        None => Ok(()),
        Some(time) => {
            let message = format!("column `{}` is {}, but {time} ms is no time of a day", field.name, field.data_type);
            InvalidRowsSnafu { message }.fail()
        }
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

#[cfg(test)]
mod tests {
    use arrow_array::{Decimal128Array, Float64Array, Int32Array, Time32MillisecondArray};
    use tidelake_types::{Options, arrow_schema};

    use super::*;

    fn conformed(kind: TypeKind, column: ArrayRef) -> Result<ArrayRef> {
        let fields = vec![DataField::new(0, "c", kind.nullable())];
        let table = TableSchema::create(fields, vec![], vec![], Options::new(), None, 0).unwrap();
        let batch = RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap();
        Ok(Arc::clone(conform(&batch, &table, &arrow_schema(&table.fields).unwrap())?.column(0)))
    }

    #[test]
    fn casts_keep_every_value_or_are_refused() {
        let whole: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(-3.0)]));
        let expected: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(-3)]));
        assert_eq!(&conformed(TypeKind::Int, whole).unwrap(), &expected);
        for broken in [1.5, f64::NAN, 1e10] {
            let column = Arc::new(Float64Array::from(vec![0.0, broken]));
            assert!(conformed(TypeKind::Int, column).is_err(), "{broken}");
        }
        let decimal = Decimal128Array::from(vec![150]).with_precision_and_scale(5, 2).unwrap();
        assert!(conformed(TypeKind::BigInt, Arc::new(decimal)).is_err());
    }

    #[test]
    fn times_lie_within_a_day() {
        let times = |time| Arc::new(Time32MillisecondArray::from(vec![Some(0), None, Some(time)]));
        conformed(TypeKind::Time(3), times(86_399_999)).unwrap();
        for wrong in [86_400_000, -1] {
            let error = conformed(TypeKind::Time(3), times(wrong)).unwrap_err().to_string();
            assert!(error.contains("`c`") && error.contains(&wrong.to_string()), "{error}");
        }
    }
}
