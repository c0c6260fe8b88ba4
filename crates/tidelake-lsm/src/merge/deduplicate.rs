//! `deduplicate`: the newest row wins, whatever it does.

use arrow_array::{Int8Array, Int64Array};

use super::{GroupSelection, MergeFunction, Merged, MergedColumn};
use crate::{MergeWindow, Result, RowRef, window::is_add};

/// Picks the last row of each group. A retract that wins deletes the key; with `ignore-delete` the last row that is not a
/// retract wins, and a group of retracts leaves nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deduplicate {
    /// Option `ignore-delete`.
    pub ignore_delete: bool,
}

impl MergeFunction for Deduplicate {
    fn merge(&self, window: &MergeWindow, groups: &GroupSelection) -> Result<Merged> {
        let winner = |&group: &u32| {
            let rows = window.group(group as usize);
            let newest = rows[rows.len() - 1];
            if !self.ignore_delete {
                return (newest, true);
            }
            match rows.iter().rev().find(|&&row| is_add(window.kind(row))) {
                Some(&row) => (row, true),
                None => (newest, false),
            }
        };
        let winners: Vec<(RowRef, bool)> = groups.0.iter().map(winner).collect();
        Ok(Merged {
            sequence: Int64Array::from_iter_values(winners.iter().map(|&(row, _)| window.sequence(row))),
            kind: winners.iter().map(|&(row, wins)| wins.then(|| window.kind(row))).collect::<Int8Array>(),
            columns: vec![MergedColumn::Pick(winners.iter().map(|&(row, _)| row).collect())],
        })
    }
}
