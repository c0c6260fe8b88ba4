//! The other way: an Arrow column from single values.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int32Array, Int64Array, StructArray,
    builder::{
        BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder,
        Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time32MillisecondBuilder, TimestampMicrosecondBuilder,
        TimestampMillisecondBuilder, TimestampNanosecondBuilder,
    },
};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{DataType as ArrowType, TimeUnit};

use crate::{
    DataType, ScalarRef,
    arrow::wide_timestamp_fields,
    error::{InvalidValueSnafu, Result, UnsupportedTypeSnafu},
    is_wide_timestamp,
};

/// Builds a column of an atomic type, in either Arrow form of it.
#[derive(Debug)]
pub struct ColumnBuilder {
    data_type: DataType,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Boolean(BooleanBuilder),
    TinyInt(Int8Builder),
    SmallInt(Int16Builder),
    Int(Int32Builder),
    BigInt(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder),
    String(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Time(Time32MillisecondBuilder),
    Millis(TimestampMillisecondBuilder),
    Micros(TimestampMicrosecondBuilder),
    Nanos(TimestampNanosecondBuilder),
    Wide { millis: Vec<i64>, nanos: Vec<i32>, nulls: NullBufferBuilder },
}

impl ColumnBuilder {
    /// For `rows` values of `data_type`, in the Arrow form `form`.
    pub fn try_new(data_type: &DataType, form: &ArrowType, rows: usize) -> Result<Self> {
        let values = match form {
            ArrowType::Boolean => Values::Boolean(BooleanBuilder::with_capacity(rows)),
            ArrowType::Int8 => Values::TinyInt(Int8Builder::with_capacity(rows)),
            ArrowType::Int16 => Values::SmallInt(Int16Builder::with_capacity(rows)),
            ArrowType::Int32 => Values::Int(Int32Builder::with_capacity(rows)),
            ArrowType::Int64 => Values::BigInt(Int64Builder::with_capacity(rows)),
            ArrowType::Float32 => Values::Float(Float32Builder::with_capacity(rows)),
            ArrowType::Float64 => Values::Double(Float64Builder::with_capacity(rows)),
            ArrowType::Decimal128(precision, scale) => {
                Values::Decimal(Decimal128Builder::with_capacity(rows).with_precision_and_scale(*precision, *scale)?)
            }
            ArrowType::Utf8 => Values::String(StringBuilder::with_capacity(rows, 8 * rows)),
            ArrowType::Binary => Values::Bytes(BinaryBuilder::with_capacity(rows, 8 * rows)),
            ArrowType::Date32 => Values::Date(Date32Builder::with_capacity(rows)),
            ArrowType::Time32(TimeUnit::Millisecond) => Values::Time(Time32MillisecondBuilder::with_capacity(rows)),
            ArrowType::Timestamp(TimeUnit::Millisecond, zone) => {
                Values::Millis(TimestampMillisecondBuilder::with_capacity(rows).with_timezone_opt(zone.clone()))
            }
            ArrowType::Timestamp(TimeUnit::Microsecond, zone) => {
                Values::Micros(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone_opt(zone.clone()))
            }
            ArrowType::Timestamp(TimeUnit::Nanosecond, zone) => {
                Values::Nanos(TimestampNanosecondBuilder::with_capacity(rows).with_timezone_opt(zone.clone()))
            }
            wide if is_wide_timestamp(wide) => Values::Wide {
                millis: Vec::with_capacity(rows),
                nanos: Vec::with_capacity(rows),
                nulls: NullBufferBuilder::new(rows),
            },
            _ => {
                let reason = format!("single values cannot be held as {form}");
                return UnsupportedTypeSnafu { data_type: data_type.to_string(), reason }.fail();
            }
        };
        Ok(Self { data_type: data_type.clone(), values })
    }

    /// Appends a value. An error if it is not of the column's type, or a timestamp outside the years of its form.
    pub fn push(&mut self, value: Option<ScalarRef<'_>>) -> Result<()> {
        use ScalarRef as S;
        use Values as V;
        match (&mut self.values, value) {
            (V::Boolean(builder), Some(S::Boolean(value))) => builder.append_value(value),
            (V::TinyInt(builder), Some(S::TinyInt(value))) => builder.append_value(value),
            (V::SmallInt(builder), Some(S::SmallInt(value))) => builder.append_value(value),
            (V::Int(builder), Some(S::Int(value))) => builder.append_value(value),
            (V::BigInt(builder), Some(S::BigInt(value))) => builder.append_value(value),
            (V::Float(builder), Some(S::Float(value))) => builder.append_value(value),
            (V::Double(builder), Some(S::Double(value))) => builder.append_value(value),
            (V::Decimal(builder), Some(S::Decimal(value))) => builder.append_value(value),
            (V::String(builder), Some(S::String(value))) => builder.append_value(value),
            (V::Bytes(builder), Some(S::Bytes(value))) => builder.append_value(value),
            (V::Date(builder), Some(S::Date(value))) => builder.append_value(value),
            (V::Time(builder), Some(S::Time(value))) => builder.append_value(value),
            (V::Millis(builder), Some(S::Timestamp { millis, .. })) => builder.append_value(millis),
            (V::Micros(builder), Some(S::Timestamp { millis, nanos })) => {
                let micros = millis.checked_mul(1_000).and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)));
                builder.append_value(in_range(micros, millis, &self.data_type)?);
            }
            (V::Nanos(builder), Some(S::Timestamp { millis, nanos: fraction })) => {
                // In 128 bits: the lowest milliseconds overflow before their nanoseconds are added.
                let nanos = i64::try_from(i128::from(millis) * 1_000_000 + i128::from(fraction)).ok();
                builder.append_value(in_range(nanos, millis, &self.data_type)?);
            }
            (V::Wide { millis, nanos, nulls }, Some(S::Timestamp { millis: value, nanos: fraction })) => {
                millis.push(value);
                nanos.push(fraction);
                nulls.append_non_null();
            }
            (_, Some(other)) => {
                let message = format!("{other:?} is not a value of type {}", self.data_type);
                return InvalidValueSnafu { message }.fail();
            }
            (_, None) => self.push_null(),
        }
        Ok(())
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        match &mut self.values {
            Values::Boolean(builder) => builder.append_null(),
            Values::TinyInt(builder) => builder.append_null(),
            Values::SmallInt(builder) => builder.append_null(),
            Values::Int(builder) => builder.append_null(),
            Values::BigInt(builder) => builder.append_null(),
            Values::Float(builder) => builder.append_null(),
            Values::Double(builder) => builder.append_null(),
            Values::Decimal(builder) => builder.append_null(),
            Values::String(builder) => builder.append_null(),
            Values::Bytes(builder) => builder.append_null(),
            Values::Date(builder) => builder.append_null(),
            Values::Time(builder) => builder.append_null(),
            Values::Millis(builder) => builder.append_null(),
            Values::Micros(builder) => builder.append_null(),
            Values::Nanos(builder) => builder.append_null(),
            Values::Wide { millis, nanos, nulls } => {
                millis.push(0);
                nanos.push(0);
                nulls.append_null();
            }
        }
    }

    /// The column; the builder is empty again.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        Ok(match &mut self.values {
            Values::Boolean(builder) => Arc::new(builder.finish()),
            Values::TinyInt(builder) => Arc::new(builder.finish()),
            Values::SmallInt(builder) => Arc::new(builder.finish()),
            Values::Int(builder) => Arc::new(builder.finish()),
            Values::BigInt(builder) => Arc::new(builder.finish()),
            Values::Float(builder) => Arc::new(builder.finish()),
            Values::Double(builder) => Arc::new(builder.finish()),
            Values::Decimal(builder) => Arc::new(builder.finish()),
            Values::String(builder) => Arc::new(builder.finish()),
            Values::Bytes(builder) => Arc::new(builder.finish()),
            Values::Date(builder) => Arc::new(builder.finish()),
            Values::Time(builder) => Arc::new(builder.finish()),
            Values::Millis(builder) => Arc::new(builder.finish()),
            Values::Micros(builder) => Arc::new(builder.finish()),
            Values::Nanos(builder) => Arc::new(builder.finish()),
            Values::Wide { millis, nanos, nulls } => {
                let columns: Vec<ArrayRef> = vec![
                    Arc::new(Int64Array::from(std::mem::take(millis))),
                    Arc::new(Int32Array::from(std::mem::take(nanos))),
                ];
                Arc::new(StructArray::try_new(wide_timestamp_fields(), columns, nulls.finish())?)
            }
        })
    }
}

fn in_range(value: Option<i64>, millis: i64, data_type: &DataType) -> Result<i64> {
    match value {
        Some(value) => Ok(value),
        None => {
            let message =
                format!("the timestamp of {millis} ms is outside the years that {data_type} can hold in memory");
            InvalidValueSnafu { message }.fail()
        }
    }
}
