//! Whether two rows hold the same.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_ord::{cmp::not_distinct, ord::make_comparator};
use arrow_schema::SortOptions;
use arrow_select::interleave::interleave;

use crate::{MergeWindow, MergedColumn, Result, RowRef, order::plain_nans};

/// For each pair of a stored row and a group whether the row and the result of the group hold the same in these columns. Nulls
/// are the same, and so are NaNs; `0.0` and `-0.0` are not.
pub(super) fn same_values(
    window: &MergeWindow,
    results: &[MergedColumn],
    pairs: &[(RowRef, u32)],
    columns: &[usize],
) -> Result<BooleanArray> {
    let mut same = vec![true; pairs.len()];
    for &column in columns {
        let Some(MergedColumn::Pick(picks)) = results.get(column).or(results.first()) else { continue };
        let take = |row: &dyn Fn(&(RowRef, u32)) -> RowRef| -> Result<ArrayRef> {
            let arrays: Vec<&dyn Array> =
                window.batches.iter().map(|batch| batch.values.column(column).as_ref()).collect();
            let rows: Vec<(usize, usize)> = pairs.iter().map(|pair| row(pair).indices()).collect();
            Ok(plain_nans(&interleave(&arrays, &rows)?))
        };
        let stored = take(&|&(row, _)| row)?;
        let merged = take(&|&(_, group)| picks[group as usize])?;
        and_same(&mut same, &stored, &merged)?;
    }
    Ok(same.into())
}

fn and_same(same: &mut [bool], left: &ArrayRef, right: &ArrayRef) -> Result<()> {
    if left.data_type().is_nested() {
        let order = make_comparator(left, right, SortOptions::default())?;
        same.iter_mut().enumerate().for_each(|(i, same)| *same = *same && order(i, i).is_eq());
    } else {
        let equal = not_distinct(&Arc::clone(left), &Arc::clone(right))?;
        same.iter_mut().zip(equal.values()).for_each(|(same, equal)| *same &= equal);
    }
    Ok(())
}
