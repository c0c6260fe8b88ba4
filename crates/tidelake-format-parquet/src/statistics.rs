//! What a footer says of a column, in our values.
//!
//! Trusted is only what its writer must have meant: bounds in the old fields (`min`, `max`) were compared as signed bytes
//! and count for numbers alone; unsigned numbers, INT96 and nested columns have none; the largest float says nothing of
//! NaN, which we order above it, unless the writer is known to record no bounds at all beside a NaN.

use std::cmp::Ordering;

use arrow_schema::{DataType, TimeUnit};
use parquet::{
    basic::Type as PhysicalType,
    file::{
        metadata::{ColumnChunkMetaData, FileMetaData},
        statistics::Statistics,
    },
};
use tidelake_format::{ColumnStatistics, Scalar};

/// Of one chunk of a column that comes out of the library as `stored`.
pub(crate) fn chunk_statistics(
    file: &FileMetaData,
    chunk: &ColumnChunkMetaData,
    stored: &DataType,
) -> Option<ColumnStatistics> {
    let statistics = chunk.statistics()?;
    let null_count = statistics.null_count_opt().and_then(|nulls| i64::try_from(nulls).ok());
    let nan_safe = !matches!(stored, DataType::Float32 | DataType::Float64) || drops_bounds_beside_nan(file);
    let bound = |bytes: Option<&[u8]>, end| {
        bytes
            .filter(|_| is_ordered(statistics, stored))
            .and_then(|bytes| scalar(stored, statistics.physical_type(), bytes, end))
    };
    Some(ColumnStatistics {
        min: bound(statistics.min_bytes_opt(), End::Min),
        max: bound(statistics.max_bytes_opt(), End::Max).filter(|_| nan_safe),
        null_count,
    })
}

/// Of a whole file: the chunks of one column together. What one chunk does not know, the file does not.
pub(crate) fn merged(chunks: impl IntoIterator<Item = (u64, ColumnStatistics)>) -> ColumnStatistics {
    let mut all = ColumnStatistics { min: None, max: None, null_count: Some(0) };
    let (mut min_known, mut max_known) = (true, true);
    for (rows, chunk) in chunks {
        let only_nulls = chunk.null_count.is_some_and(|nulls| nulls as u64 == rows);
        min_known &= chunk.min.is_some() || only_nulls;
        max_known &= chunk.max.is_some() || only_nulls;
        all.min = pick(all.min, chunk.min, Ordering::Less);
        all.max = pick(all.max, chunk.max, Ordering::Greater);
        all.null_count = all.null_count.zip(chunk.null_count).map(|(a, b)| a + b);
    }
    all.min = all.min.filter(|_| min_known);
    all.max = all.max.filter(|_| max_known);
    all
}

/// Whichever is on the `end` side of the other.
fn pick(old: Option<Scalar>, new: Option<Scalar>, end: Ordering) -> Option<Scalar> {
    match (old, new) {
        (Some(old), Some(new)) => Some(if new.compare(&old) == Some(end) { new } else { old }),
        (old, new) => old.or(new),
    }
}

fn drops_bounds_beside_nan(file: &FileMetaData) -> bool {
    file.created_by().is_some_and(|writer| writer.starts_with("parquet-mr") || writer.starts_with("tidelake"))
}

fn is_ordered(statistics: &Statistics, stored: &DataType) -> bool {
    !statistics.is_min_max_deprecated() || stored.is_integer() || matches!(stored, DataType::Date32 | DataType::Boolean)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

/// A bound from its plain encoding: little-endian numbers, big-endian decimals of any width, bytes.
fn scalar(stored: &DataType, physical: PhysicalType, bytes: &[u8], end: End) -> Option<Scalar> {
    Some(match stored {
        DataType::Boolean => Scalar::Boolean(*bytes.first()? != 0),
        DataType::Int8 => Scalar::TinyInt(i8::try_from(int32(bytes)?).ok()?),
        DataType::Int16 => Scalar::SmallInt(i16::try_from(int32(bytes)?).ok()?),
        DataType::Int32 => Scalar::Int(int32(bytes)?),
        DataType::Int64 => Scalar::BigInt(int64(bytes)?),
        DataType::Date32 => Scalar::Date(int32(bytes)?),
        DataType::Time32(TimeUnit::Millisecond) => Scalar::Time(int32(bytes)?),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Scalar::Timestamp { millis: int64(bytes)?, nanos: 0 },
        DataType::Timestamp(TimeUnit::Microsecond, _) => instant(int64(bytes)?, 1_000, 1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => instant(int64(bytes)?, 1_000_000, 1),
        // Writers may say 0.0 where they mean -0.0, which we order below it.
        DataType::Float32 => match f32::from_le_bytes(bytes.try_into().ok()?) {
            value if value.is_nan() => return None,
            0.0 => Scalar::Float(if end == End::Min { -0.0 } else { 0.0 }),
            value => Scalar::Float(value),
        },
        DataType::Float64 => match f64::from_le_bytes(bytes.try_into().ok()?) {
            value if value.is_nan() => return None,
            0.0 => Scalar::Double(if end == End::Min { -0.0 } else { 0.0 }),
            value => Scalar::Double(value),
        },
        DataType::Decimal128(..) => Scalar::Decimal(unscaled(physical, bytes)?),
        DataType::Utf8 => Scalar::String(text(bytes, end)?),
        DataType::Binary => Scalar::Bytes(bytes.to_vec()),
        _ => return None,
    })
}

fn unscaled(physical: PhysicalType, bytes: &[u8]) -> Option<i128> {
    match physical {
        PhysicalType::INT32 => int32(bytes).map(i128::from),
        PhysicalType::INT64 => int64(bytes).map(i128::from),
        _ => {
            let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
            let mut whole = [sign; 16];
            whole.get_mut(16_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
            Some(i128::from_be_bytes(whole))
        }
    }
}

fn int32(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.try_into().ok()?))
}

fn int64(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(bytes.try_into().ok()?))
}

fn instant(ticks: i64, per_milli: i64, nanos_per_tick: i64) -> Scalar {
    let nanos = ticks.rem_euclid(per_milli) * nanos_per_tick;
    Scalar::Timestamp { millis: ticks.div_euclid(per_milli), nanos: nanos as i32 }
}

/// A cut text may end inside a character; what is left of it is still a lower bound, but no upper one.
fn text(bytes: &[u8], end: End) -> Option<String> {
    match (std::str::from_utf8(bytes), end) {
        (Ok(text), _) => Some(text.to_owned()),
        (Err(error), End::Min) => {
            bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).map(str::to_owned)
        }
        (Err(_), End::Max) => None,
    }
}
