//! Canonical lines to batches: a column at a time, nested ones by flattening a level at a time.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int8Array, ListArray, MapArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType as ArrowType, SchemaRef};
use serde_json::Value;

use crate::{
    ColumnBuilder, DataField, DataType, RowKind, Scalar, TypeKind, arrow_schema, arrow_schema_wide,
    cast::from_text,
    error::{InvalidValueSnafu, Result},
};

/// Turns canonical lines into batches.
#[derive(Debug)]
pub struct CanonicalReader {
    fields: Vec<DataField>,
    schema: SchemaRef,
}

/// Rows that were read.
#[derive(Debug, Clone)]
pub struct CanonicalRows {
    /// The columns.
    pub batch: RecordBatch,
    /// The bytes of `_kind`, `+I` where a line has none; `None` if no line has one.
    pub kinds: Option<Int8Array>,
}

impl CanonicalReader {
    /// For rows of these columns.
    pub fn new(fields: &[DataField]) -> Result<Self> {
        Ok(Self { fields: fields.to_vec(), schema: arrow_schema(fields)? })
    }

    /// As [`CanonicalReader::new`], batches with wide timestamps.
    pub fn wide(fields: &[DataField]) -> Result<Self> {
        Ok(Self { fields: fields.to_vec(), schema: arrow_schema_wide(fields)? })
    }

    /// Reads lines of text; blank ones are passed over. Errors name line (from 1), column and cause.
    pub fn read_text(&self, text: &str) -> Result<CanonicalRows> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(value) => lines.push((index + 1, value)),
                Err(error) => return failed(index + 1, None, format!("not a JSON object: {error}")),
            }
        }
        let lines: Vec<_> = lines.iter().map(|(line, value)| (*line, value)).collect();
        self.read_numbered(&lines)
    }

    /// Reads objects. A missing column is null, an unknown one an error. Lines count from 1.
    pub fn read(&self, lines: &[Value]) -> Result<CanonicalRows> {
        let lines: Vec<_> = lines.iter().enumerate().map(|(index, value)| (index + 1, value)).collect();
        self.read_numbered(&lines)
    }

    fn read_numbered(&self, lines: &[(usize, &Value)]) -> Result<CanonicalRows> {
        let mut kinds = None;
        for (row, (line, value)) in lines.iter().enumerate() {
            let Value::Object(members) = value else {
                return failed(*line, None, "not a JSON object");
            };
            for (name, member) in members {
                if self.fields.iter().any(|field| field.name == *name) {
                    continue;
                }
                if name != "_kind" {
                    return failed(*line, Some(name), "there is no such column");
                }
                let Some(kind) = member.as_str().and_then(RowKind::from_text) else {
                    return failed(*line, Some(name), format!("{member} is not a row kind"));
                };
                kinds.get_or_insert_with(|| vec![RowKind::Insert.as_byte(); lines.len()])[row] = kind.as_byte();
            }
        }
        let mut columns = Vec::with_capacity(self.fields.len());
        for (field, form) in self.fields.iter().zip(self.schema.fields()) {
            let cells: Vec<_> = lines
                .iter()
                .map(|(line, value)| Cell { line: *line, value: value.get(&field.name), masked: false })
                .collect();
            columns.push(build(&cells, &field.data_type, form.data_type(), &field.name)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(lines.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(CanonicalRows { batch, kinds: kinds.map(Int8Array::from) })
    }
}

/// A value of a column and where it came from.
#[derive(Clone, Copy)]
struct Cell<'a> {
    line: usize,
    value: Option<&'a Value>,
    /// Whether it lies in a ROW that is null, and so may be null whatever its type says.
    masked: bool,
}

impl<'a> Cell<'a> {
    /// `None` for null.
    fn present(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }
}

fn build(cells: &[Cell<'_>], data_type: &DataType, form: &ArrowType, column: &str) -> Result<ArrayRef> {
    if !data_type.nullable
        && let Some(cell) = cells.iter().find(|cell| cell.present().is_none() && !cell.masked)
    {
        return failed(cell.line, Some(column), "null, but the type is NOT NULL");
    }
    let nulls = || NullBuffer::from_iter(cells.iter().map(|cell| cell.present().is_some()));
    match (&data_type.kind, form) {
        (TypeKind::Array(element), ArrowType::List(element_form)) => {
            let (offsets, children) = flatten(cells, column)?;
            let values = build(&children, element, element_form.data_type(), column)?;
            Ok(Arc::new(ListArray::try_new(Arc::clone(element_form), offsets, values, Some(nulls()))?))
        }
        (TypeKind::Map(..) | TypeKind::Multiset(_), ArrowType::Map(entries, _)) => {
            let count = TypeKind::Int.not_null();
            let (key, value) = match &data_type.kind {
                TypeKind::Map(key, value) => (key.as_ref().clone(), value.as_ref()),
                TypeKind::Multiset(element) => (element.as_ref().clone(), &count),
                _ => return failed(0, Some(column), "not a map"),
            };
            let ArrowType::Struct(pair) = entries.data_type() else {
                return failed(0, Some(column), "a map without entries");
            };
            let (offsets, children) = flatten(cells, column)?;
            let mut sides = [Vec::with_capacity(children.len()), Vec::with_capacity(children.len())];
            for child in &children {
                match child.value.and_then(Value::as_array).map(Vec::as_slice) {
                    Some([key, value]) => {
                        sides[0].push(Cell { value: Some(key), ..*child });
                        sides[1].push(Cell { value: Some(value), ..*child });
                    }
                    _ => return failed(child.line, Some(column), "an entry of a map is not `[key,value]`"),
                }
            }
            let columns = vec![
                build(&sides[0], &key.with_nullable(false), pair[0].data_type(), column)?,
                build(&sides[1], value, pair[1].data_type(), column)?,
            ];
            let pairs = StructArray::try_new(pair.clone(), columns, None)?;
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, Some(nulls()), false)?))
        }
        (TypeKind::Row(fields), ArrowType::Struct(forms)) => {
            for cell in cells {
                match cell.present() {
                    None => {}
                    Some(Value::Object(members)) => {
                        let unknown = members.keys().find(|name| !fields.iter().any(|field| field.name == **name));
                        if let Some(name) = unknown {
                            return failed(cell.line, Some(column), format!("there is no field `{name}` in it"));
                        }
                    }
                    Some(other) => return failed(cell.line, Some(column), format!("{other} is not an object")),
                }
            }
            if fields.is_empty() {
                return Ok(Arc::new(StructArray::new_empty_fields(cells.len(), Some(nulls()))));
            }
            let mut columns = Vec::with_capacity(fields.len());
            for (field, form) in fields.iter().zip(forms) {
                let member = |cell: &Cell<'_>| cell.present().and_then(|value| value.get(&field.name)).is_some();
                let children: Vec<_> = cells
                    .iter()
                    .map(|cell| Cell {
                        line: cell.line,
                        value: if member(cell) { cell.value.and_then(|value| value.get(&field.name)) } else { None },
                        masked: cell.masked || cell.present().is_none(),
                    })
                    .collect();
                columns.push(build(
                    &children,
                    &field.data_type,
                    form.data_type(),
                    &format!("{column}.{}", field.name),
                )?);
            }
            Ok(Arc::new(StructArray::try_new(forms.clone(), columns, Some(nulls()))?))
        }
        _ => {
            let mut builder = ColumnBuilder::try_new(data_type, form, cells.len())?;
            for cell in cells {
                let value = match cell.present() {
                    Some(value) => parse_canonical(value, data_type),
                    None => Ok(None),
                };
                let pushed = value.and_then(|value| builder.push(value.as_ref().map(Scalar::as_ref)));
                if let Err(error) = pushed {
                    return failed(cell.line, Some(column), error);
                }
            }
            builder.finish()
        }
    }
}

/// The elements of lists, one after another, and where each list begins.
fn flatten<'a>(cells: &[Cell<'a>], column: &str) -> Result<(OffsetBuffer<i32>, Vec<Cell<'a>>)> {
    let mut children = Vec::new();
    let mut offsets = vec![0_i32];
    for cell in cells {
        match cell.present() {
            None => {}
            Some(Value::Array(elements)) => {
                children.extend(elements.iter().map(|element| Cell { value: Some(element), ..*cell }));
            }
            Some(other) => return failed(cell.line, Some(column), format!("{other} is not a list")),
        }
        match i32::try_from(children.len()) {
            Ok(end) => offsets.push(end),
            Err(_) => return failed(cell.line, Some(column), "too many elements for one batch"),
        }
    }
    Ok((OffsetBuffer::new(ScalarBuffer::from(offsets)), children))
}

/// A value of an atomic type from its canonical JSON.
pub fn parse_canonical(json: &Value, data_type: &DataType) -> Result<Option<Scalar>> {
    use TypeKind as K;
    if json.is_null() {
        return Ok(None);
    }
    let whole = || json.as_i64();
    let text = || json.as_str();
    let parsed = match &data_type.kind {
        K::Boolean => json.as_bool().map(Scalar::Boolean),
        K::TinyInt => whole().and_then(|value| value.try_into().ok()).map(Scalar::TinyInt),
        K::SmallInt => whole().and_then(|value| value.try_into().ok()).map(Scalar::SmallInt),
        K::Int => whole().and_then(|value| value.try_into().ok()).map(Scalar::Int),
        K::BigInt => whole().map(Scalar::BigInt),
        // From the digits, not from another float: no double rounding.
        K::Float => number_text(json).and_then(|digits| from_text::float(&digits)).map(Scalar::Float),
        K::Double => number_text(json).and_then(|digits| from_text::double(&digits)).map(Scalar::Double),
        K::Decimal { precision, scale } => number_text(json)
            .and_then(|digits| from_text::decimal(&digits, *precision, *scale))
            .flatten()
            .map(Scalar::Decimal),
        K::Char(_) | K::Varchar(_) => text().map(|text| Scalar::String(text.to_owned())),
        K::Binary(_) | K::Varbinary(_) => text().and_then(unhex).map(Scalar::Bytes),
        K::Date => text().and_then(from_text::iso_date).and_then(|days| days.try_into().ok()).map(Scalar::Date),
        K::Time(_) => match text() {
            Some(text) => from_text::time(text),
            None => whole().and_then(|value| value.try_into().ok()),
        }
        .filter(|millis| (0..86_400_000).contains(millis))
        .map(Scalar::Time),
        K::Timestamp(precision) => text().and_then(|text| from_text::iso_timestamp(text, *precision)),
        K::TimestampLtz(precision) => {
            text().and_then(|text| from_text::iso_timestamp(text.strip_suffix('Z').unwrap_or(text), *precision))
        }
        _ => None,
    };
    match parsed {
        Some(value) => Ok(Some(value)),
        None => InvalidValueSnafu { message: format!("{json} is not a value of type {data_type}") }.fail(),
    }
}

fn number_text(json: &Value) -> Option<String> {
    match json {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

fn failed<T>(line: usize, column: Option<&str>, cause: impl std::fmt::Display) -> Result<T> {
    let message = match column {
        Some(column) => format!("line {line}, column `{column}`: {cause}"),
        None => format!("line {line}: {cause}"),
    };
    InvalidValueSnafu { message }.fail()
}
