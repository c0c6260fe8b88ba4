//! What becomes of each file of a unit: rewritten, upgraded, or left alone.
//!
//! The files fall into sections by key. Where runs overlap they must be merged. A file that overlaps no other need not be
//! read at all: an *upgrade* changes its level in the metadata. Small files are merged all the same, or they would stay small
//! for ever; only with direct neighbours, since a file skipped between two others would overlap what is made of them.
//!
//! ```text
//! keys →    [s][s]   [── large ──]   [s]   [──── large ────]   [s]      s: small
//!                                       [s]                             overlap
//!           └rewrite┘└─ upgrade ─┘  └rewrite┘└── upgrade ──┘   └upgrade: it is alone
//! ```

use tidelake_meta::DataFileMeta;

use super::{CompactionRules, CompactionUnit};

/// What to do with some files.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Merge them into new files.
    Rewrite(Vec<DataFileMeta>),
    /// Only the level changes.
    Upgrade(Box<DataFileMeta>),
}

/// The steps for a unit whose files fall into these sections of runs, in key order; a file that stays where it is has none.
/// `max_level` is the last level of the bucket.
pub(crate) fn plan(
    unit: &CompactionUnit,
    sections: Vec<Vec<Vec<DataFileMeta>>>,
    rules: &CompactionRules,
    max_level: i32,
) -> Vec<Step> {
    let files = || sections.iter().flatten().flatten().cloned();
    if unit.one_by_one {
        return files().map(|file| Step::Rewrite(vec![file])).collect();
    }
    let mut planner = Planner { unit, rules, max_level, steps: Vec::new(), pending: Vec::new(), must_merge: false };
    for section in sections {
        let overlaps = section.len() > 1;
        for file in section.into_iter().flatten() {
            if overlaps || file.file_size < rules.small_file_bytes {
                planner.pending.push(file);
                planner.must_merge |= overlaps;
            } else {
                planner.rewrite_pending();
                planner.upgrade(file);
            }
        }
    }
    planner.rewrite_pending();
    planner.steps
}

struct Planner<'a> {
    unit: &'a CompactionUnit,
    rules: &'a CompactionRules,
    max_level: i32,
    steps: Vec<Step>,
    /// Neighbours to be merged.
    pending: Vec<DataFileMeta>,
    /// Some of them overlap.
    must_merge: bool,
}

impl Planner<'_> {
    fn rewrite_pending(&mut self) {
        let must_merge = std::mem::take(&mut self.must_merge);
        let mut files = std::mem::take(&mut self.pending);
        match files.pop() {
            Some(alone) if files.is_empty() && !must_merge => self.upgrade(alone),
            Some(last) => {
                files.push(last);
                self.steps.push(Step::Rewrite(files));
            }
            None => {}
        }
    }

    /// A file that overlaps no other. In the last level there must be no deletes; a count that is not known may be any.
    fn upgrade(&mut self, file: DataFileMeta) {
        let to_last_level = self.unit.output_level == self.max_level;
        if self.rules.rewrite_all || to_last_level && file.delete_row_count != Some(0) {
            self.steps.push(Step::Rewrite(vec![file]));
        } else if file.level != self.unit.output_level {
            self.steps.push(Step::Upgrade(Box::new(file)));
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelake_meta::{TableSchema, sections};
    use tidelake_types::{DataField, Options, TypeKind};

    use super::*;
    use crate::sample::{file, key_types};

    /// Files below 70 bytes are small. Gives the steps as text: names joined by `+` are rewritten, `^` is an upgrade.
    fn steps(
        files: &[DataFileMeta],
        output_level: i32,
        change: impl FnOnce(&mut CompactionUnit, &mut CompactionRules),
    ) -> String {
        let fields = vec![DataField::new(0, "k", TypeKind::Int.not_null())];
        let options: Options = [("target-file-size", "100 b"), ("bucket", "1")].into_iter().collect();
        let schema = TableSchema::create(fields, Vec::new(), vec!["k".to_owned()], options, None, 0).unwrap();
        let mut rules = CompactionRules::try_new(&schema).unwrap();
        let mut unit = CompactionUnit { output_level, files: files.to_vec(), drop_deletes: false, one_by_one: false };
        change(&mut unit, &mut rules);
        let sections = sections(unit.files.clone(), &key_types()).unwrap();
        let text = |step| match step {
            Step::Upgrade(file) => format!("^{}", file.file_name),
            Step::Rewrite(files) => files.into_iter().map(|file| file.file_name).collect::<Vec<_>>().join("+"),
        };
        plan(&unit, sections, &rules, 5).into_iter().map(text).collect::<Vec<_>>().join(" ")
    }

    fn plain(files: &[DataFileMeta], output_level: i32) -> String {
        steps(files, output_level, |_, _| {})
    }

    const LARGE: u64 = 70;
    const SMALL: u64 = 69;

    #[test]
    fn files_that_overlap_are_rewritten_together() {
        assert_eq!(plain(&[file("a", 0, LARGE, (0, 5)), file("b", 0, LARGE, (5, 9))], 1), "a+b");
        // The large file between keeps both groups apart.
        let files = [
            file("a", 0, LARGE, (0, 3)),
            file("b", 1, LARGE, (2, 4)),
            file("c", 0, LARGE, (5, 6)),
            file("d", 0, LARGE, (7, 9)),
            file("e", 1, LARGE, (7, 8)),
        ];
        assert_eq!(plain(&files, 4), "a+b ^c e+d");
    }

    #[test]
    fn large_files_alone_are_upgraded_and_stay_if_they_are_there() {
        let files = [file("a", 0, LARGE, (0, 1)), file("b", 4, LARGE, (2, 3)), file("c", 3, LARGE, (4, 5))];
        assert_eq!(plain(&files, 4), "^a ^c");
    }

    #[test]
    fn small_neighbours_are_merged_but_never_over_a_large_file() {
        let files = [
            file("a", 0, SMALL, (0, 1)),
            file("b", 0, SMALL, (2, 3)),
            file("c", 0, LARGE, (4, 5)),
            file("d", 0, SMALL, (6, 7)),
        ];
        assert_eq!(plain(&files, 4), "a+b ^c ^d");
        // Small ones join what overlaps.
        let files = [file("a", 0, SMALL, (0, 1)), file("b", 0, LARGE, (2, 4)), file("c", 0, LARGE, (3, 5))];
        assert_eq!(plain(&files, 4), "a+b+c");
    }

    #[test]
    fn a_small_file_alone_is_not_rewritten_and_not_moved_where_it_is() {
        assert_eq!(plain(&[file("a", 0, SMALL, (0, 1))], 3), "^a");
        assert_eq!(plain(&[file("a", 3, SMALL, (0, 1)), file("b", 0, LARGE, (2, 3))], 3), "^b");
    }

    #[test]
    fn deletes_or_their_possibility_do_not_move_to_the_last_level() {
        for (deletes, last, other) in [(Some(0), "^a", "^a"), (Some(1), "a", "^a"), (None, "a", "^a")] {
            let file = DataFileMeta { delete_row_count: deletes, ..file("a", 0, LARGE, (0, 1)) };
            assert_eq!(plain(std::slice::from_ref(&file), 5), last, "{deletes:?}");
            assert_eq!(plain(std::slice::from_ref(&file), 4), other, "{deletes:?}");
            // Not even if it is there already.
            let file = DataFileMeta { level: 5, ..file };
            assert_eq!(plain(&[file], 5), last.trim_start_matches("^a"), "{deletes:?}");
        }
    }

    #[test]
    fn by_force_every_file_is_rewritten() {
        let files = [file("a", 5, LARGE, (0, 1)), file("b", 5, SMALL, (2, 3)), file("c", 5, SMALL, (4, 5))];
        assert_eq!(steps(&files, 5, |_, rules| rules.rewrite_all = true), "a b+c");
        assert_eq!(steps(&files, 5, |unit, _| unit.one_by_one = true), "a b c");
    }
}
