//! Values without parts.

use std::{mem, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, Int32Array, Int64Array, PrimitiveArray,
    StringArray, StructArray,
    types::{
        Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType,
    },
};
use arrow_buffer::{BooleanBufferBuilder, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Fields, TimeUnit};
use tidelake_types::is_wide_timestamp;

use super::{
    Column, refused,
    values::{Rescale, Ticks, split},
};
use crate::{
    cursor::Cursor,
    fault::{Result, unsupported},
    schema::{Length, Type},
};

/// The builder, if `stored` has no parts and one value can be the other.
pub(super) fn plan(stored: &Type, wanted: &DataType) -> Option<Result<Box<dyn Column>>> {
    use DataType as A;
    Some(match (stored, wanted) {
        (Type::Boolean, A::Boolean) => Ok(Box::new(Booleans::new())),
        (Type::Int, A::Int8) => primitive::<Int8Type>(wanted, narrow),
        (Type::Int, A::Int16) => primitive::<Int16Type>(wanted, narrow),
        (Type::Int, A::Int32) => primitive::<Int32Type>(wanted, int),
        (Type::Int | Type::Date, A::Date32) => primitive::<Date32Type>(wanted, int),
        (Type::Int | Type::TimeMillis, A::Time32(TimeUnit::Millisecond)) => {
            primitive::<Time32MillisecondType>(wanted, int)
        }
        (Type::TimeMicros, A::Time32(TimeUnit::Millisecond)) => {
            primitive::<Time32MillisecondType>(wanted, |cursor| Ok((cursor.long()? / 1_000) as i32))
        }
        (Type::Long, A::Int64) => primitive::<Int64Type>(wanted, long),
        (Type::Float, A::Float32) => primitive::<Float32Type>(wanted, |cursor| Ok(f32::from_le_bytes(cursor.array()?))),
        (Type::Double, A::Float64) => {
            primitive::<Float64Type>(wanted, |cursor| Ok(f64::from_le_bytes(cursor.array()?)))
        }
        (Type::Decimal { length, scale, .. }, A::Decimal128(precision, to)) => {
            let (length, rescale) = (*length, Rescale::new(*scale, *precision, *to));
            primitive::<Decimal128Type>(wanted, move |cursor| rescale.read(length.take(cursor)?))
        }
        (Type::Timestamp { unit, .. }, A::Timestamp(to, _)) => {
            let ticks = Ticks::new(*unit, *to);
            let read = move |cursor: &mut Cursor<'_>| ticks.convert(cursor.long()?);
            match to {
                TimeUnit::Second => primitive::<TimestampSecondType>(wanted, read),
                TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(wanted, read),
                TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(wanted, read),
                TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(wanted, read),
            }
        }
        (Type::Timestamp { unit, .. }, A::Struct(fields)) if is_wide_timestamp(wanted) => {
            Ok(Box::new(Wide::new(*unit, fields.clone())))
        }
        (Type::String, text) if is_text(text) => Ok(Box::new(Text::new(Length::Each, text))),
        (Type::Binary(length), text) if is_text(text) => Ok(Box::new(Text::new(*length, text))),
        _ => return None,
    })
}

fn is_text(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(data_type, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView)
}

fn int(cursor: &mut Cursor<'_>) -> Result<i32> {
    cursor.int()
}

fn long(cursor: &mut Cursor<'_>) -> Result<i64> {
    cursor.long()
}

fn narrow<T: TryFrom<i32>>(cursor: &mut Cursor<'_>) -> Result<T> {
    let value = cursor.int()?;
    T::try_from(value)
        .or_else(|_| unsupported(format!("has {value}, which does not fit into {} bytes", size_of::<T>())))
}

fn primitive<T: ArrowPrimitiveType>(
    data_type: &DataType,
    read: impl Fn(&mut Cursor<'_>) -> Result<T::Native> + Send + 'static,
) -> Result<Box<dyn Column>> {
    let (values, nulls) = (Vec::new(), NullBufferBuilder::new(0));
    Ok(Box::new(Primitive::<T, _> { data_type: data_type.clone(), read, values, nulls }))
}

/// Values of one width.
struct Primitive<T: ArrowPrimitiveType, R> {
    data_type: DataType,
    read: R,
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType, R: Fn(&mut Cursor<'_>) -> Result<T::Native> + Send> Column for Primitive<T, R> {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        self.values.push((self.read)(cursor)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let values = ScalarBuffer::from(mem::take(&mut self.values));
        match PrimitiveArray::<T>::try_new(values, self.nulls.finish()) {
            Ok(array) => Ok(Arc::new(array.with_data_type(self.data_type.clone()))),
            Err(error) => refused(error),
        }
    }
}

/// Booleans.
struct Booleans {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Booleans {
    fn new() -> Self {
        Self { values: BooleanBufferBuilder::new(0), nulls: NullBufferBuilder::new(0) }
    }
}

impl Column for Booleans {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        self.values.append(cursor.boolean()?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.append(false);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(self.values.finish(), self.nulls.finish())))
    }
}

/// Strings and bytes. Whether strings are UTF-8 is seen once for all of a batch.
struct Text {
    length: Length,
    data_type: DataType,
    values: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Text {
    fn new(length: Length, data_type: &DataType) -> Self {
        let (values, nulls) = (Vec::new(), NullBufferBuilder::new(0));
        Self { length, data_type: data_type.clone(), values, ends: vec![0], nulls }
    }
}

impl Column for Text {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let value = self.length.take(cursor)?;
        let Ok(end) = i32::try_from(self.values.len() + value.len()) else {
            return unsupported("has more text than one batch can hold");
        };
        self.values.extend_from_slice(value);
        self.ends.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.ends.extend(self.ends.last().copied());
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let ends = mem::replace(&mut self.ends, vec![0]);
        let (offsets, nulls) = (OffsetBuffer::new(ends.into()), self.nulls.finish());
        let values = mem::take(&mut self.values).into();
        let is_string = matches!(self.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let array = if is_string {
            StringArray::try_new(offsets, values, nulls).map(|array| Arc::new(array) as ArrayRef)
        } else {
            BinaryArray::try_new(offsets, values, nulls).map(|array| Arc::new(array) as ArrayRef)
        };
        let laid_out = |array: ArrayRef| match &self.data_type {
            same if same == array.data_type() => Ok(array),
            other => cast(&array, other),
        };
        array.and_then(laid_out).or_else(refused)
    }
}

/// Timestamps in the wide form.
struct Wide {
    to_millis: Ticks,
    unit: TimeUnit,
    fields: Fields,
    millis: Vec<i64>,
    nanos: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Wide {
    fn new(unit: TimeUnit, fields: Fields) -> Self {
        let to_millis = Ticks::new(unit, TimeUnit::Millisecond);
        Self { to_millis, unit, fields, millis: Vec::new(), nanos: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }
}

impl Column for Wide {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let ticks = cursor.long()?;
        self.millis.push(self.to_millis.convert(ticks)?);
        self.nanos.push(split(ticks, self.unit));
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.millis.push(0);
        self.nanos.push(0);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(mem::take(&mut self.millis))),
            Arc::new(Int32Array::from(mem::take(&mut self.nanos))),
        ];
        match StructArray::try_new(self.fields.clone(), columns, self.nulls.finish()) {
            Ok(array) => Ok(Arc::new(array)),
            Err(error) => refused(error),
        }
    }
}
