//! Compaction changes which files hold the rows, and never the rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidelake_datafile::{Bucket, CompactMode, JobKind};
use tidelake_lsm::LsmBucket;
use tidelake_meta::{BucketIncrement, DataFileMeta, FileChanges, FileSource, sections};
use tidelake_types::TypeKind;

use crate::table::{Line, Table, line};

/// The files of a table as commits change them.
#[derive(Debug, Default)]
struct Committed(Vec<DataFileMeta>);

impl Committed {
    /// Rows first, then their compaction, as two snapshots.
    fn commit(&mut self, increment: BucketIncrement) {
        self.apply(increment.append);
        self.apply(increment.compact);
    }

    fn apply(&mut self, changes: FileChanges) {
        for file in changes.removed {
            let place =
                self.0.iter().position(|other| *other == file).expect("what is removed was there, just as it was");
            self.0.remove(place);
        }
        self.0.extend(changes.added);
        let names: BTreeSet<_> = self.0.iter().map(|file| &file.file_name).collect();
        assert_eq!(names.len(), self.0.len(), "no file counts twice");
    }

    fn names(&self) -> Vec<&str> {
        names(&self.0)
    }

    fn levels(&self) -> Vec<i32> {
        let mut levels: Vec<i32> = self.0.iter().map(|file| file.level).collect();
        levels.sort_unstable();
        levels
    }
}

fn names(files: &[DataFileMeta]) -> Vec<&str> {
    let mut names: Vec<_> = files.iter().map(|file| file.file_name.as_str()).collect();
    names.sort_unstable();
    names
}

fn files_of(bucket: &LsmBucket) -> Vec<DataFileMeta> {
    bucket.levels().unwrap().files().cloned().collect()
}

/// What must hold of the files of a bucket at any time.
fn check_levels(files: &[DataFileMeta]) -> Result<(), TestCaseError> {
    let levels: BTreeSet<i32> = files.iter().map(|file| file.level).filter(|&level| level > 0).collect();
    for level in levels {
        let run: Vec<_> = files.iter().filter(|file| file.level == level).cloned().collect();
        let apart = sections(run, &[TypeKind::BigInt.not_null()]).unwrap().iter().all(|section| section.len() == 1);
        prop_assert!(apart, "files of level {} overlap", level);
    }
    for file in files {
        prop_assert!(file.delete_row_count.is_some() && file.min_sequence_number <= file.max_sequence_number);
    }
    Ok(())
}

#[derive(Debug, Clone)]
enum Action {
    /// Keys from, how many, every so many, and whether they are deletes.
    Write(i64, i64, i64, bool),
    /// Single rows, with kinds.
    Scatter(Vec<(i64, i8)>),
    Compact(CompactMode),
    Commit,
    Reopen,
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0..9000_i64, 1..3000_i64, 1..4_i64, prop::bool::weighted(0.25))
            .prop_map(|(from, rows, each, delete)| Action::Write(from, rows, each, delete)),
        3 => prop::collection::vec((0..9000_i64, 0..4_i8), 1..30).prop_map(Action::Scatter),
        4 => Just(Action::Compact(CompactMode::Auto)),
        1 => Just(Action::Compact(CompactMode::Full)),
        2 => Just(Action::Commit),
        1 => Just(Action::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_history_of_flushes_and_compactions_reads_as_the_model_says(
        actions in prop::collection::vec(any_action(), 1..25),
        trigger in 1..5_u32,
        tiny_files: bool,
        force_up_level0: bool,
        ignore_delete in prop::bool::weighted(0.1),
    ) {
        let trigger = trigger.to_string();
        let table = Table::new([
            ("num-sorted-run.compaction-trigger", trigger.as_str()),
            ("target-file-size", if tiny_files { "1 b" } else { "128 mb" }),
            ("compaction.force-up-level-0", if force_up_level0 { "true" } else { "false" }),
            ("ignore-delete", if ignore_delete { "true" } else { "false" }),
        ]);
        let mut request = table.request();
        request.batch_rows = 1000;
        let mut bucket = table.reopened(Vec::new());
        let mut committed = Committed::default();
        let mut model: BTreeMap<i64, Line> = BTreeMap::new();
        let mut number = 0;
        let mut write = |bucket: &mut LsmBucket, model: &mut BTreeMap<i64, Line>, keys: Vec<(i64, i8)>| {
            number += 1;
            let rows: Vec<Line> =
                keys.into_iter().map(|(key, kind)| (key, Some(number), format!("v{number}"), kind)).collect();
            for row in &rows {
                match row.3 % 2 == 0 {
                    true => drop(model.insert(row.0, row.clone())),
                    false if ignore_delete => {}
                    false => drop(model.remove(&row.0)),
                }
            }
            bucket.add(table.rows(&rows)).unwrap();
            table.flush(bucket).unwrap();
        };
        for action in actions {
            match action {
                Action::Write(from, rows, each, delete) => {
                    let keys = (0..rows).map(|i| (from + i * each, if delete { 3 } else { 0 })).collect();
                    write(&mut bucket, &mut model, keys);
                }
                Action::Scatter(keys) => write(&mut bucket, &mut model, keys),
                Action::Compact(mode) => {
                    let before = files_of(&bucket);
                    let changed = table.compact(&mut bucket, mode).unwrap();
                    let after = files_of(&bucket);
                    prop_assert_eq!(changed, before != after);
                    if mode == CompactMode::Full {
                        let last = bucket.levels().unwrap().max_level();
                        prop_assert!(after.iter().all(|file| file.level == last && file.delete_row_count == Some(0)));
                    } else {
                        prop_assert!(bucket.levels().unwrap().num_sorted_runs() <= trigger.parse().unwrap());
                    }
                }
                Action::Commit => committed.commit(bucket.prepare_commit().unwrap()),
                Action::Reopen => {
                    committed.commit(bucket.prepare_commit().unwrap());
                    bucket = table.reopened(committed.0.clone());
                }
            }
            let files = files_of(&bucket);
            check_levels(&files)?;
            prop_assert_eq!(table.read(files, &request), model.values().cloned().collect::<Vec<_>>());
        }
        committed.commit(bucket.prepare_commit().unwrap());
        let known = files_of(&bucket);
        prop_assert_eq!(committed.names(), names(&known));
        prop_assert_eq!(table.read(committed.0.clone(), &request), model.into_values().collect::<Vec<_>>());
    }
}

#[test]
fn rows_keep_their_sequence_numbers_and_files_tell_who_made_them() {
    let table = Table::new([("num-sorted-run.compaction-trigger", "2")]);
    let mut bucket = table.reopened(Vec::new());
    let mut committed = Committed::default();
    committed.commit(table.write(&mut bucket, &[&[line(1, "+I", "a"), line(2, "+I", "a"), line(3, "+I", "a")]]));
    committed.commit(table.write(&mut bucket, &[&[line(2, "+U", "b"), line(3, "-D", "a")]]));
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap());
    let increment = bucket.prepare_commit().unwrap();
    assert!(increment.append.is_empty() && increment.compact.changelog.is_empty());
    assert_eq!(names(&increment.compact.removed), committed.names());
    let [file] = increment.compact.added.as_slice() else { panic!("{:?}", increment.compact.added) };
    assert_eq!((file.level, file.row_count, file.delete_row_count), (2, 2, Some(0)));
    assert_eq!((file.min_sequence_number, file.max_sequence_number), (0, 3));
    assert_eq!(file.file_source, Some(FileSource::Compact));
    assert_eq!(table.read(vec![file.clone()], &table.request()), [line(1, "+I", "a"), line(2, "+U", "b")]);
    // Another writer goes on behind the newest number that is left.
    assert_eq!(table.reopened(vec![file.clone()]).max_sequence(), 3);
    assert_eq!(bucket.max_sequence(), 4);
}

#[test]
fn large_files_apart_are_moved_and_not_written_again() {
    let table = Table::new([("num-sorted-run.compaction-trigger", "3"), ("target-file-size", "1 b")]);
    let mut bucket = table.reopened(Vec::new());
    let mut committed = Committed::default();
    for first in [20, 0, 10] {
        committed.commit(table.write(&mut bucket, &[&[line(first, "+I", "x"), line(first + 9, "+I", "x")]]));
    }
    let stored = table.shelf.paths();
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap());
    let increment = bucket.prepare_commit().unwrap();
    let moved = |file: &DataFileMeta| DataFileMeta { level: 3, ..file.clone() };
    let mut expected: Vec<_> = increment.compact.removed.iter().map(moved).collect();
    expected.sort_by_key(|file| file.file_name.clone());
    let mut added = increment.compact.added.clone();
    added.sort_by_key(|file| file.file_name.clone());
    assert_eq!(added, expected, "only the level differs");
    assert_eq!(table.shelf.paths(), stored);
    committed.commit(increment);
    assert_eq!(committed.levels(), [3, 3, 3]);
    assert!(!table.compact(&mut bucket, CompactMode::Full).unwrap(), "there is nothing left to do");
}

#[test]
fn small_files_apart_are_merged() {
    let table = Table::new([("num-sorted-run.compaction-trigger", "3")]);
    let mut bucket = table.reopened(Vec::new());
    for first in [20, 0, 10] {
        table.write(&mut bucket, &[&[line(first, "+I", "x"), line(first + 9, "+I", "x")]]);
    }
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap());
    let files = files_of(&bucket);
    assert_eq!((files.len(), files[0].level, files[0].row_count), (1, 3, 6));
}

#[test]
fn deletes_stay_for_as_long_as_something_older_may_lie_below() {
    let table = Table::new([("num-sorted-run.compaction-trigger", "3")]);
    let mut bucket = table.reopened(Vec::new());
    let base: Vec<Line> = (0..2000).map(|key| line(key, "+I", &format!("{key} {}", key * 7919))).collect();
    table.write(&mut bucket, &[&base]);
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    table.write(&mut bucket, &[&[line(5, "-D", "")]]);
    table.write(&mut bucket, &[&[line(6, "-D", ""), line(9000, "-D", "")]]);
    // Three runs: the two young ones are merged, far smaller than the old one.
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap());
    let files = files_of(&bucket);
    let shape: Vec<_> = files.iter().map(|file| (file.level, file.row_count, file.delete_row_count)).collect();
    assert_eq!(shape, [(2, 3, Some(3)), (3, 2000, Some(0))]);
    let read = table.read(files, &table.request());
    assert_eq!(read.len(), 1998);

    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    let files = files_of(&bucket);
    let shape: Vec<_> = files.iter().map(|file| (file.level, file.row_count, file.delete_row_count)).collect();
    assert_eq!(shape, [(3, 1998, Some(0))]);
    assert_eq!(table.read(files, &table.request()), read);
}

#[test]
fn a_file_with_deletes_is_rewritten_into_the_last_level_and_vanishes_if_nothing_is_left() {
    for unknown in [false, true] {
        let table = Table::new([("target-file-size", "1 b")]);
        let mut bucket = table.bucket(-1);
        let mut files = table.write(&mut bucket, &[&[line(1, "+I", "a"), line(2, "-D", "b")]]).append.added;
        files.extend(table.write(&mut bucket, &[&[line(7, "-D", "a"), line(8, "-D", "b")]]).append.added);
        files.extend(table.write(&mut bucket, &[&[line(3, "+I", "a")]]).append.added);
        if unknown {
            files.iter_mut().for_each(|file| file.delete_row_count = None);
        }
        let untouched = files[2].file_name.clone();
        let mut bucket = table.reopened(files);
        assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
        let after = files_of(&bucket);
        assert!(after.iter().all(|file| file.level == 5 && file.delete_row_count == Some(0)));
        assert_eq!(after.len(), 2, "the file of deletes left nothing");
        assert_eq!(after.iter().any(|file| file.file_name == untouched), !unknown);
        assert_eq!(table.read(after, &table.request()), [line(1, "+I", "a"), line(3, "+I", "a")]);
    }
}

#[test]
fn a_bucket_of_deletes_is_compacted_to_nothing() {
    let table = Table::new([]);
    let mut bucket = table.reopened(Vec::new());
    table.write(&mut bucket, &[&[line(1, "-D", "a")]]);
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    let increment = bucket.prepare_commit().unwrap();
    assert_eq!((increment.compact.removed.len(), increment.compact.added.len()), (1, 0));
    assert_eq!(bucket.levels().unwrap().num_sorted_runs(), 0);
    assert!(!table.compact(&mut bucket, CompactMode::Full).unwrap());
}

#[test]
fn output_rolls_at_the_target_size() {
    let table = Table::new([("target-file-size", "1 b")]);
    let mut bucket = table.reopened(Vec::new());
    let even: Vec<Line> = (0..4000).map(|key| line(2 * key, "+I", "even")).collect();
    let odd: Vec<Line> = (0..4000).map(|key| line(2 * key + 1, "+I", "odd")).collect();
    table.write(&mut bucket, &[&even]);
    table.write(&mut bucket, &[&odd]);
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    let files = files_of(&bucket);
    assert!(files.len() > 3, "{} files", files.len());
    assert_eq!(bucket.levels().unwrap().num_sorted_runs(), 1);
    assert_eq!(table.read(files, &table.request()).len(), 8000);
}

#[test]
fn a_compaction_that_fails_leaves_its_inputs_and_nothing_else() {
    let options = [("target-file-size", "1 b"), ("num-sorted-run.compaction-trigger", "2")];
    for mode in [CompactMode::Full, CompactMode::Auto] {
        for files_written in 0..6 {
            let table = Table::new(options);
            let mut bucket = table.reopened(Vec::new());
            let mut committed = Committed::default();
            for text in ["old", "new"] {
                let low: Vec<Line> = (0..2500).map(|key| line(key, "+I", text)).collect();
                // A large file between, which is only moved.
                let middle = [line(if text == "old" { 3000 } else { 3001 }, "+I", text)];
                let high: Vec<Line> = (4000..6500).map(|key| line(key, "+I", text)).collect();
                for lines in [low.as_slice(), &middle, &high] {
                    committed.commit(table.write(&mut bucket, &[lines]));
                }
            }
            let (before, stored) = (files_of(&bucket), table.shelf.paths());
            let rows = table.read(before.clone(), &table.request());
            table.shelf.allow_files(files_written);
            let error = table.compact(&mut bucket, mode).unwrap_err().to_string();
            assert!(error.contains("the shelf is full"), "{error}");
            assert_eq!(files_of(&bucket), before);
            assert_eq!(table.shelf.paths(), stored, "after {files_written} files everything written is gone");
            assert!(bucket.prepare_commit().unwrap().compact.is_empty());

            table.shelf.allow_files(usize::MAX);
            assert!(table.compact(&mut bucket, mode).unwrap(), "its files are free again");
            committed.commit(bucket.prepare_commit().unwrap());
            assert_eq!(table.read(committed.0, &table.request()), rows);
        }
    }
}

#[test]
fn a_missing_input_is_an_error_and_harms_nothing() {
    let table = Table::new([]);
    let mut bucket = table.bucket(-1);
    let mut files = table.write(&mut bucket, &[&[line(1, "+I", "a")]]).append.added;
    files.extend(table.write(&mut bucket, &[&[line(1, "+I", "b")]]).append.added);
    let stored = table.shelf.paths();
    files[0].file_name = "data-gone-0.parquet".to_owned();
    let mut bucket = table.reopened(files.clone());
    let error = table.compact(&mut bucket, CompactMode::Full).unwrap_err().to_string();
    assert!(error.contains("data-gone-0.parquet"), "{error}");
    assert_eq!(table.shelf.paths(), stored);
    assert_eq!(names(&files_of(&bucket)), names(&files));
}

#[test]
fn what_was_made_and_compacted_again_before_a_commit_is_deleted_and_not_told() {
    let table = Table::new([]);
    let mut bucket = table.reopened(Vec::new());
    let mut committed = Committed::default();
    committed.commit(table.write(&mut bucket, &[&[line(1, "+I", "a")]]));
    for text in ["b", "c", "d"] {
        bucket.add(table.rows(&[line(1, "+U", text)])).unwrap();
        table.flush(&mut bucket).unwrap();
        assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    }
    let increment = bucket.prepare_commit().unwrap();
    assert_eq!(
        (increment.append.added.len(), increment.compact.removed.len(), increment.compact.added.len()),
        (3, 4, 1)
    );
    assert_eq!(table.shelf.paths().iter().filter(|path| path.to_string().contains("bucket-0")).count(), 5);
    committed.commit(increment);
    assert_eq!(table.read(committed.0, &table.request()), [line(1, "+U", "d")]);
}

#[test]
fn a_file_that_was_moved_is_never_deleted() {
    // Moved, moved on, then rewritten, all before the commit: the commit before still reads it.
    let table = Table::new([("compaction.force-up-level-0", "true"), ("target-file-size", "1 b")]);
    let mut bucket = table.bucket(-1);
    let rows: Vec<Line> = (5..1000).map(|key| line(key, "+I", &format!("{}", key * 7919))).collect();
    let base = table.write(&mut bucket, &[&rows]).append.added;
    let young = table.write(&mut bucket, &[&[line(1, "+I", "b"), line(2, "+I", "b")]]).append.added;
    let base = DataFileMeta { level: 3, ..base[0].clone() };
    let start = vec![young[0].clone(), base];
    let mut committed = Committed(start.clone());
    let mut bucket = table.reopened(start.clone());
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap());
    assert_eq!(files_of(&bucket)[0].level, 2, "above what stays");
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    assert!(files_of(&bucket).iter().all(|file| file.level == 5));
    bucket.add(table.rows(&[line(1, "-D", ""), line(5, "+U", "c")])).unwrap();
    table.flush(&mut bucket).unwrap();
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    assert_eq!(table.read(start, &table.request()).len(), 997, "the old files are all there");
    committed.commit(bucket.prepare_commit().unwrap());
    let expected = [&[line(2, "+I", "b"), line(5, "+U", "c")], &rows[1..]].concat();
    assert_eq!(table.read(committed.0, &table.request()), expected);
}

#[test]
fn an_abandoned_bucket_names_what_compaction_wrote_and_nothing_older() {
    let table = Table::new([("target-file-size", "1 b")]);
    let mut bucket = table.bucket(-1);
    let mut files = table.write(&mut bucket, &[&[line(1, "+I", "a"), line(3, "+I", "a")]]).append.added;
    files.extend(table.write(&mut bucket, &[&[line(7, "+I", "a")]]).append.added);
    let kept: BTreeSet<_> = table.shelf.paths().into_iter().collect();
    let mut bucket = table.reopened(files);
    bucket.add(table.rows(&[line(2, "+I", "b")])).unwrap();
    table.flush(&mut bucket).unwrap();
    // 1..3 is rewritten with the new row, 7 is moved, and so is a flushed row behind it.
    bucket.add(table.rows(&[line(9, "+I", "b")])).unwrap();
    table.flush(&mut bucket).unwrap();
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    let named = Box::new(bucket).abandon();
    let new: BTreeSet<_> = table.shelf.paths().into_iter().filter(|path| !kept.contains(path)).collect();
    assert_eq!(named.len(), 3, "two flushed, one compacted");
    assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), new);
}

#[test]
fn rows_come_and_go_to_commits_while_a_compaction_is_out() {
    let table = Table::new([("num-sorted-run.compaction-trigger", "1"), ("num-sorted-run.stop-trigger", "3")]);
    let mut bucket = table.reopened(Vec::new());
    let mut committed = Committed::default();
    committed.commit(table.write(&mut bucket, &[&[line(1, "+I", "a"), line(2, "+I", "a")]]));
    bucket.add(table.rows(&[line(1, "-D", "")])).unwrap();
    table.flush(&mut bucket).unwrap();
    let job = bucket.compact_job(CompactMode::Auto).unwrap().unwrap();
    assert_eq!(job.kind(), JobKind::Compact);
    for mode in [CompactMode::Auto, CompactMode::Full] {
        assert!(bucket.compact_job(mode).unwrap().is_none(), "one at a time");
    }
    // Its inputs are handed over meanwhile, and a newer row comes.
    bucket.add(table.rows(&[line(1, "+I", "c")])).unwrap();
    assert_eq!(bucket.waits_for(), None);
    table.flush(&mut bucket).unwrap();
    committed.commit(bucket.prepare_commit().unwrap());
    bucket.add(table.rows(&[line(3, "+I", "d")])).unwrap();
    table.flush(&mut bucket).unwrap();
    assert_eq!(bucket.waits_for(), Some(JobKind::Compact), "four runs");
    bucket.complete(table.run(job)).unwrap();
    assert_eq!(bucket.waits_for(), None);
    committed.commit(bucket.prepare_commit().unwrap());
    assert_eq!(committed.levels(), [0, 0, 1]);
    let expected = [line(1, "+I", "c"), line(2, "+I", "a"), line(3, "+I", "d")];
    assert_eq!(table.read(committed.0, &table.request()), expected);
}

#[test]
fn outputs_handed_over_while_the_next_compaction_is_out_are_not_deleted() {
    let table = Table::new([]);
    let mut bucket = table.reopened(Vec::new());
    let mut committed = Committed::default();
    bucket.add(table.rows(&[line(1, "+I", "a"), line(2, "-D", "")])).unwrap();
    table.flush(&mut bucket).unwrap();
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    bucket.add(table.rows(&[line(1, "+I", "b")])).unwrap();
    table.flush(&mut bucket).unwrap();
    let job = bucket.compact_job(CompactMode::Full).unwrap().unwrap();
    committed.commit(bucket.prepare_commit().unwrap());
    bucket.complete(table.run(job)).unwrap();
    assert!(bucket.take_obsolete().is_empty());
    assert_eq!(table.read(committed.0.clone(), &table.request()), [line(1, "+I", "b")]);
    committed.commit(bucket.prepare_commit().unwrap());
    assert_eq!(committed.levels(), [5]);
    assert_eq!(table.read(committed.0, &table.request()), [line(1, "+I", "b")]);
}

#[test]
fn a_file_that_repeats_keys_leaves_each_once() {
    // Some writers do not merge before they write; a changelog file looks like what they leave.
    let table = Table::new([("changelog-producer", "input")]);
    let rows: Vec<Line> = (0..3000).flat_map(|key| [line(key, "+I", "a"), line(key, "+U", "b")]).collect();
    let mut files = table.write(&mut table.bucket(-1), &[&rows]).append.changelog;
    files[0].delete_row_count = None;
    let mut bucket = table.reopened(files);
    assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
    let increment = bucket.prepare_commit().unwrap();
    assert!(increment.compact.changelog.is_empty(), "rows were told of when they came");
    let read = table.read_unmerged(increment.compact.added, &table.request());
    assert!(read.into_iter().eq((0..3000).map(|key| line(key, "+U", "b"))));
}

#[test]
fn everything_is_rewritten_by_force() {
    let table = Table::new([("compaction.force-rewrite-all-files", "true")]);
    let mut bucket = table.reopened(Vec::new());
    let first = table.write(&mut bucket, &[&[line(1, "+I", "a")]]).append.added;
    for _ in 0..2 {
        let before = files_of(&bucket);
        assert!(table.compact(&mut bucket, CompactMode::Full).unwrap());
        assert_ne!(names(&files_of(&bucket)), names(&before));
    }
    assert_ne!(names(&files_of(&bucket)), names(&first));
}

#[test]
fn the_interval_of_full_compactions_counts_from_the_last_one() {
    let table = Table::new([("compaction.optimization-interval", "1 h")]);
    let mut bucket = table.reopened(Vec::new());
    table.write(&mut bucket, &[&[line(1, "+I", "a")]]);
    assert!(!table.compact(&mut bucket, CompactMode::Auto).unwrap(), "one run");
    table.write(&mut bucket, &[&[line(1, "+I", "b")]]);
    assert!(table.compact(&mut bucket, CompactMode::Auto).unwrap(), "never done");
    table.write(&mut bucket, &[&[line(1, "+I", "c")]]);
    assert!(!table.compact(&mut bucket, CompactMode::Auto).unwrap(), "done a moment ago");
    // A writer that comes anew sees it from the files.
    assert!(!table.compact(&mut table.reopened(files_of(&bucket)), CompactMode::Auto).unwrap());
}

#[test]
fn buckets_that_cannot_be_compacted_say_why() {
    let mut bucket = Table::new([]).bucket(-1);
    let error = bucket.compact_job(CompactMode::Auto).err().unwrap().to_string();
    assert_eq!(error, "bucket-0 is to be compacted and was not told of its files");
    for (option, value) in [
        ("record-level.expire-time", "1 d"),
        ("pk-clustering-override", "true"),
        ("chain-table.enabled", "true"),
        ("num-sorted-run.compaction-trigger", "0"),
        ("num-levels", "1"),
    ] {
        let error = Table::new([(option, value)]).bucket(-1).with_files(Vec::new()).unwrap_err().to_string();
        assert!(error.contains(option), "{error}");
    }
    let mut table = Table::new([]);
    table.place.bucket = -2;
    let error = table.bucket(-1).with_files(Vec::new()).unwrap_err().to_string();
    assert!(error.contains("waits for its buckets"), "{error}");
    assert!(Table::new([("chain-table.enabled", "false")]).bucket(-1).with_files(Vec::new()).is_ok());
}
