//! A bucket writes what it was given, and reads what it wrote.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidelake_datafile::Bucket;
use tidelake_lsm::LsmBucket;
use tidelake_types::{RowKind, system_fields};

use crate::table::{Line, Table, line, lines};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_writes_and_flushes_read_as_the_model_says(
        batches in prop::collection::vec((prop::collection::vec((0..30_i64, 0..4_i8), 0..40), any::<bool>()), 1..12),
        batch_rows in 1..20_usize,
    ) {
        let table = Table::new([]);
        let mut bucket = table.bucket(-1);
        let mut model: BTreeMap<i64, Line> = BTreeMap::new();
        let (mut files, mut number) = (Vec::new(), 0);
        for (rows, flush) in batches {
            let rows: Vec<Line> = rows.into_iter().map(|(key, kind)| {
                number += 1;
                (key, Some(number), format!("v{number}"), kind)
            }).collect();
            for row in &rows {
                if row.3 % 2 == 0 { model.insert(row.0, row.clone()); } else { model.remove(&row.0); }
            }
            bucket.add(table.rows(&rows)).unwrap();
            if flush {
                files.extend(table.write(&mut bucket, &[]).append.added);
            }
        }
        files.extend(table.write(&mut bucket, &[]).append.added);
        let mut request = table.request();
        request.batch_rows = batch_rows;
        prop_assert_eq!(table.read(files, &request), model.into_values().collect::<Vec<_>>());
    }
}

#[test]
fn a_flush_merges_and_numbers_rows_as_they_arrived() {
    let table = Table::new([]);
    let mut bucket = table.bucket(41);
    let first = [line(2, "+I", "a"), line(1, "+I", "b"), line(2, "-D", "a")];
    let written = table.write(&mut bucket, &[&first, &[line(1, "+U", "c")]]);
    assert!(written.compact.is_empty() && written.append.removed.is_empty() && written.append.changelog.is_empty());
    let [file] = written.append.added.as_slice() else { panic!("one file, not {}", written.append.added.len()) };
    assert_eq!((file.level, file.row_count, file.delete_row_count), (0, 2, Some(1)));
    assert_eq!((file.min_sequence_number, file.max_sequence_number), (44, 45));
    assert_eq!(bucket.max_sequence(), 45);

    let mut request = table.request();
    assert_eq!(table.read(vec![file.clone()], &request), [line(1, "+U", "c")]);
    request.keep_deletes = true;
    assert_eq!(table.read(vec![file.clone()], &request), [line(1, "+U", "c"), line(2, "-D", "a")]);
}

#[test]
fn the_input_changelog_has_every_row_by_key_then_arrival() {
    let table = Table::new([("changelog-producer", "input")]);
    let mut bucket = table.bucket(-1);
    let second = [line(1, "-U", "b"), line(1, "+U", "c"), line(3, "-D", "x")];
    let written = table.write(&mut bucket, &[&[line(2, "+I", "a"), line(1, "+I", "b")], &second]);
    let mut request = table.request();
    request.keep_deletes = true;
    let changelog = table.read_unmerged(written.append.changelog.clone(), &request);
    let expected = [line(1, "+I", "b"), line(1, "-U", "b"), line(1, "+U", "c"), line(2, "+I", "a"), line(3, "-D", "x")];
    assert_eq!(changelog, expected);
    assert!(written.append.changelog[0].file_name.starts_with("changelog-"));
    let merged = table.read_unmerged(written.append.added, &request);
    assert_eq!(merged, [line(1, "+U", "c"), line(2, "+I", "a"), line(3, "-D", "x")]);
}

#[test]
fn a_failed_flush_loses_no_row_and_no_number() {
    let table = Table::new([("changelog-producer", "input")]);
    // Neither file, or only the first, can be finished.
    for files_written in [0, 1] {
        let mut bucket = table.bucket(-1);
        bucket.add(table.rows(&[line(1, "+I", "old"), line(2, "+I", "old")])).unwrap();
        let job = bucket.flush_job().unwrap().unwrap();
        assert_eq!(bucket.memory_bytes(), 0);
        assert!(bucket.flush_job().is_err(), "one flush at a time");
        bucket.add(table.rows(&[line(1, "+U", "new")])).unwrap();
        assert!(bucket.prepare_commit().is_err(), "rows are on their way");

        table.shelf.allow_files(files_written);
        let before = table.shelf.paths();
        let result = table.run(job);
        assert!(bucket.complete(result).unwrap_err().to_string().contains("the shelf is full"));
        assert_eq!(table.shelf.paths(), before, "what was written is gone");
        table.shelf.allow_files(usize::MAX);

        let written = table.write(&mut bucket, &[]);
        assert_eq!(
            table.read(written.append.added.clone(), &table.request()),
            [line(1, "+U", "new"), line(2, "+I", "old")]
        );
        let file = &written.append.added[0];
        assert_eq!((file.min_sequence_number, file.max_sequence_number), (1, 2));
        assert_eq!(written.append.changelog[0].row_count, 3);
    }
}

#[test]
fn an_abandoned_bucket_names_its_files() {
    let table = Table::new([("changelog-producer", "input")]);
    let mut bucket = table.bucket(-1);
    let handed_over = table.write(&mut bucket, &[&[line(1, "+I", "a")]]);
    assert_eq!(handed_over.append.added.len(), 1);
    let kept = table.shelf.paths();
    bucket.add(table.rows(&[line(2, "+I", "b")])).unwrap();
    table.flush(&mut bucket).unwrap();
    let mut named = Box::new(bucket).abandon();
    named.sort();
    let new: Vec<_> = table.shelf.paths().into_iter().filter(|path| !kept.contains(path)).collect();
    assert_eq!(named, new);
    assert_eq!(new.len(), 2);
}

#[test]
fn two_writers_with_the_same_numbers_do_no_harm() {
    let table = Table::new([]);
    let a = table.write(&mut table.bucket(-1), &[&[line(1, "+I", "a"), line(2, "+I", "a")]]);
    let b = table.write(&mut table.bucket(-1), &[&[line(1, "+I", "b"), line(3, "+I", "b")]]);
    let files = [a.append.added, b.append.added].concat();
    let reversed = files.iter().rev().cloned().collect();
    let read = table.read(files, &table.request());
    assert_eq!(read.iter().map(|line| line.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(read, table.read(reversed, &table.request()), "the order of the list does not matter");
}

#[test]
fn sequence_field_decides_before_the_order_of_arrival() {
    for (order, wins) in [("ascending", 9), ("descending", 2)] {
        let table = Table::new([("sequence.field", " s "), ("sequence.field.sort-order", order)]);
        let mut bucket = table.bucket(-1);
        let row = |s: Option<i32>| (1_i64, s, format!("{s:?}"), RowKind::Insert.as_byte());
        let mut files =
            table.write(&mut bucket, &[&[row(Some(9)), row(Some(2)), row(None), row(Some(5))]]).append.added;
        assert_eq!(files[0].row_count, 1);
        files.extend(table.write(&mut bucket, &[&[row(None)]]).append.added);
        files.extend(table.write(&mut bucket, &[&[row(Some(5))]]).append.added);
        let mut request = table.request();
        assert_eq!(table.read(files.clone(), &request), [row(Some(wins))], "{order}");
        // The field need not be asked for.
        request.fields = vec![request.fields[2].clone()];
        let batches = table.try_read(files, &request).unwrap();
        assert_eq!((batches.len(), batches[0].rows.num_columns()), (1, 1));
    }
}

#[test]
fn columns_that_only_merging_needs_do_not_come_out() {
    let table = Table::new([]);
    let mut bucket = table.bucket(-1);
    let mut files =
        table.write(&mut bucket, &[&[line(1, "+I", "a"), line(2, "+I", "a"), line(9, "+I", "a")]]).append.added;
    files.extend(table.write(&mut bucket, &[&[line(2, "-D", "a"), line(3, "+I", "b")]]).append.added);
    let mut request = table.request();

    request.fields = Vec::new();
    let batches = table.try_read(files.clone(), &request).unwrap();
    assert!(batches.iter().all(|batch| batch.rows.num_columns() == 0));
    assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 3);

    request.fields = vec![table.files.schema.fields[2].clone(), system_fields::sequence_number()];
    let batches = table.try_read(files, &request).unwrap();
    let names: Vec<_> = batches[0].rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["v", "_SEQUENCE_NUMBER"]);
}

#[test]
fn sections_follow_one_another_in_key_order() {
    let table = Table::new([]);
    let mut bucket = table.bucket(-1);
    let mut files = Vec::new();
    for keys in [[20, 29], [1, 9], [25, 27], [40, 41]] {
        files.extend(table.write(&mut bucket, &[&keys.map(|key| line(key, "+I", "x"))]).append.added);
    }
    files.extend(table.write(&mut bucket, &[&[line(9, "-D", "")]]).append.added);
    let keys: Vec<_> = table.read(files.clone(), &table.request()).iter().map(|line| line.0).collect();
    assert_eq!(keys, [1, 20, 25, 27, 29, 40, 41]);
    // Unmerged: file by file, as listed.
    let mut request = table.request();
    let keys = |lines: Vec<Line>| lines.iter().map(|line| line.0).collect::<Vec<_>>();
    assert_eq!(keys(table.read_unmerged(files.clone(), &request)), [20, 29, 1, 9, 25, 27, 40, 41]);
    request.keep_deletes = true;
    assert_eq!(keys(table.read_unmerged(files, &request)), [20, 29, 1, 9, 25, 27, 40, 41, 9]);
}

#[test]
fn a_file_that_repeats_keys_is_merged_all_the_same() {
    // Some writers do not merge before they write. A changelog file looks like what they leave. Its keys lie between two
    // of another run, so that they would pass as they are if none repeated.
    let check = |versions: &dyn Fn(i64) -> Vec<Line>, batch_rows: &[usize]| {
        let table = Table::new([("changelog-producer", "input")]);
        let mut bucket = table.bucket(-1);
        let mut files = table.write(&mut bucket, &[&[line(0, "+I", "x"), line(3000, "+I", "x")]]).append.added;
        let rows: Vec<Line> = (1..3000).flat_map(versions).collect();
        files.extend(table.write(&mut bucket, &[&rows]).append.changelog);
        for &batch_rows in batch_rows {
            let mut request = table.request();
            request.batch_rows = batch_rows;
            let keys: Vec<i64> = table.read(files.clone(), &request).iter().map(|line| line.0).collect();
            assert!(keys.iter().copied().eq(0..=3000), "batches of {batch_rows}");
        }
    };
    // In every batch; only from one batch of 1500 rows to the next.
    check(&|key| vec![line(key, "+I", "a"), line(key, "-U", "a"), line(key, "+U", "b")], &[1, 2, 1000, 3000, 9000]);
    check(&|key| vec![line(key, "+I", "a"); if key == 1500 { 2 } else { 1 }], &[1500]);
}

#[test]
fn keys_out_of_order_are_told_with_the_file() {
    let table = Table::new([]);
    let mut bucket = table.bucket(-1);
    let mut write = |keys: &[i64]| {
        let lines: Vec<Line> = keys.iter().map(|&key| line(key, "+I", "x")).collect();
        table.write(&mut bucket, &[&lines]).append.added.remove(0)
    };
    // The metadata of the first file hides that it reaches into the second: both seem to be one run.
    let (mut low, high, across) = (write(&[1, 4, 12]), write(&[11, 15]), write(&[3, 14]));
    low.max_key = write(&[4]).max_key;
    let error = table.try_read(vec![low, high.clone(), across], &table.request()).unwrap_err().to_string();
    assert!(error.contains(&high.file_name) && error.contains("its keys do not ascend"), "{error}");
}

#[test]
fn rows_that_do_not_fit_are_refused_by_column() {
    let table = Table::new([]);
    let mut bucket = table.bucket(-1);
    let good = table.rows(&[line(1, "-D", "a")]);
    let refusal = |bucket: &mut LsmBucket, rows| bucket.add(rows).unwrap_err().to_string();

    let mut rows = good.clone();
    rows.rows = rows.rows.project(&[0, 1]).unwrap();
    assert_eq!(refusal(&mut bucket, rows), "rows have 2 columns, the table has 3");

    let mut rows = good.clone();
    rows.rows = rows.rows.project(&[1, 0, 2]).unwrap();
    assert_eq!(refusal(&mut bucket, rows), "the column `s` is Int64, the table holds it as Int32");

    let mut rows = good.clone();
    rows.kinds = Some(vec![7].into());
    assert_eq!(refusal(&mut bucket, rows), "row kinds are to be bytes from 0 to 3, one for each row");
    assert_eq!(bucket.memory_bytes(), 0);
    assert!(bucket.flush_job().unwrap().is_none());
}

#[test]
fn tables_that_need_more_than_this_are_refused_by_option() {
    for (option, value) in [
        ("merge-engine", "aggregation"),
        ("changelog-producer", "lookup"),
        ("deletion-vectors.enabled", "true"),
        ("sequence.snapshot-ordering", "true"),
    ] {
        let table = Table::new([(option, value)]);
        let error = LsmBucket::new(table.files.clone(), table.place.clone(), -1).unwrap_err().to_string();
        assert!(error.contains(option), "{error}");
    }
}

#[test]
fn small_batches_fill_the_buffer_as_large_ones_do() {
    let table = Table::new([("write-buffer-size", "64 kb")]);
    let mut bucket = table.bucket(-1);
    let mut rows = 0;
    while !bucket.needs_flush() {
        bucket.add(table.rows(&[line(rows, "+I", &"x".repeat(100))])).unwrap();
        rows += 1;
    }
    assert!((400..700).contains(&rows), "{rows} rows of a good 100 bytes");
    let files = table.write(&mut bucket, &[]).append.added;
    let read = table.try_read(files, &table.request()).unwrap();
    assert_eq!(lines(&read).len() as i64, rows);
}
