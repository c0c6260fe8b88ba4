//! Full compaction: everything into the last level.

use super::{CompactionStrategy, CompactionUnit};
use crate::Levels;

/// Takes all runs. A bucket that is one run in the last level is left as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct FullCompaction {
    /// Rewrites the files of such a bucket all the same, each on its own: option `compaction.force-rewrite-all-files`.
    pub rewrite_all: bool,
}

impl CompactionStrategy for FullCompaction {
    fn name(&self) -> &'static str {
        "full"
    }

    fn pick(&self, levels: &Levels, _now_ms: i64) -> Option<CompactionUnit> {
        let unit = CompactionUnit::of_runs(levels, usize::MAX, levels.max_level());
        if unit.files.is_empty() {
            return None;
        }
        if levels.num_sorted_runs() == 1 && levels.highest_level() == Some(levels.max_level()) {
            return self.rewrite_all.then_some(CompactionUnit { one_by_one: true, ..unit });
        }
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{file, key_types};

    fn pick(places: &[i32], rewrite_all: bool) -> Option<(i32, usize, bool, bool)> {
        let files =
            places.iter().enumerate().map(|(i, &level)| file(&i.to_string(), level, 1, (i as i32, i as i32))).collect();
        let levels = Levels::try_new(files, 6, key_types()).unwrap();
        let unit = FullCompaction { rewrite_all }.pick(&levels, 0)?;
        Some((unit.output_level, unit.files.len(), unit.drop_deletes, unit.one_by_one))
    }

    #[test]
    fn all_runs_go_to_the_last_level() {
        assert_eq!(pick(&[0], false), Some((5, 1, true, false)));
        assert_eq!(pick(&[4, 4], false), Some((5, 2, true, false)));
        assert_eq!(pick(&[0, 0, 3, 5, 5], false), Some((5, 5, true, false)));
        assert_eq!(pick(&[0, 7], false), Some((7, 2, true, false)));
    }

    #[test]
    fn one_run_in_the_last_level_is_only_rewritten_by_force() {
        assert_eq!(pick(&[], true), None);
        assert_eq!(pick(&[5, 5], false), None);
        assert_eq!(pick(&[5, 5], true), Some((5, 2, true, true)));
        assert_eq!(pick(&[0, 5], true), Some((5, 2, true, false)));
    }
}
