//! Joining ranges that lie close together into one read, and cutting the answers out again.

use std::ops::Range;

use bytes::Bytes;
use tidelake_error::ErrorKind;

use crate::{Error, FilePath, Result};

/// Refuses a range that is inverted (`InvalidInput`) or ends past the end of its file (`Corrupt`: somebody's metadata
/// names bytes that are not there).
pub fn check_range(path: &FilePath, size_bytes: u64, range: &Range<u64>) -> Result<()> {
    let (start, end) = (range.start, range.end);
    if start > end {
        return Err(Error::backend(
            ErrorKind::InvalidInput,
            "read",
            path,
            format!("the range {start}..{end} is inverted"),
        ));
    }
    if end > size_bytes {
        let reason = format!("the range {start}..{end} ends past the end, at {size_bytes}");
        return Err(Error::backend(ErrorKind::Corrupt, "read", path, reason));
    }
    Ok(())
}

/// The reads that cover `ranges`, ascending and disjoint; ranges less than `gap_bytes` apart share one. Empty ranges
/// need none.
pub fn join_ranges(ranges: &[Range<u64>], gap_bytes: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap_bytes) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// One piece for each of `ranges` out of `reads`, the answers to `joined`; no bytes are copied. `joined` must cover
/// `ranges` (see [`join_ranges`]), and each read must be as long as its range.
pub fn slice_ranges(ranges: &[Range<u64>], joined: &[Range<u64>], reads: &[Bytes]) -> Vec<Bytes> {
    let cut = |range: &Range<u64>| {
        if range.start >= range.end {
            return Bytes::new();
        }
        let at = joined.partition_point(|read| read.start <= range.start) - 1;
        let offset = |position: u64| usize::try_from(position - joined[at].start).expect("the read is in memory");
        reads[at].slice(offset(range.start)..offset(range.end))
    };
    ranges.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one read is expected")]
    fn neighbours_are_joined_and_cut_out_again() {
        let content = Bytes::from((0..100).collect::<Vec<u8>>());
        let ranges = [40..50, 0..10, 12..20, 5..8, 50..50, 90..100];
        let joined = join_ranges(&ranges, 5);
        assert_eq!(joined, [0..20, 40..50, 90..100]);
        let reads: Vec<_> = joined.iter().map(|r| content.slice(r.start as usize..r.end as usize)).collect();
        for (range, piece) in ranges.iter().zip(slice_ranges(&ranges, &joined, &reads)) {
            assert_eq!(piece, content.slice(range.start as usize..range.end as usize));
        }
        assert_eq!(join_ranges(&[0..u64::MAX, 3..4], u64::MAX), [0..u64::MAX]);
        assert!(join_ranges(&[], 5).is_empty());
    }
}
