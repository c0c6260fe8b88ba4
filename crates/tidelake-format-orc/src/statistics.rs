//! What a stripe's statistics say of a column, in our values, and stripes that cannot hold a row of interest.
//!
//! Bounds are given where they mean the same in every writer: integers, days since the Gregorian calendar, and texts
//! (not CHAR, which is padded in the file and not in our values). The others have the number of nulls.

use arrow_schema::{DataType, TimeUnit};
use orc_rust::proto::{ColumnStatistics as Stored, Type, r#type::Kind};
use tidelake_expr::{ColumnBounds, may_match};
use tidelake_format::{ColumnStatistics, OpenFile, Predicate, Scalar};
use tidelake_types::{DataField, arrow_type};

use crate::{open_file::OrcFile, types::kind};

/// 1582-10-15. Earlier days are counted in one of two calendars.
const FIRST_GREGORIAN_DAY: i32 = -141_427;

/// Of one top-level column in a stripe of `rows` rows.
pub(crate) fn column_statistics(node: &Type, rows: u64, known: &Stored) -> Option<ColumnStatistics> {
    let values = known.number_of_values?;
    let null_count = i64::try_from(rows.checked_sub(values)?).ok()?;
    let (min, max) = bounds(node, known).filter(|_| values > 0).unzip();
    Some(ColumnStatistics { min, max, null_count: Some(null_count) })
}

fn bounds(node: &Type, known: &Stored) -> Option<(Scalar, Scalar)> {
    let integers = || known.int_statistics.as_ref().and_then(|known| known.minimum.zip(known.maximum));
    match kind(node)? {
        Kind::Byte => {
            let (min, max) = integers()?;
            Some((Scalar::TinyInt(i8::try_from(min).ok()?), Scalar::TinyInt(i8::try_from(max).ok()?)))
        }
        Kind::Short => {
            let (min, max) = integers()?;
            Some((Scalar::SmallInt(i16::try_from(min).ok()?), Scalar::SmallInt(i16::try_from(max).ok()?)))
        }
        Kind::Int => {
            let (min, max) = integers()?;
            Some((Scalar::Int(i32::try_from(min).ok()?), Scalar::Int(i32::try_from(max).ok()?)))
        }
        Kind::Long => integers().map(|(min, max)| (Scalar::BigInt(min), Scalar::BigInt(max))),
        Kind::Date => {
            let known = known.date_statistics.as_ref()?;
            let (min, max) = known.minimum.zip(known.maximum).filter(|(min, _)| *min >= FIRST_GREGORIAN_DAY)?;
            Some((Scalar::Date(min), Scalar::Date(max)))
        }
        Kind::String | Kind::Varchar => {
            let known = known.string_statistics.as_ref()?;
            let min = known.minimum.as_ref().or(known.lower_bound.as_ref())?;
            let max = known.maximum.as_ref().or(known.upper_bound.as_ref())?;
            Some((Scalar::String(min.clone()), Scalar::String(max.clone())))
        }
        _ => None,
    }
}

/// Whether a row of the stripe may pass. Unsure is yes.
pub(crate) fn may_have_rows(file: &OrcFile, stripe: usize, predicate: &Predicate) -> bool {
    let rows = i64::try_from(file.row_groups[stripe].num_rows);
    rows.map_or(true, |rows| may_match(predicate, rows, &|field| bounds_of_field(file, stripe, field)))
}

/// Bounds in values of the field's own type; nothing where the file holds another.
fn bounds_of_field(file: &OrcFile, stripe: usize, field: &DataField) -> Option<ColumnBounds> {
    let wanted = arrow_type(&field.data_type).ok()?;
    let stored = file.schema.field_with_name(&field.name).ok()?.data_type();
    let is_time = wanted == DataType::Time32(TimeUnit::Millisecond) && *stored == DataType::Int32;
    if *stored != wanted && !is_time {
        return None;
    }
    let as_wanted = |bound: Scalar| match bound {
        Scalar::Int(millis) if is_time => Scalar::Time(millis),
        other => other,
    };
    let known = file.statistics(stripe, std::slice::from_ref(&field.name))?;
    Some(ColumnBounds { min: known.min.map(as_wanted), max: known.max.map(as_wanted), null_count: known.null_count })
}
