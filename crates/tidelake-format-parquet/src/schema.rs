//! The Parquet schema of an Arrow schema, as Java Paimon writes it.
//!
//! ```text
//! message paimon_schema {
//!   required int64 id = 0;
//!   optional group tags (LIST) = 1 { repeated group list { optional binary element (STRING) = 536871936; } }
//!   optional group m (MAP) = 2 { repeated group key_value (MAP_KEY_VALUE) { required int32 key = 536868862; optional double value = 536872960; } }
//!   optional group address = 3 { optional binary city (STRING) = 4; }
//! }
//! ```
//!
//! Elements, keys and values have ids made from the column's (or ROW field's) own and the depth of the nesting below it:
//! 536870911 + 1024 · id + depth for elements and values, 536870911 − 1024 · id − depth for keys.
//!
//! Timestamps of nanoseconds are INT96: Java cannot read INT64 of nanoseconds (1.4 fails, or takes them for microseconds).

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, TimeUnit as ParquetUnit, Type as PhysicalType},
    errors::ParquetError,
    schema::types::{SchemaDescriptor, Type, TypePtr},
};
use tidelake_format::{Result, SchemaRef};
use tidelake_types::{FIELD_ID_KEY, is_wide_timestamp};

use crate::fault::unsupported;

const NESTED_ID_BASE: i32 = 536_870_911;
const NESTED_ID_STEP: i32 = 1_024;

/// The schema to write, or which column cannot be stored.
pub(crate) fn parquet_schema(schema: &Schema) -> Result<SchemaDescriptor> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column = column(field).map_err(|reason| match reason {
            Unstorable::Type(data_type) => {
                unsupported(format!("store column `{}`: it has no form for {data_type}", field.name()))
            }
            Unstorable::Library(error) => unsupported(format!("store column `{}`: {error}", field.name())),
        })?;
        columns.push(column);
    }
    let root = Type::group_type_builder("paimon_schema").with_fields(columns).build();
    let root = root.map_err(|error| unsupported(format!("store this schema: {error}")))?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// The Arrow schema whose arrays the library writes into [`parquet_schema`]: INT96 as twelve bytes, keys not null, texts
/// in one layout.
pub(crate) fn written_schema(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(|field| written_field(field)).collect();
    Arc::new(Schema::new(fields))
}

fn written_field(field: &Field) -> Field {
    field.clone().with_data_type(written_type(field.data_type()))
}

fn written_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => DataType::FixedSizeBinary(12),
        wide if is_wide_timestamp(wide) => DataType::FixedSizeBinary(12),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::List(element) => DataType::List(Arc::new(written_field(element))),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| written_field(field)).collect()),
        DataType::Map(entries, sorted) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let key = written_field(&fields[0]).with_nullable(false);
                let value = written_field(&fields[1]);
                let entries = Field::new(entries.name(), DataType::Struct(vec![key, value].into()), false);
                DataType::Map(Arc::new(entries), *sorted)
            }
            _ => data_type.clone(),
        },
        other => other.clone(),
    }
}

enum Unstorable {
    Type(DataType),
    Library(ParquetError),
}

impl From<ParquetError> for Unstorable {
    fn from(error: ParquetError) -> Self {
        Self::Library(error)
    }
}

/// A column or a field of a ROW: its id is its own.
fn column(field: &Field) -> Result<TypePtr, Unstorable> {
    let id = field.metadata().get(FIELD_ID_KEY).and_then(|id| id.parse().ok());
    node(field.name(), field.data_type(), field.is_nullable(), Ids { own: id, of: id, depth: 0 })
}

/// The id of a node, and what the ids below it are made of.
#[derive(Clone, Copy)]
struct Ids {
    own: Option<i32>,
    /// The column's, or ROW field's.
    of: Option<i32>,
    depth: i32,
}

impl Ids {
    /// Of an element or a value: away from the base upwards.
    fn upwards(self) -> Self {
        self.nested(1)
    }

    /// Of a key: downwards.
    fn downwards(self) -> Self {
        self.nested(-1)
    }

    fn nested(self, sign: i32) -> Self {
        let depth = self.depth + 1;
        let distance = |of: i32| of.wrapping_mul(NESTED_ID_STEP).wrapping_add(depth);
        let own = self.of.map(|of| NESTED_ID_BASE.wrapping_add(distance(of).wrapping_mul(sign)));
        Self { own, of: self.of, depth }
    }
}

fn node(name: &str, data_type: &DataType, nullable: bool, ids: Ids) -> Result<TypePtr, Unstorable> {
    let repetition = if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let group = |logical: Option<LogicalType>, fields: Vec<TypePtr>| {
        Type::group_type_builder(name)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .with_fields(fields)
            .with_id(ids.own)
            .build()
    };
    let node = match data_type {
        DataType::List(element) => {
            let element = node("element", element.data_type(), element.is_nullable(), ids.upwards())?;
            group(Some(LogicalType::List), vec![repeated("list", ConvertedType::NONE, vec![element])?])?
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else { return Err(Unstorable::Type(data_type.clone())) };
            let [key, value] = &fields[..] else { return Err(Unstorable::Type(data_type.clone())) };
            let key = node("key", key.data_type(), false, ids.downwards())?;
            let value = node("value", value.data_type(), value.is_nullable(), ids.upwards())?;
            group(Some(LogicalType::Map), vec![repeated("key_value", ConvertedType::MAP_KEY_VALUE, vec![key, value])?])?
        }
        DataType::Struct(fields) if !is_wide_timestamp(data_type) => {
            group(None, fields.iter().map(|field| column(field)).collect::<Result<_, _>>()?)?
        }
        leaf => {
            let (physical, logical, length) = primitive(leaf).ok_or_else(|| Unstorable::Type(leaf.clone()))?;
            let (precision, scale) = match leaf {
                DataType::Decimal128(precision, scale) => (i32::from(*precision), i32::from(*scale)),
                _ => (-1, -1),
            };
            Type::primitive_type_builder(name, physical)
                .with_repetition(repetition)
                .with_logical_type(logical)
                .with_length(length)
                .with_precision(precision)
                .with_scale(scale)
                .with_id(ids.own)
                .build()?
        }
    };
    Ok(Arc::new(node))
}

fn repeated(name: &str, annotation: ConvertedType, fields: Vec<TypePtr>) -> Result<TypePtr, ParquetError> {
    Type::group_type_builder(name)
        .with_repetition(Repetition::REPEATED)
        .with_converted_type(annotation)
        .with_fields(fields)
        .build()
        .map(Arc::new)
}

/// Physical type, annotation and, of a fixed-length binary, its bytes.
fn primitive(data_type: &DataType) -> Option<(PhysicalType, Option<LogicalType>, i32)> {
    use PhysicalType::*;
    Some(match data_type {
        DataType::Boolean => (BOOLEAN, None, -1),
        DataType::Int8 => (INT32, Some(LogicalType::integer(8, true)), -1),
        DataType::Int16 => (INT32, Some(LogicalType::integer(16, true)), -1),
        DataType::Int32 => (INT32, None, -1),
        DataType::Int64 => (INT64, None, -1),
        DataType::Float32 => (FLOAT, None, -1),
        DataType::Float64 => (DOUBLE, None, -1),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => (BYTE_ARRAY, Some(LogicalType::String), -1),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => (BYTE_ARRAY, None, -1),
        DataType::Date32 => (INT32, Some(LogicalType::Date), -1),
        DataType::Time32(TimeUnit::Millisecond) => (INT32, Some(LogicalType::time(true, ParquetUnit::MILLIS)), -1),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => (INT96, None, -1),
        wide if is_wide_timestamp(wide) => (INT96, None, -1),
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Millisecond => ParquetUnit::MILLIS,
                TimeUnit::Microsecond => ParquetUnit::MICROS,
                TimeUnit::Second | TimeUnit::Nanosecond => return None,
            };
            (INT64, Some(LogicalType::timestamp(zone.is_some(), unit)), -1)
        }
        DataType::Decimal128(precision, scale) => {
            let logical = Some(LogicalType::decimal(i32::from(*scale), i32::from(*precision)));
            match precision {
                ..=9 => (INT32, logical, -1),
                10..=18 => (INT64, logical, -1),
                _ => (FIXED_LEN_BYTE_ARRAY, logical, bytes_of_decimal(*precision)),
            }
        }
        _ => return None,
    })
}

/// The fewest bytes of two's complement that hold every number of so many digits.
fn bytes_of_decimal(precision: u8) -> i32 {
    let bits = 1.0 + f64::from(precision) * std::f64::consts::LOG2_10;
    (bits / 8.0).ceil() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_take_the_fewest_bytes() {
        for precision in 19..=38 {
            let bytes = bytes_of_decimal(precision) as u32;
            let largest = 10_u128.pow(u32::from(precision)) - 1;
            let fits = |bytes: u32| bytes >= 16 || largest < 1 << (8 * bytes - 1);
            assert!(fits(bytes) && !fits(bytes - 1), "{precision} digits in {bytes} bytes");
        }
    }
}
