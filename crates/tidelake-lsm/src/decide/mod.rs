//! What becomes of a window.

mod equal;
mod full_changelog;
mod plain;

pub use full_changelog::FullChangelog;
pub use plain::Plain;

use std::fmt::Debug;

use tidelake_types::RowKind;

use crate::{MergeWindow, Merged, Result, RowRef};

/// What becomes of a window. Pure.
pub trait Decider: Debug + Send + Sync {
    /// Decides about every group.
    fn decide(&self, window: &MergeWindow) -> Result<Decision>;

    /// Whether an add from this level that is alone with its key, and so passes undecided, is `+I` in the changelog.
    fn tells_of_lone(&self, _level: i32) -> bool {
        false
    }
}

/// What comes out of a window. References only: nothing is copied before `gather`.
#[derive(Debug, Clone)]
pub struct Decision {
    /// One result for each group.
    pub rows: Merged,
    /// What is told of them, in key order.
    pub changelog: Vec<Change>,
}

/// A row of a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What happened to it.
    pub kind: RowKind,
    /// Its values and its sequence number.
    pub row: ChangedRow,
}

/// Where a row of a changelog comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedRow {
    /// As it was stored.
    Stored(RowRef),
    /// The result of this group.
    Result(u32),
}
