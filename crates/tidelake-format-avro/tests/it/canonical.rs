//! Rows as text: one JSON object for each, in the form in which expected rows are kept beside files written by Java.

use arrow_array::{Array, RecordBatch, StructArray, cast::AsArray};
use tidelake_types::{
    DataField, DataType, Scalar, TypeKind, date_text, decimal_text, java_double_text, java_float_text, timestamp_text,
};

/// One line for each row.
pub(crate) fn lines(batch: &RecordBatch, fields: &[DataField]) -> Vec<String> {
    let rows = StructArray::from(batch.clone());
    let row_type = TypeKind::Row(fields.to_vec()).not_null();
    values(&rows, &row_type)
}

fn values(array: &dyn Array, data_type: &DataType) -> Vec<String> {
    (0..array.len()).map(|row| value(array, row, data_type)).collect()
}

fn value(array: &dyn Array, row: usize, data_type: &DataType) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    match &data_type.kind {
        TypeKind::Array(element) => format!("[{}]", values(&array.as_list::<i32>().value(row), element).join(",")),
        TypeKind::Map(key, of) => pairs(&array.as_map().value(row), key, of),
        TypeKind::Multiset(key) => pairs(&array.as_map().value(row), key, &TypeKind::Int.not_null()),
        TypeKind::Row(fields) => {
            let columns = array.as_struct().columns().iter().zip(fields);
            let members = columns
                .map(|(column, field)| format!("{}:{}", quoted(&field.name), value(column, row, &field.data_type)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        _ => atom(Scalar::from_array(array, row, data_type).unwrap().unwrap(), data_type),
    }
}

fn pairs(entries: &StructArray, key: &DataType, of: &DataType) -> String {
    let (keys, of) = (values(entries.column(0), key), values(entries.column(1), of));
    let mut pairs: Vec<String> = keys.iter().zip(of).map(|(key, value)| format!("[{key},{value}]")).collect();
    pairs.sort();
    format!("[{}]", pairs.join(","))
}

fn atom(scalar: Scalar, data_type: &DataType) -> String {
    let number = |text: String| if text.contains(['N', 'I']) { quoted(&text) } else { text };
    match scalar {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::TinyInt(value) => value.to_string(),
        Scalar::SmallInt(value) => value.to_string(),
        Scalar::Int(value) | Scalar::Time(value) => value.to_string(),
        Scalar::BigInt(value) => value.to_string(),
        Scalar::Float(value) => number(java_float_text(value)),
        Scalar::Double(value) => number(java_double_text(value)),
        Scalar::Decimal(value) => {
            let TypeKind::Decimal { scale, .. } = data_type.kind else { unreachable!("a decimal of {data_type}") };
            quoted(&decimal_text(value, scale))
        }
        Scalar::String(value) => quoted(&value),
        Scalar::Bytes(value) => quoted(&value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Scalar::Date(value) => quoted(&date_text(value)),
        Scalar::Timestamp { millis, nanos } => {
            let zone = if matches!(data_type.kind, TypeKind::TimestampLtz(_)) { "Z" } else { "" };
            quoted(&format!("{}{zone}", timestamp_text(millis, nanos, 'T', 9)))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
