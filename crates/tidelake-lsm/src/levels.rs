//! Where the files of a bucket stand.
//!
//! ```text
//! level 0   [1][2][3]…        every file a sorted run, the newest first; key ranges overlap
//! level 1   [───][──][───]    one run: files by key, ranges disjoint; older than level 0
//!   …
//! level n   [──────][─────]   the oldest rows
//! ```

use std::{cmp::Reverse, collections::BTreeMap};

use tidelake_meta::{DataFileMeta, sections};
use tidelake_types::DataType;

use crate::{
    NUM_LEVELS, Result,
    fault::{corrupt, internal, invalid_option},
};

/// The files of a bucket by level.
#[derive(Debug, Clone)]
pub struct Levels {
    key_types: Vec<DataType>,
    num_levels: i32,
    level0: Vec<DataFileMeta>,
    /// Levels from 1 that hold any.
    upper: BTreeMap<i32, Vec<DataFileMeta>>,
    last_full_ms: Option<i64>,
}

/// Files with disjoint key ranges, by key.
#[derive(Debug, Clone, Copy)]
pub struct SortedRun<'a> {
    /// Their level.
    pub level: i32,
    /// The files; one at level 0.
    pub files: &'a [DataFileMeta],
}

impl SortedRun<'_> {
    /// The size of the files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.file_size).fold(0, u64::saturating_add)
    }
}

impl Levels {
    /// The files of a bucket whose table has `num_levels` levels; there are more where files stand higher. `Corrupt` if files
    /// of one level above 0 overlap.
    pub fn try_new(files: Vec<DataFileMeta>, num_levels: i32, key_types: Vec<DataType>) -> Result<Self> {
        let top = num_levels.saturating_sub(1);
        let at_top = files.iter().filter(|file| file.level == top);
        let last_full_ms = at_top.filter_map(|file| file.creation_time_ms).filter(|&time| time >= 0).max();
        let highest = files.iter().map(|file| file.level).max().unwrap_or(-1);
        let num_levels = num_levels.max(highest.saturating_add(1));
        if num_levels < 2 {
            return Err(invalid_option(NUM_LEVELS.name(), num_levels, "at least 2 levels"));
        }
        let mut levels = Self { key_types, num_levels, level0: Vec::new(), upper: BTreeMap::new(), last_full_ms };
        levels.update(&[], &files)?;
        Ok(levels)
    }

    /// Number of levels, level 0 included.
    pub fn num_levels(&self) -> i32 {
        self.num_levels
    }

    /// The last level.
    pub fn max_level(&self) -> i32 {
        self.num_levels - 1
    }

    /// The highest level that holds anything.
    pub fn highest_level(&self) -> Option<i32> {
        self.upper.last_key_value().map(|(&level, _)| level).or((!self.level0.is_empty()).then_some(0))
    }

    /// Number of sorted runs.
    pub fn num_sorted_runs(&self) -> usize {
        self.level0.len() + self.upper.len()
    }

    /// The sorted runs, from new to old.
    pub fn runs(&self) -> impl Iterator<Item = SortedRun<'_>> {
        let level0 = self.level0.iter().map(|file| SortedRun { level: 0, files: std::slice::from_ref(file) });
        level0.chain(self.upper.iter().map(|(&level, files)| SortedRun { level, files }))
    }

    /// All files, from new to old runs.
    pub fn files(&self) -> impl Iterator<Item = &DataFileMeta> {
        self.runs().flat_map(|run| run.files)
    }

    /// When all runs were last compacted into one, milliseconds since 1970: at first the time of the newest file of the last
    /// level, which survives restarts.
    pub fn last_full_ms(&self) -> Option<i64> {
        self.last_full_ms
    }

    /// Notes that all runs are being compacted into one.
    pub(crate) fn note_full(&mut self, now_ms: i64) {
        self.last_full_ms = Some(now_ms);
    }

    /// The types of the key columns.
    pub(crate) fn key_types(&self) -> &[DataType] {
        &self.key_types
    }

    /// Takes files away and adds others. Nothing changes on an error: a file to remove that is not there, or files of a level
    /// that would overlap.
    pub fn update(&mut self, removed: &[DataFileMeta], added: &[DataFileMeta]) -> Result<()> {
        let mut touched: BTreeMap<i32, Vec<DataFileMeta>> = BTreeMap::new();
        for file in removed.iter().chain(added) {
            touched.entry(file.level).or_insert_with(|| match file.level {
                0 => self.level0.clone(),
                level => self.upper.get(&level).cloned().unwrap_or_default(),
            });
        }
        for file in removed {
            let level = touched.entry(file.level).or_default();
            let Some(place) = level.iter().position(|other| other.file_name == file.file_name) else {
                return Err(internal(format!("{} is not at level {}", file.file_name, file.level)));
            };
            level.remove(place);
        }
        for file in added {
            if file.level < 0 || file.level >= self.num_levels {
                let reason = format!("its level {} is not from 0 to {}", file.level, self.max_level());
                return Err(corrupt(file.file_name.as_str(), reason));
            }
            touched.entry(file.level).or_default().push(file.clone());
        }
        let mut ordered = Vec::with_capacity(touched.len());
        for (level, files) in touched {
            ordered.push((level, if level == 0 { newest_first(files) } else { self.one_run(level, files)? }));
        }
        for (level, files) in ordered {
            match (level, files.is_empty()) {
                (0, _) => self.level0 = files,
                (level, true) => drop(self.upper.remove(&level)),
                (level, false) => drop(self.upper.insert(level, files)),
            }
        }
        Ok(())
    }

    /// The files by key.
    fn one_run(&self, level: i32, files: Vec<DataFileMeta>) -> Result<Vec<DataFileMeta>> {
        let mut run = Vec::with_capacity(files.len());
        for section in sections(files, &self.key_types)? {
            if let [first, second, ..] = section.as_slice() {
                let name = |run: &[DataFileMeta]| run.first().map(|file| file.file_name.clone()).unwrap_or_default();
                return Err(corrupt(name(first), format!("it overlaps {}, both at level {level}", name(second))));
            }
            run.extend(section.into_iter().flatten());
        }
        Ok(run)
    }
}

/// By the largest sequence number. What follows only keeps the order total: two writers on a bucket make equal ranges.
fn newest_first(mut files: Vec<DataFileMeta>) -> Vec<DataFileMeta> {
    files.sort_by(|a, b| {
        let order =
            |file: &DataFileMeta| (Reverse(file.max_sequence_number), file.min_sequence_number, file.creation_time_ms);
        order(a).cmp(&order(b)).then_with(|| a.file_name.cmp(&b.file_name))
    });
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{file, key_types};

    fn levels(files: Vec<DataFileMeta>) -> Result<Levels> {
        Levels::try_new(files, 6, key_types())
    }

    fn names(levels: &Levels) -> String {
        let run = |run: SortedRun<'_>| {
            let names: Vec<_> = run.files.iter().map(|file| file.file_name.as_str()).collect();
            format!("{}:{}", run.level, names.join("+"))
        };
        levels.runs().map(run).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn runs_come_from_new_to_old() {
        let aged = |name: &str, min: i64, max: i64, time: i64| {
            let mut file = file(name, 0, 1, (0, 9));
            (file.min_sequence_number, file.max_sequence_number) = (min, max);
            file.creation_time_ms = Some(time);
            file
        };
        let files = vec![
            file("high", 5, 100, (0, 9)),
            aged("b", 0, 4, 1),
            aged("a", 0, 4, 1),
            aged("old", 0, 3, 9),
            aged("c", 0, 4, 0),
            aged("short", 2, 4, 0),
            file("right", 2, 1, (5, 9)),
            file("left", 2, 1, (0, 4)),
        ];
        let levels = levels(files).unwrap();
        assert_eq!(names(&levels), "0:c 0:a 0:b 0:short 0:old 2:left+right 5:high");
        assert_eq!((levels.num_sorted_runs(), levels.files().count()), (7, 8));
        assert_eq!((levels.num_levels(), levels.max_level(), levels.highest_level()), (6, 5, Some(5)));
    }

    #[test]
    fn there_are_as_many_levels_as_files_need_and_two_at_least() {
        let levels = |files, num_levels| Levels::try_new(files, num_levels, key_types());
        assert_eq!(levels(vec![file("a", 9, 1, (0, 1))], 6).unwrap().num_levels(), 10);
        let empty = levels(Vec::new(), 2).unwrap();
        assert_eq!((empty.highest_level(), empty.num_sorted_runs()), (None, 0));
        assert_eq!(levels(vec![file("a", 0, 1, (0, 1))], 2).unwrap().highest_level(), Some(0));
        assert!(levels(Vec::new(), 1).unwrap_err().to_string().contains("num-levels"));
        // Metadata that nobody checked.
        assert_eq!(levels(vec![file("a", i32::MAX - 1, 1, (0, 1))], 6).unwrap().max_level(), i32::MAX - 1);
        for level in [-1, i32::MAX] {
            assert!(levels(vec![file("a", level, 1, (0, 1))], 6).unwrap_err().to_string().contains("its level"));
        }
    }

    #[test]
    fn files_that_overlap_in_a_level_are_told() {
        let error = levels(vec![file("a", 3, 1, (0, 4)), file("b", 3, 1, (4, 9))]).unwrap_err().to_string();
        assert!(error.contains("a is broken: it overlaps b, both at level 3"), "{error}");
    }

    #[test]
    fn an_update_that_does_not_fit_changes_nothing() {
        let mut levels = levels(vec![file("a", 0, 1, (0, 9)), file("b", 1, 1, (0, 4))]).unwrap();
        let before = names(&levels);
        levels.update(&[file("a", 0, 1, (0, 9))], &[file("c", 1, 1, (3, 9))]).unwrap_err();
        levels.update(&[file("a", 1, 1, (0, 9))], &[]).unwrap_err();
        assert_eq!(names(&levels), before);
        levels.update(&[file("a", 0, 1, (0, 9))], &[file("c", 1, 1, (5, 9))]).unwrap();
        assert_eq!(names(&levels), "1:b+c");
        let both = [file("b", 1, 1, (0, 4)), file("c", 1, 1, (5, 9))];
        levels.update(&both, &[file("b", 2, 1, (0, 4))]).unwrap();
        assert_eq!(names(&levels), "2:b");
    }

    #[test]
    fn the_last_full_compaction_is_guessed_from_the_last_level() {
        let at = |name: &str, level, key, time| {
            let mut file = file(name, level, 1, (key, key));
            file.creation_time_ms = time;
            file
        };
        let files = vec![at("a", 5, 0, Some(7)), at("b", 5, 1, Some(9)), at("c", 4, 0, Some(99)), at("d", 5, 2, None)];
        assert_eq!(levels(files).unwrap().last_full_ms(), Some(9));
        assert_eq!(levels(vec![at("c", 4, 0, Some(99))]).unwrap().last_full_ms(), None);
    }
}
