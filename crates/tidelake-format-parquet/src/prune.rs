//! Row groups that cannot hold a row of interest.

use arrow_schema::DataType;
use tidelake_expr::{ColumnBounds, may_match};
use tidelake_format::{OpenFile, Predicate, Scalar};
use tidelake_types::{DataField, arrow_type};

use crate::open_file::ParquetFile;

/// Whether a row of the group may pass. Unsure is yes.
pub(crate) fn may_have_rows(file: &ParquetFile, row_group: usize, predicate: &Predicate) -> bool {
    let rows = file.row_groups[row_group].num_rows;
    i64::try_from(rows).map_or(true, |rows| may_match(predicate, rows, &|field| bounds(file, row_group, field)))
}

/// Bounds in values of the field's own type; nothing where the file holds another.
fn bounds(file: &ParquetFile, row_group: usize, field: &DataField) -> Option<ColumnBounds> {
    let wanted = arrow_type(&field.data_type).ok()?;
    let stored = file.schema.field_with_name(&field.name).ok()?.data_type();
    let convert: fn(Scalar) -> Option<Scalar> = match (stored, &wanted) {
        (DataType::Decimal128(_, stored), DataType::Decimal128(_, wanted)) if stored == wanted => Some,
        (DataType::Timestamp(..), DataType::Timestamp(..)) => Some,
        (DataType::Int32, DataType::Int8) => |bound| match bound {
            Scalar::Int(bound) => i8::try_from(bound).ok().map(Scalar::TinyInt),
            _ => None,
        },
        (DataType::Int32, DataType::Int16) => |bound| match bound {
            Scalar::Int(bound) => i16::try_from(bound).ok().map(Scalar::SmallInt),
            _ => None,
        },
        (stored, wanted) if stored == wanted => Some,
        _ => return None,
    };
    let known = file.statistics(row_group, std::slice::from_ref(&field.name))?;
    Some(ColumnBounds {
        min: known.min.and_then(convert),
        max: known.max.and_then(convert),
        null_count: known.null_count,
    })
}
