//! The rules for rows with one key, as named by `merge-engine`.

mod deduplicate;
mod planted;

pub use deduplicate::Deduplicate;
pub(crate) use planted::planted;

use std::{fmt::Debug, sync::Arc};

use arrow_array::{Int8Array, Int64Array};

use crate::{MergeWindow, Result, RowRef};

/// The rule for rows with one key. Pure, no state between windows.
pub trait MergeFunction: Debug + Send + Sync {
    /// Merges the selected groups only.
    fn merge(&self, window: &MergeWindow, groups: &GroupSelection) -> Result<Merged>;
}

/// Which groups of a window a merge function is asked about: their indices, ascending.
#[derive(Debug, Clone, Default)]
pub struct GroupSelection(pub Vec<u32>);

/// What becomes of some groups, in their order. References only: nothing is copied before `gather`.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The sequence number of each result.
    pub sequence: Int64Array,
    /// The kind of each result; null where nothing comes out.
    pub kind: Int8Array,
    /// Where each column's values come from: one for each column of the window's values, or a single one for all of them.
    pub columns: Vec<MergedColumn>,
}

/// Where the values of a column come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MergedColumn {
    /// For each group the row to take the value from. Columns that agree share it.
    Pick(Arc<[RowRef]>),
}
