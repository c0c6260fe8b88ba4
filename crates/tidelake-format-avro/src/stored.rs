//! What a file holds, as an Arrow schema.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::{
    fault::{Result, broken},
    schema::{Length, Type},
};

/// The record that is a row: the schema itself, or (files of old releases) the only branch beside null.
pub(crate) fn row(schema: &Type) -> Result<&[(String, Type)]> {
    match schema {
        Type::Record(fields) => Ok(fields),
        Type::Union(branches) => match only_value(branches) {
            Some(Type::Record(fields)) => Ok(fields),
            _ => broken("its rows are no records"),
        },
        _ => broken("its rows are no records"),
    }
}

/// The branch beside null, if there is one alone.
pub(crate) fn only_value(branches: &[Type]) -> Option<&Type> {
    let mut values = branches.iter().filter(|branch| **branch != Type::Null);
    values.next().filter(|_| values.next().is_none())
}

/// Key and value of an array that is a map: its items are records of two fields.
pub(crate) fn pair(item: &Type) -> Option<(&Type, &Type)> {
    match item {
        Type::Record(fields) => match &fields[..] {
            [(_, key), (_, value)] => Some((key, value)),
            _ => None,
        },
        _ => None,
    }
}

/// One Arrow field for each field of the row. What has no Arrow form shows as `Null`: it is there, but cannot be read.
pub(crate) fn arrow_schema(schema: &Type) -> Result<SchemaRef> {
    let fields = row(schema)?.iter().map(|(name, stored)| field(name, stored));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

fn field(name: &str, stored: &Type) -> Field {
    match stored {
        Type::Union(branches) => {
            let data_type = only_value(branches).map_or(DataType::Null, arrow_type);
            Field::new(name, data_type, branches.contains(&Type::Null))
        }
        _ => Field::new(name, arrow_type(stored), *stored == Type::Null),
    }
}

pub(crate) fn arrow_type(stored: &Type) -> DataType {
    match stored {
        Type::Null | Type::Union(_) => DataType::Null,
        Type::Boolean => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Date => DataType::Date32,
        Type::TimeMillis => DataType::Time32(TimeUnit::Millisecond),
        Type::Long => DataType::Int64,
        Type::TimeMicros => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp { unit, local } => DataType::Timestamp(*unit, local.then(|| "UTC".into())),
        Type::Float => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Binary(Length::Each) => DataType::Binary,
        Type::Binary(Length::Fixed(length)) => DataType::FixedSizeBinary(*length as i32),
        Type::String | Type::Enum => DataType::Utf8,
        Type::Decimal { precision, scale, .. } => DataType::Decimal128(*precision, *scale),
        Type::Array(item) => DataType::List(Arc::new(field("element", item))),
        Type::Map(value) => {
            let entries =
                DataType::Struct(vec![Field::new("key", DataType::Utf8, false), field("value", value)].into());
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
        Type::Record(fields) => DataType::Struct(fields.iter().map(|(name, stored)| field(name, stored)).collect()),
    }
}
