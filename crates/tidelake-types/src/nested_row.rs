//! The bytes of nested values inside binary rows, from Arrow.
//!
//! ```text
//! ARRAY   count: i32 | null bits in whole 4 bytes | elements of 1, 2, 4 or 8 bytes | padding to 8 | variable part
//! MAP     bytes of the key array: i32 | key array | value array            MULTISET: a MAP to INT
//! ROW     a binary row without arity
//! ```

use arrow_array::{Array, ArrayRef, cast::AsArray};

use crate::{
    Column, DataType, TypeKind,
    error::{Result, UnsupportedTypeSnafu},
    row_writer::RowWriter,
};

/// Writes field `index` from row `row` of a column of any type.
pub(crate) fn write_any(
    writer: &mut RowWriter,
    index: usize,
    array: &dyn Array,
    row: usize,
    data_type: &DataType,
) -> Result<()> {
    if !data_type.kind.is_nested() {
        return writer.write(index, &data_type.kind, Column::try_new(array, data_type)?.get(row));
    }
    if array.is_null(row) {
        return writer.write(index, &data_type.kind, None);
    }
    writer.write_item(index, &nested_bytes(array, row, data_type)?);
    Ok(())
}

fn nested_bytes(array: &dyn Array, row: usize, data_type: &DataType) -> Result<Vec<u8>> {
    let count = TypeKind::Int.not_null();
    let map = match &data_type.kind {
        TypeKind::Array(element) if array.as_list_opt::<i32>().is_some() => {
            return array_bytes(&array.as_list::<i32>().value(row), element);
        }
        TypeKind::Row(fields) => match array.as_struct_opt() {
            Some(struct_array) if struct_array.num_columns() == fields.len() => {
                let mut writer = RowWriter::new(fields.len());
                for (index, (column, field)) in struct_array.columns().iter().zip(fields).enumerate() {
                    write_any(&mut writer, index, column, row, &field.data_type)?;
                }
                return Ok(writer.bytes().to_vec());
            }
            _ => None,
        },
        TypeKind::Map(key, value) => Some((key.as_ref(), value.as_ref())),
        TypeKind::Multiset(element) => Some((element.as_ref(), &count)),
        _ => None,
    };
    let (Some((key, value)), Some(map_array)) = (map, array.as_map_opt()) else {
        let reason = format!("binary rows are not made of {}", array.data_type());
        return UnsupportedTypeSnafu { data_type: data_type.to_string(), reason }.fail();
    };
    let entries = map_array.value(row);
    let keys = array_bytes(entries.column(0), key)?;
    let mut bytes = (keys.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&keys);
    bytes.extend_from_slice(&array_bytes(entries.column(1), value)?);
    Ok(bytes)
}

fn array_bytes(values: &ArrayRef, element: &DataType) -> Result<Vec<u8>> {
    let width = match &element.kind {
        TypeKind::Boolean | TypeKind::TinyInt => 1,
        TypeKind::SmallInt => 2,
        TypeKind::Int | TypeKind::Float | TypeKind::Date | TypeKind::Time(_) => 4,
        _ => 8,
    };
    let mut writer = RowWriter::array(values.len(), width);
    for index in 0..values.len() {
        write_any(&mut writer, index, values, index, element)?;
    }
    Ok(writer.bytes().to_vec())
}
