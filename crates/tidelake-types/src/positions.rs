//! Which rows of a file.

use std::{ops::Range, sync::Arc};

/// Positions of rows in a file, ascending: physical rows, counted from 0, whatever was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowPositions {
    /// All of a range.
    Range(Range<u64>),
    /// These, ascending, each once.
    List(Arc<[u64]>),
}

impl RowPositions {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => (range.end.saturating_sub(range.start)) as usize,
            Self::List(list) => list.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position of the `index`-th row, if there are so many.
    pub fn get(&self, index: usize) -> Option<u64> {
        match self {
            Self::Range(range) => {
                let position = range.start.checked_add(index as u64)?;
                (position < range.end).then_some(position)
            }
            Self::List(list) => list.get(index).copied(),
        }
    }

    /// The positions, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}
