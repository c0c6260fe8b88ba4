//! Paimon's casts: what Java's CastExecutors do, column at a time.
//!
//! Where Java renders an instant in the zone of its JVM, this is UTC. Casts of nested types to text are not made.

pub(crate) mod from_text;
mod value;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray, cast::AsArray, new_null_array};
use arrow_schema::{DataType as ArrowType, Field, Fields};

use crate::{
    Column, ColumnBuilder, DataField, DataType, Scalar, TypeKind, arrow_type, arrow_type_wide,
    error::{InvalidValueSnafu, Result},
    is_wide_timestamp,
};

/// Whether one type can become another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastRule {
    /// The same values.
    Identity,
    /// Every value survives and keeps its order.
    Lossless,
    /// Values may be lost, rounded or fail.
    Explicit,
    /// Not possible.
    No,
}

/// How `from` becomes `to`, nullability aside.
///
/// Nested types of one shape are `Explicit` as soon as they differ; the keys of a map may not.
pub fn cast_rule(from: &DataType, to: &DataType) -> CastRule {
    if from.same_values(to) {
        return CastRule::Identity;
    }
    let all = |castable: bool| if castable { CastRule::Explicit } else { CastRule::No };
    match (&from.kind, &to.kind) {
        (TypeKind::Array(from), TypeKind::Array(to)) | (TypeKind::Multiset(from), TypeKind::Multiset(to)) => {
            all(cast_rule(from, to) != CastRule::No)
        }
        (TypeKind::Map(from_key, from), TypeKind::Map(to_key, to)) => {
            all(from_key.same_values(to_key) && cast_rule(from, to) != CastRule::No)
        }
        (TypeKind::Row(from), TypeKind::Row(to)) => all(to.iter().all(|field| match position_of(field, from) {
            Some(position) => cast_rule(&from[position].data_type, &field.data_type) != CastRule::No,
            None => true,
        })),
        (from, to) if is_lossless(from, to) => CastRule::Lossless,
        (from, to) => all(value::is_castable(from, to)),
    }
}

/// Casts a column as Java does (overflow, text forms); nested types recursively, ROW by field id.
///
/// The result has the Arrow form of `array`: wide if there is a wide timestamp in it.
pub fn cast_array(array: &ArrayRef, from: &DataType, to: &DataType) -> Result<ArrayRef> {
    let form = if contains_wide(array.data_type()) { arrow_type_wide(to)? } else { arrow_type(to)? };
    cast_array_as(array, from, to, &form)
}

/// As [`cast_array`], to a given Arrow form of `to`. With equal types it changes the form alone.
pub fn cast_array_as(array: &ArrayRef, from: &DataType, to: &DataType, form: &ArrowType) -> Result<ArrayRef> {
    if from.same_values(to) && array.data_type() == form {
        return Ok(Arc::clone(array));
    }
    match (&from.kind, &to.kind, form) {
        (TypeKind::Array(from), TypeKind::Array(to), ArrowType::List(element)) => {
            let list: &ListArray = array.as_list_opt().map_or_else(|| misheld(array, from), Ok)?;
            let values = cast_array_as(list.values(), from, to, element.data_type())?;
            let cast = ListArray::try_new(Arc::clone(element), list.offsets().clone(), values, list.nulls().cloned())?;
            Ok(Arc::new(cast))
        }
        (TypeKind::Map(from_key, from_value), TypeKind::Map(to_key, to_value), ArrowType::Map(entries, _)) => {
            cast_map(array, [from_key, from_value], [to_key, to_value], entries)
        }
        (TypeKind::Multiset(from), TypeKind::Multiset(to), ArrowType::Map(entries, _)) => {
            let count = TypeKind::Int.not_null();
            cast_map(array, [from, &count], [to, &count], entries)
        }
        (TypeKind::Row(from), TypeKind::Row(to), ArrowType::Struct(fields)) => cast_row(array, from, to, fields),
        (_, _, form) if from.kind.is_nested() || to.kind.is_nested() => {
            let message = format!("a column of type {from} cannot become {to}, held as {form}");
            InvalidValueSnafu { message }.fail()
        }
        _ if is_number(&from.kind) && is_number(&to.kind) && is_lossless(&from.kind, &to.kind) => {
            Ok(arrow_cast::cast(array, form)?)
        }
        _ => cast_values(array, from, to, form),
    }
}

/// Casts one value as [`cast_array`] would.
pub fn cast_scalar(value: &Scalar, from: &DataType, to: &DataType) -> Result<Option<Scalar>> {
    if from.same_values(to) {
        return Ok(Some(value.clone()));
    }
    value::cast_value(value.as_ref(), &from.kind, &to.kind)
}

fn cast_values(array: &ArrayRef, from: &DataType, to: &DataType, form: &ArrowType) -> Result<ArrayRef> {
    let column = Column::try_new(array, from)?;
    let mut builder = ColumnBuilder::try_new(to, form, array.len())?;
    let same = from.same_values(to);
    for row in 0..array.len() {
        match column.get(row) {
            None => builder.push_null(),
            value if same => builder.push(value)?,
            Some(value) => {
                let cast = value::cast_value(value, &from.kind, &to.kind)?;
                builder.push(cast.as_ref().map(Scalar::as_ref))?;
            }
        }
    }
    builder.finish()
}

fn cast_map(array: &ArrayRef, from: [&DataType; 2], to: [&DataType; 2], entries: &Arc<Field>) -> Result<ArrayRef> {
    let map: &MapArray = array.as_map_opt().map_or_else(|| misheld(array, from[1]), Ok)?;
    let ArrowType::Struct(pair) = entries.data_type() else {
        return misheld(array, to[1]);
    };
    let columns = vec![
        cast_array_as(map.keys(), from[0], to[0], pair[0].data_type())?,
        cast_array_as(map.values(), from[1], to[1], pair[1].data_type())?,
    ];
    let pairs = StructArray::try_new(pair.clone(), columns, None)?;
    let offsets = map.offsets().clone();
    Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, map.nulls().cloned(), false)?))
}

fn cast_row(array: &ArrayRef, from: &[DataField], to: &[DataField], fields: &Fields) -> Result<ArrayRef> {
    let row: &StructArray = match array.as_struct_opt() {
        Some(row) if row.num_columns() == from.len() && fields.len() == to.len() => row,
        _ => return misheld(array, &TypeKind::Row(from.to_vec()).nullable()),
    };
    let mut columns = Vec::with_capacity(to.len());
    for (field, form) in to.iter().zip(fields) {
        columns.push(match position_of(field, from) {
            Some(at) => cast_array_as(row.column(at), &from[at].data_type, &field.data_type, form.data_type())?,
            None => new_null_array(form.data_type(), row.len()),
        });
    }
    if columns.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(row.len(), row.nulls().cloned())));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, row.nulls().cloned())?))
}

fn position_of(field: &DataField, fields: &[DataField]) -> Option<usize> {
    fields.iter().position(|other| other.id == field.id)
}

fn misheld<T>(array: &ArrayRef, data_type: &DataType) -> Result<T> {
    InvalidValueSnafu { message: format!("a column of type {data_type} is held as {}", array.data_type()) }.fail()
}

fn contains_wide(form: &ArrowType) -> bool {
    match form {
        ArrowType::List(element) => contains_wide(element.data_type()),
        ArrowType::Map(entries, _) => contains_wide(entries.data_type()),
        ArrowType::Struct(fields) => {
            is_wide_timestamp(form) || fields.iter().any(|field| contains_wide(field.data_type()))
        }
        _ => false,
    }
}

/// Every value survives and keeps its order.
fn is_lossless(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind as K;
    match (from, to) {
        (K::TinyInt, K::SmallInt | K::Int | K::BigInt | K::Float | K::Double)
        | (K::SmallInt, K::Int | K::BigInt | K::Float | K::Double)
        | (K::Int, K::BigInt | K::Double)
        | (K::Float, K::Double) => true,
        (K::TinyInt | K::SmallInt | K::Int | K::BigInt, K::Decimal { precision, scale }) => {
            i32::from(*precision) - i32::from(*scale) >= digits_of(from)
        }
        (K::Decimal { precision: p, scale: s }, K::Decimal { precision: q, scale: t }) => {
            t >= s && i32::from(*q) - i32::from(*t) >= i32::from(*p) - i32::from(*s)
        }
        (K::Char(n) | K::Varchar(n), K::Varchar(m)) | (K::Binary(n) | K::Varbinary(n), K::Varbinary(m)) => n <= m,
        (K::Timestamp(p), K::Timestamp(q)) | (K::TimestampLtz(p), K::TimestampLtz(q)) => p <= q,
        (K::Time(p), K::Time(q)) => p <= q,
        (K::Date, K::Timestamp(_)) => true,
        _ => false,
    }
}

fn is_number(kind: &TypeKind) -> bool {
    use TypeKind as K;
    matches!(kind, K::TinyInt | K::SmallInt | K::Int | K::BigInt | K::Float | K::Double)
}

/// Decimal digits that any value of a whole number needs.
fn digits_of(kind: &TypeKind) -> i32 {
    match kind {
        TypeKind::TinyInt => 3,
        TypeKind::SmallInt => 5,
        TypeKind::Int => 10,
        _ => 19,
    }
}
