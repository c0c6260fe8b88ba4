//! Which rows of a stripe are wanted, as ranges of positions in the file.

use std::{iter, ops::Range};

use tidelake_format::{RowGroup, RowPositions};

/// The wanted positions in a stripe: ascending, disjoint, not empty.
pub(crate) fn wanted_of(stripe: &RowGroup, rows: Option<&RowPositions>) -> Vec<Range<u64>> {
    let all = stripe.first_row..stripe.first_row + stripe.num_rows;
    match rows {
        None => joined(iter::once(all)),
        Some(RowPositions::Range(range)) => joined(iter::once(cut(range, &all))),
        Some(RowPositions::List(list)) => {
            let from = list.partition_point(|position| *position < all.start);
            let to = list.partition_point(|position| *position < all.end);
            joined(list[from..to].iter().map(|position| *position..position + 1))
        }
    }
}

/// Those of the wanted positions that lie in `window`. Wanted ranges that end before it are dropped: windows ascend.
pub(crate) fn take_from(wanted: &mut Vec<Range<u64>>, window: &Range<u64>) -> Vec<Range<u64>> {
    let passed = wanted.partition_point(|range| range.end <= window.start);
    wanted.drain(..passed);
    joined(wanted.iter().take_while(|range| range.start < window.end).map(|range| cut(range, window)))
}

/// The same as the contract says it.
pub(crate) fn as_positions(ranges: &[Range<u64>]) -> RowPositions {
    match ranges {
        [] => RowPositions::Range(0..0),
        [range] => RowPositions::Range(range.clone()),
        ranges => RowPositions::List(ranges.iter().flat_map(Clone::clone).collect()),
    }
}

fn cut(range: &Range<u64>, window: &Range<u64>) -> Range<u64> {
    range.start.max(window.start)..range.end.min(window.end)
}

fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges.filter(|range| !range.is_empty()) {
        match all.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ranges: Vec<Range<u64>>) -> Vec<(u64, u64)> {
        ranges.iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn wanted_positions_are_cut_to_the_stripe_and_joined() {
        let stripe = RowGroup { first_row: 10, num_rows: 5, bytes: 0..0 };
        let wanted = |rows: Option<RowPositions>| pairs(wanted_of(&stripe, rows.as_ref()));
        assert_eq!(wanted(None), [(10, 15)]);
        assert_eq!(wanted(Some(RowPositions::Range(0..12))), [(10, 12)]);
        assert_eq!(wanted(Some(RowPositions::Range(20..30))), []);
        assert_eq!(wanted(Some(RowPositions::List([1, 10, 11, 14, 15].into()))), [(10, 12), (14, 15)]);
    }

    #[test]
    fn windows_take_their_share() {
        let mut wanted = vec![2..5, 7..8, 20..30];
        assert_eq!(pairs(take_from(&mut wanted, &(0..4))), [(2, 4)]);
        assert_eq!(pairs(take_from(&mut wanted, &(4..8))), [(4, 5), (7, 8)]);
        assert_eq!(pairs(take_from(&mut wanted, &(8..12))), []);
        assert_eq!(pairs(take_from(&mut wanted, &(25..40))), [(25, 30)]);
        assert_eq!(as_positions(&[4..5, 7..8]), RowPositions::List([4, 7].into()));
    }
}
