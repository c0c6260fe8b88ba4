//! Which files must be merged together (Java's IntervalPartition).
//!
//! ```text
//! key →   a  b  c  d  e  f  g  h
//!         [--1--]           [-4-]         section 1: runs {1, 3} and {2}; section 2: run {4}
//!            [---2---]
//!                  [-3-]
//! ```
//!
//! Files are taken by lower, then upper bound. One that begins behind everything so far opens a new section. Within a
//! section each goes to the run that ends first, if it begins behind that end, else opens a run: so there are never more
//! runs than files that share one key.

use std::{cmp::Ordering, collections::BinaryHeap, rc::Rc};

use tidelake_types::{DataType, Scalar};

use crate::{DataFileMeta, Result};

/// Files of one bucket grouped into sections whose key ranges do not overlap, each section split into the least number of
/// sorted runs (data spec 2.1, "IntervalPartition"). Files keep their values; sections ascend by key.
pub fn sections(files: Vec<DataFileMeta>, key_types: &[DataType]) -> Result<Vec<Vec<Vec<DataFileMeta>>>> {
    let mut ranges = Vec::with_capacity(files.len());
    for file in files {
        let (min, max) = (Key(file.min_key.decode(key_types)?), Key(file.max_key.decode(key_types)?));
        ranges.push((min, Rc::new(max), file));
    }
    ranges.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1)));

    let mut sections = Vec::new();
    let mut section = Section::default();
    for (min, max, file) in ranges {
        if section.end.as_ref().is_some_and(|end| min > **end) {
            sections.push(std::mem::take(&mut section).runs);
        }
        section.add(min, max, file);
    }
    if !section.runs.is_empty() {
        sections.push(section.runs);
    }
    Ok(sections)
}

#[derive(Default)]
struct Section {
    end: Option<Rc<Key>>,
    runs: Vec<Vec<DataFileMeta>>,
    /// The end of each run, the lowest on top.
    ends: BinaryHeap<RunEnd>,
}

#[derive(PartialEq, Eq)]
struct RunEnd {
    key: Rc<Key>,
    run: usize,
}

impl Section {
    fn add(&mut self, min: Key, max: Rc<Key>, file: DataFileMeta) {
        let run = match self.ends.peek() {
            Some(lowest) if min > *lowest.key => {
                let run = lowest.run;
                self.ends.pop();
                self.runs[run].push(file);
                run
            }
            _ => {
                self.runs.push(vec![file]);
                self.runs.len() - 1
            }
        };
        self.ends.push(RunEnd { key: Rc::clone(&max), run });
        if self.end.as_ref().is_none_or(|end| max > *end) {
            self.end = Some(max);
        }
    }
}

impl Ord for RunEnd {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key).then_with(|| other.run.cmp(&self.run))
    }
}

impl PartialOrd for RunEnd {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A key's values, compared as they are sorted in files: nulls first.
struct Key(Vec<Option<Scalar>>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let mut pairs = self.0.iter().zip(&other.0).map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => a.compare(b).unwrap_or(Ordering::Equal),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        pairs.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use tidelake_types::{BinaryRow, TypeKind};

    use super::*;
    use crate::SimpleStats;

    fn file(name: usize, min: Option<i32>, max: Option<i32>) -> DataFileMeta {
        let types = [TypeKind::Int.nullable()];
        let key = |value: Option<i32>| BinaryRow::from_scalars(&types, &[value.map(Scalar::Int)]).unwrap();
        DataFileMeta {
            file_name: name.to_string(),
            file_size: 0,
            row_count: 0,
            min_key: key(min),
            max_key: key(max),
            key_stats: SimpleStats::empty(),
            value_stats: SimpleStats::empty(),
            min_sequence_number: 0,
            max_sequence_number: 0,
            schema_id: 0,
            level: 0,
            extra_files: vec![],
            creation_time_ms: None,
            delete_row_count: None,
            embedded_index: None,
            file_source: None,
            value_stats_cols: None,
            external_path: None,
            first_row_id: None,
            write_cols: None,
            write_cols_sequences: None,
        }
    }

    /// The names of the files of each run of each section.
    fn check(ranges: &[(Option<i32>, Option<i32>)], expected: &str) {
        let files = ranges.iter().enumerate().map(|(name, (min, max))| file(name + 1, *min, *max)).collect();
        let run = |run: &Vec<DataFileMeta>| run.iter().map(|file| file.file_name.clone()).collect::<Vec<_>>().join("+");
        let section = |section: &Vec<Vec<DataFileMeta>>| section.iter().map(run).collect::<Vec<_>>().join(" ");
        let text: Vec<_> = sections(files, &[TypeKind::Int.nullable()]).unwrap().iter().map(section).collect();
        assert_eq!(text.join(" | "), expected);
    }

    #[test]
    fn files_are_grouped_by_overlap() {
        let range = |min: i32, max: i32| (Some(min), Some(max));
        check(&[], "");
        check(&[range(0, 2), range(1, 4), range(3, 5), range(9, 9)], "1+3 2 | 4");
        check(&[range(5, 9), range(0, 4)], "2 | 1");
        // A shared bound is an overlap.
        check(&[range(0, 4), range(4, 9)], "1 2");
        check(&[range(-1, 300), range(2, 3), range(3, 4), range(256, 257)], "1 2+4 3");
        // Nulls come first.
        check(&[(Some(-5), Some(0)), (None, Some(-6))], "2 | 1");
        check(&[(Some(-5), Some(0)), (None, None), (None, Some(7))], "2+1 3");
    }
}
