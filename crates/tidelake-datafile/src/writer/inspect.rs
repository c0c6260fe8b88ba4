//! What the meta of a file must say of its rows, and whether they stand in order.

use std::cmp::Ordering;

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Int8Type, Int64Type},
};
use arrow_ord::ord::{DynComparator, make_comparator};
use arrow_schema::SortOptions;
use tidelake_types::{BinaryRow, BinaryRowBuilder, RowKind};

use super::plan::FilePlan;
use crate::{
    Result,
    error::{InternalSnafu, InvalidRowsSnafu},
};

/// The key columns of the last row written; no columns before the first row.
pub(super) type LastKey = Vec<ArrayRef>;

/// What was seen in some rows.
pub(super) struct Inspected {
    /// Smallest and largest sequence number; not of append tables.
    pub(super) sequences: Option<(i64, i64)>,
    /// How many rows retract.
    pub(super) delete_rows: i64,
    /// First and last key; not of append tables.
    pub(super) keys: Option<(BinaryRow, BinaryRow)>,
    /// To be given with the next rows.
    pub(super) last_key: LastKey,
}

/// Looks through rows (at least one) of key tables: keys not null and ascending after `last_key`, kinds known. Rows of
/// append tables have nothing to show.
pub(super) fn inspect(plan: &FilePlan, rows: &RecordBatch, last_key: &LastKey) -> Result<Inspected> {
    if plan.key_fields.is_empty() {
        return Ok(Inspected { sequences: None, delete_rows: 0, keys: None, last_key: LastKey::new() });
    }
    let num_keys = plan.key_fields.len();
    let keys = &rows.columns()[..num_keys];
    for (column, field) in keys.iter().zip(&plan.key_fields) {
        if column.null_count() > 0 && !field.data_type.nullable {
            return InvalidRowsSnafu { message: format!("key column `{}` is NOT NULL and got a null", field.name) }
                .fail();
        }
    }
    check_ascending(keys, last_key, plan.keys_repeat)?;

    let sequences = rows.column(num_keys).as_primitive::<Int64Type>().values();
    let min_max = sequences.iter().fold((i64::MAX, i64::MIN), |(min, max), next| (min.min(*next), max.max(*next)));
    let last = rows.num_rows() - 1;
    let mut builder = BinaryRowBuilder::new(&plan.key_types());
    Ok(Inspected {
        sequences: Some(min_max),
        delete_rows: count_retracts(rows.column(num_keys + 1).as_primitive::<Int8Type>().values())?,
        keys: Some((builder.row(keys, 0)?, builder.row(keys, last)?)),
        last_key: keys.iter().map(|column| column.slice(last, 1)).collect(),
    })
}

fn count_retracts(kinds: &[i8]) -> Result<i64> {
    let mut retracts = 0;
    for byte in kinds {
        match RowKind::from_byte(*byte) {
            Some(kind) => retracts += i64::from(kind.is_retract()),
            None => return InternalSnafu { message: format!("{byte} is not the byte of a row kind") }.fail(),
        }
    }
    Ok(retracts)
}

fn check_ascending(keys: &[ArrayRef], last_key: &LastKey, repeated: bool) -> Result<()> {
    let fits = |order: Ordering| order.is_lt() || repeated && order.is_eq();
    if !last_key.is_empty() {
        let compare = comparators(last_key, keys)?;
        if !fits(order(&compare, 0, 0)) {
            return InternalSnafu { message: "the keys of two batches for one data file do not ascend" }.fail();
        }
    }
    let compare = comparators(keys, keys)?;
    let rows = keys.first().map_or(0, |column| column.len());
    match (1..rows).find(|row| !fits(order(&compare, row - 1, *row))) {
        None => Ok(()),
        Some(row) => {
            InternalSnafu { message: format!("keys for a data file do not ascend between rows {} and {row}", row - 1) }
                .fail()
        }
    }
}

fn comparators(left: &[ArrayRef], right: &[ArrayRef]) -> Result<Vec<DynComparator>> {
    let ascending = SortOptions { descending: false, nulls_first: true };
    let pairs = left.iter().zip(right);
    Ok(pairs.map(|(left, right)| make_comparator(left, right, ascending)).collect::<Result<_, _>>()?)
}

fn order(compare: &[DynComparator], left: usize, right: usize) -> Ordering {
    compare.iter().map(|compare| compare(left, right)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
