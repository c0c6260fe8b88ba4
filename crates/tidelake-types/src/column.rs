//! An Arrow column seen through its Paimon type, value by value, without allocating.

use arrow_array::{
    Array, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, StringArray, StructArray, Time32MillisecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_schema::{DataType as ArrowType, TimeUnit};

use crate::{
    DataType, ScalarRef, TypeKind,
    error::{InvalidValueSnafu, Result, UnsupportedTypeSnafu},
    is_wide_timestamp,
};

/// A column of an atomic type, in either Arrow form of it. Found once for a batch, asked for every row.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a>(Values<'a>);

#[derive(Debug, Clone, Copy)]
enum Values<'a> {
    Boolean(&'a BooleanArray),
    TinyInt(&'a Int8Array),
    SmallInt(&'a Int16Array),
    Int(&'a Int32Array),
    BigInt(&'a Int64Array),
    Float(&'a Float32Array),
    Double(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    String(&'a StringArray),
    Bytes(&'a BinaryArray),
    Date(&'a Date32Array),
    Time(&'a Time32MillisecondArray),
    Seconds(&'a TimestampSecondArray),
    Millis(&'a TimestampMillisecondArray),
    Micros(&'a TimestampMicrosecondArray),
    Nanos(&'a TimestampNanosecondArray),
    Wide { pairs: &'a StructArray, millis: &'a Int64Array, nanos: &'a Int32Array },
}

impl<'a> Column<'a> {
    /// Sees `array` as a column of `data_type`. An error if the type is nested or the array is not of one of its forms
    /// (timestamps may have any unit).
    pub fn try_new(array: &'a dyn Array, data_type: &DataType) -> Result<Self> {
        match Self::find(array, &data_type.kind) {
            Some(values) => Ok(Self(values)),
            None if data_type.kind.is_nested() => {
                UnsupportedTypeSnafu { data_type: data_type.to_string(), reason: "a single value cannot be nested" }
                    .fail()
            }
            None => {
                let message = format!("a column of type {data_type} is held as {}", array.data_type());
                InvalidValueSnafu { message }.fail()
            }
        }
    }

    /// The value at `row`, which must be below the length of the column.
    pub fn get(&self, row: usize) -> Option<ScalarRef<'a>> {
        use ScalarRef as S;
        macro_rules! value {
            ($array:expr, $make:expr) => {
                (!$array.is_null(row)).then(|| $make($array.value(row)))
            };
        }
        match self.0 {
            Values::Boolean(array) => value!(array, S::Boolean),
            Values::TinyInt(array) => value!(array, S::TinyInt),
            Values::SmallInt(array) => value!(array, S::SmallInt),
            Values::Int(array) => value!(array, S::Int),
            Values::BigInt(array) => value!(array, S::BigInt),
            Values::Float(array) => value!(array, S::Float),
            Values::Double(array) => value!(array, S::Double),
            Values::Decimal(array) => value!(array, S::Decimal),
            Values::String(array) => value!(array, S::String),
            Values::Bytes(array) => value!(array, S::Bytes),
            Values::Date(array) => value!(array, S::Date),
            Values::Time(array) => value!(array, S::Time),
            Values::Seconds(array) => {
                value!(array, |value: i64| S::Timestamp { millis: value.saturating_mul(1000), nanos: 0 })
            }
            Values::Millis(array) => value!(array, |value| S::Timestamp { millis: value, nanos: 0 }),
            Values::Micros(array) => value!(array, |value: i64| S::Timestamp {
                millis: value.div_euclid(1_000),
                nanos: value.rem_euclid(1_000) as i32 * 1_000,
            }),
            Values::Nanos(array) => value!(array, |value: i64| S::Timestamp {
                millis: value.div_euclid(1_000_000),
                nanos: value.rem_euclid(1_000_000) as i32,
            }),
            Values::Wide { pairs, millis, nanos } => {
                (!pairs.is_null(row)).then(|| S::Timestamp { millis: millis.value(row), nanos: nanos.value(row) })
            }
        }
    }

    fn find(array: &'a dyn Array, kind: &TypeKind) -> Option<Values<'a>> {
        let any = array.as_any();
        Some(match kind {
            TypeKind::Boolean => Values::Boolean(any.downcast_ref()?),
            TypeKind::TinyInt => Values::TinyInt(any.downcast_ref()?),
            TypeKind::SmallInt => Values::SmallInt(any.downcast_ref()?),
            TypeKind::Int => Values::Int(any.downcast_ref()?),
            TypeKind::BigInt => Values::BigInt(any.downcast_ref()?),
            TypeKind::Float => Values::Float(any.downcast_ref()?),
            TypeKind::Double => Values::Double(any.downcast_ref()?),
            TypeKind::Decimal { scale, .. } => {
                Values::Decimal(any.downcast_ref().filter(|decimals: &&Decimal128Array| decimals.scale() == *scale)?)
            }
            TypeKind::Char(_) | TypeKind::Varchar(_) => Values::String(any.downcast_ref()?),
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => Values::Bytes(any.downcast_ref()?),
            TypeKind::Date => Values::Date(any.downcast_ref()?),
            TypeKind::Time(_) => Values::Time(any.downcast_ref()?),
            TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => match array.data_type() {
                ArrowType::Timestamp(TimeUnit::Second, _) => Values::Seconds(any.downcast_ref()?),
                ArrowType::Timestamp(TimeUnit::Millisecond, _) => Values::Millis(any.downcast_ref()?),
                ArrowType::Timestamp(TimeUnit::Microsecond, _) => Values::Micros(any.downcast_ref()?),
                ArrowType::Timestamp(TimeUnit::Nanosecond, _) => Values::Nanos(any.downcast_ref()?),
                wide if is_wide_timestamp(wide) => {
                    let pairs: &StructArray = any.downcast_ref()?;
                    let millis = pairs.column(0).as_any().downcast_ref()?;
                    Values::Wide { pairs, millis, nanos: pairs.column(1).as_any().downcast_ref()? }
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}
