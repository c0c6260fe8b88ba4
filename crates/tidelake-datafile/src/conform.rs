//! The same values under the Arrow type that is promised.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Int32Array, Int64Array, ListArray, MapArray, StructArray, cast::AsArray,
    types::TimestampNanosecondType,
};
use arrow_schema::{DataType, FieldRef, TimeUnit};
use tidelake_types::is_wide_timestamp;

use crate::{Result, error::InternalSnafu};

/// The array as one of type `form`. Names, ids and nullability of nested fields may differ (a file tells them as they
/// once were); timestamps of nanoseconds may become the wide form. Values stay where they are.
pub(crate) fn conform(array: &ArrayRef, form: &DataType) -> Result<ArrayRef> {
    if array.data_type() == form {
        return Ok(Arc::clone(array));
    }
    Ok(match (array.data_type(), form) {
        (DataType::Struct(_), DataType::Struct(fields)) if array.as_struct().num_columns() == fields.len() => {
            let (_, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.iter().zip(fields).map(|(column, field)| conform_child(column, field));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?)
        }
        (DataType::List(_), DataType::List(field)) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, conform_child(&values, field)?, nulls)?)
        }
        (DataType::Map(..), DataType::Map(field, ordered)) => {
            let (_, offsets, entries, nulls, _) = array.as_map().clone().into_parts();
            let entries: ArrayRef = Arc::new(entries);
            let entries = conform_child(&entries, field)?.as_struct().clone();
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, *ordered)?)
        }
        (DataType::Timestamp(TimeUnit::Nanosecond, _), DataType::Struct(fields)) if is_wide_timestamp(form) => {
            let instants = array.as_primitive::<TimestampNanosecondType>();
            let millis = instants.values().iter().map(|nanos| nanos.div_euclid(1_000_000));
            let nanos = instants.values().iter().map(|nanos| nanos.rem_euclid(1_000_000) as i32);
            let columns: Vec<ArrayRef> =
                vec![Arc::new(Int64Array::from_iter_values(millis)), Arc::new(Int32Array::from_iter_values(nanos))];
            Arc::new(StructArray::try_new(fields.clone(), columns, instants.nulls().cloned())?)
        }
        (have, want) => {
            return InternalSnafu { message: format!("a column came as {have} and not as {want}") }.fail();
        }
    })
}

fn conform_child(child: &ArrayRef, field: &FieldRef) -> Result<ArrayRef> {
    conform(child, field.data_type())
}

#[cfg(test)]
mod tests {
    use arrow_array::{TimestampNanosecondArray, types::Int32Type};
    use arrow_schema::Field;
    use tidelake_types::wide_timestamp_type;

    use super::*;

    #[test]
    fn nanoseconds_become_pairs_also_before_1970() {
        let narrow: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![Some(-1), None, Some(1_000_002)]));
        let wide = conform(&narrow, &wide_timestamp_type()).unwrap();
        let (millis, nanos) = (wide.as_struct().column(0), wide.as_struct().column(1));
        assert_eq!(millis.as_primitive::<arrow_array::types::Int64Type>().values(), &[-1, 0, 1]);
        assert_eq!(nanos.as_primitive::<Int32Type>().values(), &[999_999, 0, 2]);
        assert!(wide.is_null(1));
    }

    #[test]
    fn nested_fields_take_the_promised_names() {
        let stored = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None]), None]);
        let form = DataType::List(Arc::new(Field::new("element", DataType::Int32, true)));
        let conformed = conform(&(Arc::new(stored) as ArrayRef), &form).unwrap();
        assert_eq!(conformed.data_type(), &form);
        assert_eq!((conformed.len(), conformed.null_count()), (2, 1));
    }

    #[test]
    fn another_type_is_a_bug() {
        let array: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert!(conform(&array, &DataType::Utf8).unwrap_err().to_string().contains("Int32"));
    }
}
