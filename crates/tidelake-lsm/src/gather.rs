//! From references to columns: the one place where merged values are copied.

use std::{ops::Range, sync::Arc};

use arrow_array::{Array, ArrayRef, Int8Array, Int64Array};
use arrow_schema::ArrowError;
use arrow_select::interleave::interleave;

use crate::{Change, ChangedRow, Decision, MergeWindow, MergedColumn, Result, RowRef, window::is_add};

/// Which results are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All, deletes too: what goes into files of lower levels.
    All,
    /// `+I` and `+U`: the rows that exist.
    Adds,
}

/// Results with their values, in key order.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The first columns of the window's values, as many as were wanted.
    pub columns: Vec<ArrayRef>,
    /// Their sequence numbers.
    pub sequence: Int64Array,
    /// Their kinds.
    pub kind: Int8Array,
}

/// Copies the results of a decision: the first `num_columns` columns of the window's values. Usually one piece; more only
/// where the strings or lists of one column would take more than 2 GiB.
pub fn gather(window: &MergeWindow, decision: &Decision, keep: Keep, num_columns: usize) -> Result<Vec<Gathered>> {
    let merged = &decision.rows;
    let wanted =
        |&group: &usize| merged.kind.is_valid(group) && (keep == Keep::All || is_add(merged.kind.value(group)));
    let groups: Vec<usize> = (0..merged.kind.len()).filter(wanted).collect();
    let picks = merged.columns.iter().map(|MergedColumn::Pick(rows)| Picks::new(rows, &groups)).collect::<Vec<_>>();
    let sequence = Int64Array::from_iter_values(groups.iter().map(|&group| merged.sequence.value(group)));
    let kind = Int8Array::from_iter_values(groups.iter().map(|&group| merged.kind.value(group)));
    let mut pieces = Vec::with_capacity(1);
    if !groups.is_empty() {
        copy(window, &picks, num_columns, 0..groups.len(), &mut |range, columns| {
            let (sequence, kind) = (sequence.slice(range.start, range.len()), kind.slice(range.start, range.len()));
            pieces.push(Gathered { columns, sequence, kind });
        })?;
    }
    Ok(pieces)
}

/// Copies what the changelog tells of a window, in the columns that [`gather`] gives.
pub(crate) fn gather_changes(window: &MergeWindow, decision: &Decision, num_columns: usize) -> Result<Vec<Gathered>> {
    let (merged, changes) = (&decision.rows, &decision.changelog);
    let picks = merged.columns.iter().map(|MergedColumn::Pick(rows)| {
        let row = |change: &Change| match change.row {
            ChangedRow::Stored(row) => row.indices(),
            ChangedRow::Result(group) => rows[group as usize].indices(),
        };
        Picks(changes.iter().map(row).collect())
    });
    let picks: Vec<Picks> = picks.collect();
    let sequence = |change: &Change| match change.row {
        ChangedRow::Stored(row) => window.sequence(row),
        ChangedRow::Result(group) => merged.sequence.value(group as usize),
    };
    let mut pieces = Vec::with_capacity(1);
    if !changes.is_empty() {
        copy(window, &picks, num_columns, 0..changes.len(), &mut |range, columns| {
            let changes = &changes[range];
            pieces.push(Gathered {
                columns,
                sequence: Int64Array::from_iter_values(changes.iter().map(sequence)),
                kind: Int8Array::from_iter_values(changes.iter().map(|change| change.kind.as_byte())),
            });
        })?;
    }
    Ok(pieces)
}

/// All rows of a window as they are, one after another.
pub(crate) fn gather_unmerged(window: &MergeWindow) -> Result<Vec<Gathered>> {
    let rows = &window.rows;
    let num_columns = window.batches.first().map_or(0, |batch| batch.values.num_columns());
    let picks = [Picks(rows.iter().map(RowRef::indices).collect())];
    let mut pieces = Vec::with_capacity(1);
    copy(window, &picks, num_columns, 0..rows.len(), &mut |range, columns| {
        let rows = &rows[range];
        pieces.push(Gathered {
            columns,
            sequence: Int64Array::from_iter_values(rows.iter().map(|&row| window.sequence(row))),
            kind: Int8Array::from_iter_values(rows.iter().map(|&row| window.kind(row))),
        });
    })?;
    Ok(pieces)
}

/// Row references as the kernel wants them.
struct Picks(Vec<(usize, usize)>);

impl Picks {
    fn new(rows: &Arc<[RowRef]>, groups: &[usize]) -> Self {
        Self(groups.iter().map(|&group| rows[group].indices()).collect())
    }
}

impl RowRef {
    #[inline]
    pub(crate) fn indices(&self) -> (usize, usize) {
        (self.batch as usize, self.row as usize)
    }
}

/// Copies a range of results, in halves where it does not fit into one array.
fn copy(
    window: &MergeWindow,
    picks: &[Picks],
    num_columns: usize,
    range: Range<usize>,
    emit: &mut dyn FnMut(Range<usize>, Vec<ArrayRef>),
) -> Result<()> {
    let column = |index: usize| {
        let arrays: Vec<&dyn Array> = window.batches.iter().map(|batch| batch.values.column(index).as_ref()).collect();
        let picks = picks.get(index).unwrap_or(&picks[0]);
        interleave(&arrays, &picks.0[range.clone()])
    };
    match (0..num_columns).map(column).collect::<Result<Vec<_>, ArrowError>>() {
        Ok(columns) => emit(range, columns),
        Err(ArrowError::OffsetOverflowError(_)) if range.len() > 1 => {
            let middle = range.start + range.len() / 2;
            copy(window, picks, num_columns, range.start..middle, emit)?;
            copy(window, picks, num_columns, middle..range.end, emit)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
