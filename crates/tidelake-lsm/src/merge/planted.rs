//! Bugs to be switched on by tests: what looks for such bugs must find them.

use std::sync::Arc;

use arrow_array::{Int8Array, Int64Array};
use tidelake_runtime::Runtime;

use super::{Deduplicate, GroupSelection, MergeFunction, Merged, MergedColumn};
use crate::{MergeWindow, Result, RowRef};

/// The wrong rule that a test has planted for compactions, if any.
pub(crate) fn planted(runtime: &Runtime) -> Option<Arc<dyn MergeFunction>> {
    if runtime.canary("lsm.oldest-wins") {
        return Some(Arc::new(OldestWins));
    }
    // Retracts go before they have hidden anything.
    runtime.canary("lsm.drop-deletes-early").then(|| Arc::new(Deduplicate { ignore_delete: true }) as _)
}

#[derive(Debug)]
struct OldestWins;

impl MergeFunction for OldestWins {
    fn merge(&self, window: &MergeWindow, groups: &GroupSelection) -> Result<Merged> {
        let winners: Vec<RowRef> = groups.0.iter().map(|&group| window.group(group as usize)[0]).collect();
        Ok(Merged {
            sequence: Int64Array::from_iter_values(winners.iter().map(|&row| window.sequence(row))),
            kind: winners.iter().map(|&row| Some(window.kind(row))).collect::<Int8Array>(),
            columns: vec![MergedColumn::Pick(winners.into())],
        })
    }
}
