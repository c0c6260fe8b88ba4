//! What the metadata of files says about the rows of a scan, for DataFusion's planner.
//!
//! Only what is exact is told as exact, for DataFusion answers `count`, `min` and `max` from it without reading a row:
//! rows of append tables, their nulls, and bounds of types that are never stored shortened.

use std::cmp::Ordering;

use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, stats::Precision};
use tidelake_table::{DataField, FilterUse, Known, Scalar, Table, TablePlan, TypeKind};

use crate::Error;

/// Statistics of more files than that cost more than they are good for.
const FILES_MAX: usize = 10_000;

/// Of the columns that a plan reads. `whole` tells that no rows are left out of its files: no filter but on partitions, no
/// limit.
pub(crate) async fn statistics(table: &Table, plan: &TablePlan, whole: bool) -> Result<Statistics> {
    let mut statistics = Statistics::new_unknown(&*plan.arrow_schema().map_err(Error::from)?);
    let known = &plan.plan().statistics;
    let filtered = plan.plan().filters.iter().any(|filter| *filter != FilterUse::Exact);
    statistics.num_rows = match known.rows {
        Known::Exact(rows) if whole && !filtered => Precision::Exact(rows as usize),
        Known::Exact(rows) | Known::AtMost(rows) => Precision::Inexact(rows as usize),
    };
    statistics.total_byte_size = Precision::Inexact(known.bytes as usize);
    let files: usize = plan.splits().iter().map(|split| split.files.len()).sum();
    if files > FILES_MAX {
        return Ok(statistics);
    }
    for (column, field) in statistics.column_statistics.iter_mut().zip(plan.fields()) {
        if let Some(found) = column_statistics(table, plan, field).await? {
            *column = found;
        }
    }
    let exact = matches!(statistics.num_rows, Precision::Exact(_));
    Ok(if exact { statistics } else { statistics.to_inexact() })
}

/// `None` where a file does not say.
async fn column_statistics(table: &Table, plan: &TablePlan, field: &DataField) -> Result<Option<ColumnStatistics>> {
    let (mut least, mut most, mut nulls): (Option<Scalar>, Option<Scalar>, Option<i64>) = (None, None, Some(0));
    let mut bounded = true;
    for file in plan.splits().iter().flat_map(|split| &split.files) {
        let written = table
            .schemas()
            .load(file.schema_id)
            .await
            .map_err(|error| Error::from(tidelake_table::Error::from(error)))?;
        let Some(bounds) = file.evolved_bounds(&written, field) else { return Ok(None) };
        nulls = nulls.zip(bounds.null_count).map(|(sum, count)| sum + count);
        let empty = bounds.null_count == Some(file.row_count);
        match (bounds.min, bounds.max) {
            (Some(min), Some(max)) => {
                extend(&mut least, min, Ordering::Less);
                extend(&mut most, max, Ordering::Greater);
            }
            _ => bounded &= empty,
        }
    }
    let exact = matches!(
        field.data_type.kind,
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt | TypeKind::Date
    );
    let bound = |value: Option<Scalar>| -> Result<Precision<ScalarValue>> {
        let Some(value) = value.filter(|_| bounded) else { return Ok(Precision::Absent) };
        let array = Scalar::to_array(&[Some(value)], &field.data_type).map_err(Error::from)?;
        let value = ScalarValue::try_from_array(&array, 0)?;
        Ok(if exact { Precision::Exact(value) } else { Precision::Inexact(value) })
    };
    Ok(Some(ColumnStatistics {
        null_count: nulls.map_or(Precision::Absent, |count| Precision::Exact(count.max(0) as usize)),
        min_value: bound(least)?,
        max_value: bound(most)?,
        ..ColumnStatistics::new_unknown()
    }))
}

/// Keeps the value that is further in a direction.
fn extend(kept: &mut Option<Scalar>, value: Scalar, direction: Ordering) {
    if kept.as_ref().is_none_or(|kept| value.compare(kept) == Some(direction)) {
        *kept = Some(value);
    }
}
