//! Between the physical forms of one logical value.
//!
//! A Parquet file holds a timestamp as one of four integers, a decimal as one of four, a list in one of several shapes;
//! whoever reads asks for one Arrow type, and gets exactly it. Other differences of type are casts, and are refused.
//!
//! | in the file | asked for |
//! |---|---|
//! | decimal of any width | Decimal128 of any precision; another scale if no digit is lost |
//! | timestamp of any unit, with or without zone | any unit (finer units are floored), any zone, or the *wide* form |
//! | INT96, decoded as its 12 bytes | the same; and back again, for writing |
//! | time of any unit, bare INT32 | Time32(ms) |
//! | INT32, INT(16) | Int16, Int8 if the values fit |
//! | string or binary | any string or binary layout |
//! | list, two or three levels, any names | List |
//! | map, list of pairs | Map |
//! | group | Struct by names; a field that the file lacks is null |
//!
//! The wide form is [`tidelake_types::wide_timestamp_type`]: nanoseconds in an `i64` reach from 1677 to 2262, and tables
//! hold years 1 to 9999.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Decimal128Array, Decimal256Array, FixedSizeBinaryArray, Int32Array, Int64Array, ListArray,
    MapArray, PrimitiveArray, StructArray,
    cast::AsArray,
    new_null_array,
    types::{
        ArrowPrimitiveType, Decimal128Type, Int8Type, Int16Type, Int32Type, Time32MillisecondType, Time32SecondType,
        Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType,
    },
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, TimeUnit};
use tidelake_types::is_wide_timestamp;

/// Why an array cannot take the type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// No value could.
    Type {
        /// The names from the root, with dots.
        column: String,
        /// "is … and not …".
        reason: String,
    },
    /// Some value cannot.
    Value {
        /// The names from the root, with dots.
        column: String,
        /// Which one, and what to do.
        reason: String,
    },
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Type { column, reason } | Self::Value { column, reason }) = self;
        write!(f, "column `{column}` {reason}")
    }
}

impl std::error::Error for Misfit {}

type Converted = Result<ArrayRef, Misfit>;

/// `array` in the type of `wanted`, nested names and nullability included.
pub(crate) fn convert(array: &ArrayRef, wanted: &Field) -> Converted {
    At { path: vec![wanted.name()] }.field(array, wanted)
}

/// Where in the tree of a column we are, for messages.
struct At<'a> {
    path: Vec<&'a str>,
}

impl<'a> At<'a> {
    fn below(&self, name: &'a str) -> Self {
        let mut path = self.path.clone();
        path.push(name);
        Self { path }
    }

    fn misfit(&self, reason: impl Into<String>) -> Misfit {
        Misfit::Value { column: self.path.join("."), reason: reason.into() }
    }

    fn arrow(&self, error: ArrowError) -> Misfit {
        self.misfit(format!("cannot be read: {error}"))
    }

    fn field(&self, array: &ArrayRef, wanted: &'a Field) -> Converted {
        let converted = self.values(array, wanted.data_type())?;
        if !wanted.is_nullable() && self.path.len() == 1 && converted.null_count() > 0 {
            return Err(self.misfit("is NOT NULL and has nulls"));
        }
        Ok(converted)
    }

    fn values(&self, array: &ArrayRef, wanted: &'a DataType) -> Converted {
        use DataType::*;
        let stored = array.data_type();
        if stored == wanted {
            return Ok(Arc::clone(array));
        }
        match (stored, wanted) {
            (Null, _) => Ok(new_null_array(wanted, array.len())),
            (Timestamp(..) | FixedSizeBinary(12), Timestamp(..)) => self.timestamp(array, wanted),
            (Timestamp(..) | FixedSizeBinary(12), Struct(fields)) if is_wide_timestamp(wanted) => {
                self.wide(array, fields)
            }
            (Struct(_), Timestamp(..)) if is_wide_timestamp(stored) => self.timestamp(array, wanted),
            (Timestamp(..), FixedSizeBinary(12)) => self.int96(array),
            (Struct(_), FixedSizeBinary(12)) if is_wide_timestamp(stored) => self.int96(array),
            (Decimal128(_, from), Decimal128(precision, to)) => {
                self.decimal(array.as_primitive::<Decimal128Type>(), *from, *precision, *to)
            }
            (Decimal256(precision, from), Decimal128(..)) => {
                let narrow: ArrayRef = Arc::new(self.narrow_decimal(array, *precision, *from)?);
                self.values(&narrow, wanted)
            }
            (Int32, Int16) => self.narrow::<Int32Type, Int16Type>(array),
            (Int32, Int8) => self.narrow::<Int32Type, Int8Type>(array),
            (Int16, Int8) => self.narrow::<Int16Type, Int8Type>(array),
            (Int32, Time32(TimeUnit::Millisecond)) => {
                Ok(Arc::new(array.as_primitive::<Int32Type>().reinterpret_cast::<Time32MillisecondType>()))
            }
            (Time32(_) | Time64(_), Time32(TimeUnit::Millisecond)) => Ok(Arc::new(millis_of_day(array))),
            (Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_), _)
                if is_text(wanted) =>
            {
                let strict = arrow_cast::CastOptions { safe: false, ..arrow_cast::CastOptions::default() };
                arrow_cast::cast_with_options(array, wanted, &strict).map_err(|error| self.arrow(error))
            }
            (List(_), List(element)) => self.list(array.as_list(), element),
            (List(pair), Map(entries, sorted)) if is_pair(pair.data_type()) => {
                let list = array.as_list::<i32>();
                self.map(list.offsets(), list.nulls(), list.values().as_struct(), entries, *sorted)
            }
            (Map(..), Map(entries, sorted)) => {
                let map = array.as_map();
                self.map(map.offsets(), map.nulls(), map.entries(), entries, *sorted)
            }
            (Struct(_), Struct(fields)) => self.structure(array.as_struct(), fields),
            _ => Err(Misfit::Type { column: self.path.join("."), reason: format!("is {stored} and not {wanted}") }),
        }
    }

    fn list(&self, list: &ListArray, element: &'a FieldRef) -> Converted {
        let values = self.below(element.name()).field(list.values(), element)?;
        ListArray::try_new(Arc::clone(element), list.offsets().clone(), values, list.nulls().cloned())
            .map(|list| Arc::new(list) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn map(
        &self,
        offsets: &OffsetBuffer<i32>,
        nulls: Option<&NullBuffer>,
        stored: &StructArray,
        entries: &'a FieldRef,
        sorted: bool,
    ) -> Converted {
        let (DataType::Struct(fields), [keys, values]) = (entries.data_type(), stored.columns()) else {
            return Err(self.misfit("is not a map of keys and values"));
        };
        let [key, value] = &fields[..] else { return Err(self.misfit("is not a map of keys and values")) };
        if keys.null_count() > 0 && !key.is_nullable() {
            return Err(self.misfit("has a null among its map keys"));
        }
        let keys = self.below(key.name()).field(keys, key)?;
        let values = self.below(value.name()).field(values, value)?;
        StructArray::try_new(fields.clone(), vec![keys, values], None)
            .and_then(|stored| MapArray::try_new(Arc::clone(entries), offsets.clone(), stored, nulls.cloned(), sorted))
            .map(|map| Arc::new(map) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn structure(&self, stored: &StructArray, fields: &'a Fields) -> Converted {
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            columns.push(match stored.column_by_name(field.name()) {
                Some(column) => self.below(field.name()).field(column, field)?,
                None => new_null_array(field.data_type(), stored.len()),
            });
        }
        StructArray::try_new_with_length(fields.clone(), columns, stored.nulls().cloned(), stored.len())
            .map(|structure| Arc::new(structure) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn decimal(&self, stored: &Decimal128Array, from: i8, precision: u8, to: i8) -> Converted {
        let scaled = if from == to {
            stored.clone()
        } else {
            let by = 10_i128.checked_pow(u32::from(from.abs_diff(to)));
            let rescale = |value: i128| match by {
                Some(by) if to > from => value.checked_mul(by),
                Some(by) if value % by == 0 => Some(value / by),
                _ => (value == 0).then_some(0),
            };
            stored.try_unary(|value| {
                rescale(value).ok_or_else(|| {
                    self.misfit(format!(
                        "has the unscaled {value} of scale {from}, which has no exact form of scale {to}"
                    ))
                })
            })?
        };
        scaled
            .with_precision_and_scale(precision, to)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|e| self.arrow(e))
    }

    fn narrow_decimal(&self, array: &ArrayRef, precision: u8, scale: i8) -> Result<Decimal128Array, Misfit> {
        let wide: &Decimal256Array = array.as_primitive();
        wide.try_unary::<_, Decimal128Type, _>(|value| {
            value
                .to_i128()
                .ok_or_else(|| self.misfit(format!("has the unscaled {value}, which has more than 38 digits")))
        })?
        .with_precision_and_scale(precision.min(38), scale)
        .map_err(|error| self.arrow(error))
    }

    fn narrow<From, To>(&self, array: &ArrayRef) -> Converted
    where
        From: ArrowPrimitiveType,
        To: ArrowPrimitiveType,
        From::Native: std::fmt::Display,
        To::Native: TryFrom<From::Native>,
    {
        let narrow: PrimitiveArray<To> = array.as_primitive::<From>().try_unary(|value| {
            To::Native::try_from(value).map_err(|_| self.misfit(format!("has {value}, which is no {}", To::DATA_TYPE)))
        })?;
        Ok(Arc::new(narrow))
    }

    fn timestamp(&self, array: &ArrayRef, wanted: &DataType) -> Converted {
        let DataType::Timestamp(unit, zone) = wanted else {
            return Err(self.misfit("is no timestamp"));
        };
        let values = self.ticks(array, *unit)?;
        Ok(match unit {
            TimeUnit::Second => {
                Arc::new(values.reinterpret_cast::<TimestampSecondType>().with_timezone_opt(zone.clone())) as ArrayRef
            }
            TimeUnit::Millisecond => {
                Arc::new(values.reinterpret_cast::<TimestampMillisecondType>().with_timezone_opt(zone.clone()))
            }
            TimeUnit::Microsecond => {
                Arc::new(values.reinterpret_cast::<TimestampMicrosecondType>().with_timezone_opt(zone.clone()))
            }
            TimeUnit::Nanosecond => {
                Arc::new(values.reinterpret_cast::<TimestampNanosecondType>().with_timezone_opt(zone.clone()))
            }
        })
    }

    /// The instants counted in `unit`.
    fn ticks(&self, array: &ArrayRef, unit: TimeUnit) -> Result<Int64Array, Misfit> {
        if let Some((stored, values)) = stored_ticks(array) {
            let (from, to) = (ticks_per_second(stored), ticks_per_second(unit));
            return match to / from {
                0 => Ok(values.unary(|value| value.div_euclid(from / to))),
                1 => Ok(values),
                by => values.try_unary(|value| value.checked_mul(by).ok_or_else(|| self.out_of_range(unit))),
            };
        }
        let (millis, nanos, nulls) = self.instants(array)?;
        let ticks = millis.iter().zip(nanos.iter()).enumerate().map(|(row, (millis, nanos))| {
            let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            let ticks = match unit {
                TimeUnit::Second => Some(millis.div_euclid(1_000)),
                TimeUnit::Millisecond => Some(*millis),
                TimeUnit::Microsecond => join(*millis, 1_000, i64::from(*nanos) / 1_000),
                TimeUnit::Nanosecond => join(*millis, 1_000_000, i64::from(*nanos)),
            };
            if valid { ticks.ok_or_else(|| self.out_of_range(unit)) } else { Ok(0) }
        });
        let ticks = ticks.collect::<Result<Vec<i64>, Misfit>>()?;
        Ok(Int64Array::new(ticks.into(), nulls))
    }

    fn out_of_range(&self, unit: TimeUnit) -> Misfit {
        self.misfit(format!("has a timestamp beyond what 64 bits hold in {unit:?}s (read it in the wide form)"))
    }

    fn wide(&self, array: &ArrayRef, fields: &Fields) -> Converted {
        let (millis, nanos, nulls) = self.instants(array)?;
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::new(millis, None)), Arc::new(Int32Array::new(nanos, None))];
        StructArray::try_new(fields.clone(), columns, nulls)
            .map(|structure| Arc::new(structure) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn int96(&self, array: &ArrayRef) -> Converted {
        let (millis, nanos, nulls) = self.instants(array)?;
        let mut raw = Vec::with_capacity(millis.len() * 12);
        for (row, (millis, nanos)) in millis.iter().zip(nanos.iter()).enumerate() {
            match int96_of_instant(*millis, *nanos) {
                Some(int96) => raw.extend_from_slice(&int96),
                None if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) => raw.extend_from_slice(&[0; 12]),
                None => return Err(self.misfit("has a timestamp beyond what INT96 holds")),
            }
        }
        FixedSizeBinaryArray::try_new(12, raw.into(), nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    /// Milliseconds (floor), nanoseconds of that millisecond, and which are null, from any form.
    #[expect(clippy::type_complexity, reason = "three columns of one table")]
    fn instants(&self, array: &ArrayRef) -> Result<(ScalarBuffer<i64>, ScalarBuffer<i32>, Option<NullBuffer>), Misfit> {
        if let Some(raw) = array.as_any().downcast_ref::<FixedSizeBinaryArray>() {
            let (millis, nanos): (Vec<i64>, Vec<i32>) = (0..raw.len()).map(|row| int96_instant(raw.value(row))).unzip();
            return Ok((millis.into(), nanos.into(), raw.nulls().cloned()));
        }
        if let Some(wide) = array.as_struct_opt() {
            let (millis, nanos) = (wide.column(0).as_primitive_opt(), wide.column(1).as_primitive_opt());
            let (Some(millis), Some(nanos)): (Option<&Int64Array>, Option<&Int32Array>) = (millis, nanos) else {
                return Err(self.misfit("is not in the wide form"));
            };
            return Ok((millis.values().clone(), nanos.values().clone(), wide.nulls().cloned()));
        }
        let Some((unit, values)) = stored_ticks(array) else { return Err(self.misfit("is no timestamp")) };
        let (millis, nanos): (Vec<i64>, Vec<i32>) = match unit {
            TimeUnit::Second => values.values().iter().map(|value| (value.wrapping_mul(1_000), 0)).unzip(),
            TimeUnit::Millisecond => {
                return Ok((values.values().clone(), vec![0; values.len()].into(), values.nulls().cloned()));
            }
            TimeUnit::Microsecond => values.values().iter().map(|value| split(*value, 1_000, 1_000)).unzip(),
            TimeUnit::Nanosecond => values.values().iter().map(|value| split(*value, 1_000_000, 1)).unzip(),
        };
        Ok((millis.into(), nanos.into(), values.nulls().cloned()))
    }
}

/// The integers of a timestamp array and what they count.
fn stored_ticks(array: &ArrayRef) -> Option<(TimeUnit, Int64Array)> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return None };
    Some((
        *unit,
        match unit {
            TimeUnit::Second => array.as_primitive::<TimestampSecondType>().reinterpret_cast(),
            TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().reinterpret_cast(),
            TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast(),
            TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().reinterpret_cast(),
        },
    ))
}

fn ticks_per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// `millis * by + rest`, unless it overflows. (Near the lower end the product alone may, so the sum is taken wide.)
fn join(millis: i64, by: i128, rest: i64) -> Option<i64> {
    i64::try_from(i128::from(millis) * by + i128::from(rest)).ok()
}

/// Ticks, of which a millisecond has `per_milli`, as milliseconds and nanoseconds of the millisecond.
fn split(ticks: i64, per_milli: i64, nanos_per_tick: i64) -> (i64, i32) {
    (ticks.div_euclid(per_milli), (ticks.rem_euclid(per_milli) * nanos_per_tick) as i32)
}

const JULIAN_DAY_OF_1970: i64 = 2_440_588;
const MILLIS_OF_DAY: i64 = 86_400_000;

/// Eight bytes of nanoseconds of the day and four of the Julian day, little-endian. Java divides towards zero, so before
/// 1970 the nanoseconds may be negative and the day one later.
fn int96_instant(raw: &[u8]) -> (i64, i32) {
    let mut nanos_of_day = [0; 8];
    let mut day = [0; 4];
    nanos_of_day.copy_from_slice(&raw[..8]);
    day.copy_from_slice(&raw[8..12]);
    let (nanos_of_day, day) = (i64::from_le_bytes(nanos_of_day), i64::from(i32::from_le_bytes(day)));
    let (millis_of_day, nanos) = split(nanos_of_day, 1_000_000, 1);
    ((day - JULIAN_DAY_OF_1970) * MILLIS_OF_DAY + millis_of_day, nanos)
}

/// The same bytes with nanoseconds that are never negative; `None` if the day does not fit.
fn int96_of_instant(millis: i64, nanos: i32) -> Option<[u8; 12]> {
    let day = i32::try_from(millis.div_euclid(MILLIS_OF_DAY) + JULIAN_DAY_OF_1970).ok()?;
    let nanos_of_day = millis.rem_euclid(MILLIS_OF_DAY) * 1_000_000 + i64::from(nanos);
    let mut raw = [0; 12];
    raw[..8].copy_from_slice(&nanos_of_day.to_le_bytes());
    raw[8..].copy_from_slice(&day.to_le_bytes());
    Some(raw)
}

fn millis_of_day(array: &ArrayRef) -> PrimitiveArray<Time32MillisecondType> {
    match array.data_type() {
        DataType::Time32(_) => array.as_primitive::<Time32SecondType>().unary(|value| value.wrapping_mul(1_000)),
        DataType::Time64(TimeUnit::Microsecond) => {
            array.as_primitive::<Time64MicrosecondType>().unary(|value| (value / 1_000) as i32)
        }
        _ => array.as_primitive::<Time64NanosecondType>().unary(|value| (value / 1_000_000) as i32),
    }
}

fn is_text(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(data_type, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView)
}

fn is_pair(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Struct(fields) if fields.len() == 2)
}
