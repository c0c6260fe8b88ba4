//! Rows of several runs, grouped by key: what merging works on.

mod batch;
mod grouper;
mod loser_tree;

pub use batch::KeyValueBatch;
pub(crate) use batch::slice_bytes;
pub use grouper::{GroupStep, Grouper};

use std::{cmp::Ordering, ops::Range, sync::Arc};

/// One row of one batch of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Index into [`MergeWindow::batches`].
    pub batch: u32,
    /// The row in it.
    pub row: u32,
}

/// Rows grouped by key, keys ascending. Group `g` is `rows[offsets[g]..offsets[g + 1]]`: by user-defined sequence, then
/// sequence number, retracts before adds; never empty, never split over two windows.
#[derive(Debug, Clone)]
pub struct MergeWindow {
    /// The batches that rows refer to.
    pub batches: Vec<Arc<KeyValueBatch>>,
    /// The rows, group by group.
    pub rows: Vec<RowRef>,
    /// Where each group begins, and where the last one ends.
    pub offsets: Vec<u32>,
}

/// When a window is full. It ends with the group that reaches a limit.
#[derive(Debug, Clone, Copy)]
pub struct WindowLimits {
    /// Rows.
    pub rows: usize,
    /// Bytes of their values, estimated from the average row of each batch.
    pub bytes: usize,
}

impl Default for WindowLimits {
    fn default() -> Self {
        Self { rows: 16_384, bytes: 32 << 20 }
    }
}

impl MergeWindow {
    /// A window without rows.
    pub fn empty() -> Self {
        Self { batches: Vec::new(), rows: Vec::new(), offsets: vec![0] }
    }

    /// Number of groups.
    pub fn num_groups(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The rows of a group.
    pub fn group(&self, group: usize) -> &[RowRef] {
        &self.rows[self.range(group)]
    }

    /// Where the rows of a group stand in `rows`.
    pub fn range(&self, group: usize) -> Range<usize> {
        self.offsets[group] as usize..self.offsets[group + 1] as usize
    }

    /// The stored kind of a row.
    #[inline]
    pub fn kind(&self, row: RowRef) -> i8 {
        self.batches[row.batch as usize].kind.value(row.row as usize)
    }

    /// The sequence number of a row.
    #[inline]
    pub fn sequence(&self, row: RowRef) -> i64 {
        self.batches[row.batch as usize].sequence.value(row.row as usize)
    }

    /// Ends the group that began at the last offset, ordering its rows from old to new. Rows that nothing tells apart keep
    /// the order they came in.
    pub(crate) fn close_group(&mut self) {
        let start = self.offsets.last().map_or(0, |&offset| offset as usize);
        let Self { batches, rows, offsets } = self;
        if rows.len() > start + 1 {
            rows[start..].sort_by(|&a, &b| age(batches, a, b));
        }
        if rows.len() > start {
            offsets.push(rows.len() as u32);
        }
    }
}

/// `Less` if `a` is older than `b`, both of one key.
fn age(batches: &[Arc<KeyValueBatch>], a: RowRef, b: RowRef) -> Ordering {
    let (left, right) = (&batches[a.batch as usize], &batches[b.batch as usize]);
    let (i, j) = (a.row as usize, b.row as usize);
    let user = match (&left.user_sequence, &right.user_sequence) {
        (Some(left), Some(right)) => left.row(i).data().cmp(right.row(j).data()),
        _ => Ordering::Equal,
    };
    user.then_with(|| left.sequence.value(i).cmp(&right.sequence.value(j)))
        .then_with(|| is_add(left.kind.value(i)).cmp(&is_add(right.kind.value(j))))
}

/// `+I` and `+U`, as stored.
#[inline]
pub(crate) fn is_add(kind: i8) -> bool {
    kind == 0 || kind == 2
}
