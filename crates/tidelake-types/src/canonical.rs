//! Rows as lines of JSON, in one text for each value: what tests compare and what tools print.
//!
//! | type | text |
//! |---|---|
//! | BOOLEAN, whole numbers | `true`, `7` |
//! | FLOAT, DOUBLE | as Java writes them; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | DECIMAL | string with the full scale |
//! | CHAR, VARCHAR | string; escaped are `"`, `\` and what is below U+0020 |
//! | BINARY, VARBINARY | lower-case hexadecimal string |
//! | DATE, TIME | `"2024-02-29"`, milliseconds of the day |
//! | TIMESTAMP, with local time zone | `"2024-02-29T01:02:03.000000000"`, the same with `Z` |
//! | ARRAY; MAP, MULTISET; ROW | list; list of `[key,value]` sorted by their bytes; object |

mod reader;

use std::fmt::Write;

use arrow_array::{Array, RecordBatch, cast::AsArray};

pub use reader::{CanonicalReader, CanonicalRows, parse_canonical};

use crate::{
    Column, DataField, DataType, RowKind, ScalarRef, TypeKind,
    error::{InvalidValueSnafu, Result},
    text::{date_text, decimal_text, java_double_text, java_float_text, timestamp_text},
};

/// Appends one row of a batch as an object, without a line end. The columns of the batch are `fields`, in their order.
pub fn write_canonical_row(
    batch: &RecordBatch,
    row: usize,
    fields: &[DataField],
    kind: Option<RowKind>,
    out: &mut String,
) -> Result<()> {
    if batch.num_columns() != fields.len() || row >= batch.num_rows() {
        let message = format!(
            "row {row} of {} with {} columns, expected {}",
            batch.num_rows(),
            batch.num_columns(),
            fields.len()
        );
        return InvalidValueSnafu { message }.fail();
    }
    out.push('{');
    if let Some(kind) = kind {
        let _ = write!(out, "\"_kind\":\"{kind}\"{}", if fields.is_empty() { "" } else { "," });
    }
    write_members(batch.columns(), row, fields, out)?;
    out.push('}');
    Ok(())
}

/// Appends one value of a column.
pub fn write_canonical(array: &dyn Array, row: usize, data_type: &DataType, out: &mut String) -> Result<()> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    match &data_type.kind {
        TypeKind::Array(element) => {
            let Some(list) = array.as_list_opt::<i32>() else { return misheld(array, data_type) };
            let values = list.value(row);
            out.push('[');
            for index in 0..values.len() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(&values, index, element, out)?;
            }
            out.push(']');
        }
        TypeKind::Map(key, value) => write_map(array, row, key, value, out)?,
        TypeKind::Multiset(element) => write_map(array, row, element, &TypeKind::Int.not_null(), out)?,
        TypeKind::Row(fields) => match array.as_struct_opt() {
            Some(struct_array) if struct_array.num_columns() == fields.len() => {
                out.push('{');
                write_members(struct_array.columns(), row, fields, out)?;
                out.push('}');
            }
            _ => return misheld(array, data_type),
        },
        kind => match Column::try_new(array, data_type)?.get(row) {
            Some(value) => write_value(value, kind, out),
            None => out.push_str("null"),
        },
    }
    Ok(())
}

fn write_members(columns: &[arrow_array::ArrayRef], row: usize, fields: &[DataField], out: &mut String) -> Result<()> {
    for (index, (column, field)) in columns.iter().zip(fields).enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(&field.name, out);
        out.push(':');
        write_canonical(column, row, &field.data_type, out)?;
    }
    Ok(())
}

fn write_map(array: &dyn Array, row: usize, key: &DataType, value: &DataType, out: &mut String) -> Result<()> {
    let Some(map) = array.as_map_opt() else { return misheld(array, value) };
    let entries = map.value(row);
    let mut texts = Vec::with_capacity(entries.len());
    for index in 0..entries.len() {
        let mut text = String::from("[");
        write_canonical(entries.column(0), index, key, &mut text)?;
        text.push(',');
        write_canonical(entries.column(1), index, value, &mut text)?;
        text.push(']');
        texts.push(text);
    }
    texts.sort_unstable();
    out.push('[');
    out.push_str(&texts.join(","));
    out.push(']');
    Ok(())
}

fn write_value(value: ScalarRef<'_>, kind: &TypeKind, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value {
        ScalarRef::Boolean(value) => write!(out, "{value}"),
        ScalarRef::TinyInt(value) => write!(out, "{value}"),
        ScalarRef::SmallInt(value) => write!(out, "{value}"),
        ScalarRef::Int(value) | ScalarRef::Time(value) => write!(out, "{value}"),
        ScalarRef::BigInt(value) => write!(out, "{value}"),
        ScalarRef::Float(value) if value.is_finite() => out.write_str(&java_float_text(value)),
        ScalarRef::Float(value) => write!(out, "\"{}\"", java_float_text(value)),
        ScalarRef::Double(value) if value.is_finite() => out.write_str(&java_double_text(value)),
        ScalarRef::Double(value) => write!(out, "\"{}\"", java_double_text(value)),
        ScalarRef::Decimal(value) => match kind {
            TypeKind::Decimal { scale, .. } => write!(out, "\"{}\"", decimal_text(value, *scale)),
            _ => write!(out, "\"{value}\""),
        },
        ScalarRef::String(value) => {
            write_string(value, out);
            Ok(())
        }
        ScalarRef::Bytes(value) => {
            out.push('"');
            for byte in value {
                let _ = write!(out, "{byte:02x}");
            }
            out.push('"');
            Ok(())
        }
        ScalarRef::Date(days) => write!(out, "\"{}\"", date_text(days)),
        ScalarRef::Timestamp { millis, nanos } => {
            let zone = if matches!(kind, TypeKind::TimestampLtz(_)) { "Z" } else { "" };
            write!(out, "\"{}{zone}\"", timestamp_text(millis, nanos, 'T', 9))
        }
    };
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ..' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn misheld<T>(array: &dyn Array, data_type: &DataType) -> Result<T> {
    InvalidValueSnafu { message: format!("a column of type {data_type} is held as {}", array.data_type()) }.fail()
}
