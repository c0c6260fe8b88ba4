//! The values of a file become those of a column, or are refused: none is cut to fit.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, RecordBatch, UInt64Array,
    cast::AsArray,
    types::{Float32Type, Float64Type, Time32MillisecondType},
};
use arrow_cast::{
    CastOptions, cast_with_options,
    display::{ArrayFormatter, FormatOptions},
};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema, TimeUnit};
use tidelake::{
    DataField, ErrorKind, TableSchema, TypeKind,
    types::{arrow_field, arrow_type, cast_array},
};

use crate::{
    nested::{changed, retyped},
    report::{Failure, Result},
};

/// How a value becomes one of another type.
pub(super) type Change = fn(&ArrayRef, &ArrowType) -> Result<ArrayRef, ArrowError>;

const MILLIS_PER_DAY: i32 = 24 * 60 * 60 * 1000;

/// A column as ndjson is read: integers with the digits behind their point, bytes as the text that they are written as.
pub(super) fn json_field(field: &DataField) -> Result<Field> {
    let field = arrow_field(field)?.with_nullable(true);
    let read = retyped(field.data_type(), &|data_type| match data_type {
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Int64 => ArrowType::Decimal128(38, 18),
        ArrowType::Binary => ArrowType::Utf8,
        other => other.clone(),
    });
    Ok(field.with_data_type(read))
}

/// The rows with the types of the table's columns; `before` rows came before them.
pub(super) fn fitted(batch: &RecordBatch, table: &TableSchema, before: u64, change: Change) -> Result<RecordBatch> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (given, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let column = match table.field(given.name()) {
            Some(field) => fitted_column(column, field, before, change)?,
            // The column of row kinds, or one the writer refuses by name.
            None => Arc::clone(column),
        };
        fields.push(given.as_ref().clone().with_data_type(column.data_type().clone()));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(crate::output::arrow)
}

fn fitted_column(column: &ArrayRef, field: &DataField, before: u64, change: Change) -> Result<ArrayRef> {
    let target = arrow_type(&field.data_type)?;
    let error = match changed(column, &target, &change) {
        Ok(column) => return Ok(column),
        Err(error) => error,
    };
    // Which row it was. `take` makes lists of that row alone, where a slice would keep those of all.
    for row in 0..column.len() as u64 {
        let one =
            arrow_select::take::take(column, &UInt64Array::from(vec![row]), None).map_err(crate::output::arrow)?;
        if changed(&one, &target, &change).is_err() {
            let message = format!(
                "row {}: {} in column `{}` is not {}",
                before + row + 1,
                shown(&one),
                field.name,
                field.data_type
            );
            return Err(Failure::new(ErrorKind::InvalidInput, message));
        }
    }
    Err(crate::output::arrow(error).while_doing(format!("convert column `{}`", field.name)))
}

fn shown(one: &ArrayRef) -> String {
    let text =
        ArrayFormatter::try_new(one, &FormatOptions::default()).and_then(|format| format.value(0).try_to_string());
    match text {
        Ok(text) if matches!(one.data_type(), ArrowType::Decimal128(..)) => {
            format!("`{}`", text.trim_end_matches('0').trim_end_matches('.'))
        }
        Ok(text) => format!("`{text}`"),
        // A time that is none cannot be written as one.
        Err(_) => "a value".to_owned(),
    }
}

/// From what a text format holds: bytes are hex digits, times as Paimon writes them.
pub(super) fn from_text(values: &ArrayRef, target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    match (values.data_type(), target) {
        (ArrowType::Utf8, ArrowType::Binary) => from_hex(values),
        (ArrowType::Utf8, ArrowType::Time32(TimeUnit::Millisecond)) => {
            let string = TypeKind::STRING.nullable();
            let times = cast_array(values, &string, &TypeKind::Time(3).nullable())
                .map_err(|error| ArrowError::CastError(error.to_string()))?;
            if times.null_count() > values.null_count() {
                return Err(lost(values, target));
            }
            lossless(&times, target)
        }
        _ => lossless(values, target),
    }
}

/// By a cast that has a way back to what the value was, or that reads or writes text.
pub(super) fn lossless(values: &ArrayRef, target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let source = values.data_type();
    let cast = if source == target { Arc::clone(values) } else { cast_with_options(values, target, &strict)? };
    let keeps = match (source, target) {
        (ArrowType::Float64, ArrowType::Float32) => {
            // Digits may go, as they do whenever a float is written; the number may not.
            let (wide, narrow) = (values.as_primitive::<Float64Type>(), cast.as_primitive::<Float32Type>());
            wide.iter()
                .zip(narrow)
                .all(|(wide, narrow)| wide.is_none_or(f64::is_infinite) || !narrow.is_some_and(f32::is_infinite))
        }
        _ if source == target || is_text(source) || is_text(target) => true,
        _ => cast_with_options(&cast, source, &strict)?.as_ref() == values.as_ref(),
    };
    let in_day = !matches!(target, ArrowType::Time32(TimeUnit::Millisecond))
        || (cast.as_primitive::<Time32MillisecondType>().iter().flatten())
            .all(|time| (0..MILLIS_PER_DAY).contains(&time));
    if keeps && in_day { Ok(cast) } else { Err(lost(values, target)) }
}

fn is_text(data_type: &ArrowType) -> bool {
    data_type.is_string() || data_type.is_binary()
}

/// Two digits a byte, in either case.
fn from_hex(texts: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let bytes = |text: &str| {
        let pairs = text.as_bytes().chunks(2);
        pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect::<Option<Vec<u8>>>()
    };
    let decoded = texts.as_string::<i32>().iter().map(|text| match text {
        Some(text) => bytes(text).map(Some).ok_or_else(|| lost(texts, &ArrowType::Binary)),
        None => Ok(None),
    });
    Ok(Arc::new(decoded.collect::<Result<BinaryArray, _>>()?))
}

/// Told with row and value by [`fitted_column`].
fn lost(values: &ArrayRef, target: &ArrowType) -> ArrowError {
    ArrowError::CastError(format!("a value of {} is not {target}", values.data_type()))
}
