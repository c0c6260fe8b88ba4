//! Files of several stripes. No small file of Java has two, so the library writes them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringArray, cast::AsArray, types::Int32Type};
use orc_rust::{arrow_writer::ArrowWriterBuilder, compression::CompressionType};
use tidelake_format::{Bytes, OpenFile, ReadRequest, RecordBatch, RowPositions, Schema, SchemaRef};

use crate::files::{Memory, all, batches, open};

/// Rows of each stripe.
const STRIPES: [usize; 3] = [1_000, 1, 2_500];
const ROWS: u64 = 3_501;

/// `n` counts from 0, `s` is its text or null, `wide` takes eight bytes that do not compress.
fn file(stripes: &[usize]) -> Bytes {
    let mut first = 0;
    let batches = stripes.iter().map(|rows| {
        let range = first..first + *rows as i32;
        first = range.end;
        let texts: StringArray = range.clone().map(|n| (n % 7 != 0).then(|| n.to_string())).collect();
        let wide = range.clone().map(|n| (i64::from(n) + 1).wrapping_mul(-0x61c8_8646_80b5_83eb));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int32Array::from_iter_values(range))),
            ("s", Arc::new(texts)),
            ("wide", Arc::new(Int64Array::from_iter_values(wide))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
            .unwrap()
    });
    let batches: Vec<RecordBatch> = batches.collect();
    let mut out = Vec::new();
    let builder = ArrowWriterBuilder::new(&mut out, batches[0].schema());
    let mut writer = builder.with_compression(CompressionType::Zstd).try_build().unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
        writer.flush_stripe().unwrap();
    }
    writer.close().unwrap();
    out.into()
}

fn projection(open: &dyn OpenFile, names: &[&str]) -> SchemaRef {
    let fields = names.iter().map(|name| open.schema().field_with_name(name).unwrap().clone());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Reads `n` and `s`, checks that each row is the one of its position, and says which came.
async fn read(file: &Arc<Memory>, open: &Arc<dyn OpenFile>, request: ReadRequest) -> Vec<u64> {
    let batch_rows = request.batch_rows;
    let mut came = Vec::new();
    for batch in batches(file, open, request).await.unwrap() {
        assert!(!batch.positions.is_empty() && batch.positions.len() <= batch_rows);
        assert_eq!(batch.positions.len(), batch.rows.num_rows());
        let (n, s) = (batch.rows.column(0).as_primitive::<Int32Type>(), batch.rows.column(1).as_string::<i32>());
        for (row, position) in batch.positions.iter().enumerate() {
            assert_eq!(u64::try_from(n.value(row)).unwrap(), position);
            let text = (position % 7 != 0).then(|| position.to_string());
            assert_eq!(s.iter().nth(row).unwrap().map(str::to_owned), text);
            came.push(position);
        }
    }
    came
}

#[tokio::test]
async fn stripes_are_the_row_groups() {
    let file = Memory::of(file(&STRIPES));
    let open = open(&file).await.unwrap();
    let places: Vec<_> = open.row_groups().iter().map(|group| (group.first_row, group.num_rows)).collect();
    assert_eq!(places, [(0, 1_000), (1_000, 1), (1_001, 2_500)]);
    let projection = projection(&*open, &["n", "s"]);
    for (row_groups, rows) in [
        (0..3, 0..ROWS),
        (0..1, 0..1_000),
        (1..2, 1_000..1_001),
        (1..3, 1_000..ROWS),
        (2..9, 1_001..ROWS),
        (3..3, 0..0),
    ] {
        let request = ReadRequest { row_groups, batch_rows: 300, ..all(&*open, &projection) };
        assert_eq!(read(&file, &open, request).await, rows.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn rows_are_taken_by_position() {
    let file = Memory::of(file(&STRIPES));
    let open = open(&file).await.unwrap();
    let projection = projection(&*open, &["n", "s"]);
    let every = |step: usize| RowPositions::List((0..ROWS).step_by(step).collect());
    let lists = [RowPositions::List([3, 4, 5, 999, 1_000, 3_500, 3_600].into()), every(1), every(2), every(97)];
    let ranges = [0..0, 100..1_777, 1_000..1_001, 3_500..9_999, 5_000..6_000].map(RowPositions::Range);
    for wanted in ranges.into_iter().chain(lists) {
        let expected: Vec<u64> = wanted.iter().filter(|position| *position < ROWS).collect();
        let request = ReadRequest { rows: Some(wanted.clone()), batch_rows: 500, ..all(&*open, &projection) };
        assert_eq!(read(&file, &open, request).await, expected, "{wanted:?}");
        let request = ReadRequest { rows: Some(wanted), row_groups: 2..3, batch_rows: 7, ..all(&*open, &projection) };
        let expected: Vec<u64> = expected.into_iter().filter(|position| *position > 1_000).collect();
        assert_eq!(read(&file, &open, request).await, expected);
    }
}

#[tokio::test]
async fn stripes_without_wanted_rows_are_not_fetched() {
    let file = Memory::of(file(&STRIPES));
    let open = open(&file).await.unwrap();
    let before = file.read_bytes();
    let request =
        ReadRequest { rows: Some(RowPositions::Range(1_000..1_001)), ..all(&*open, &projection(&*open, &["n", "s"])) };
    assert_eq!(read(&file, &open, request).await, [1_000]);
    let stripe = &open.row_groups()[1].bytes;
    assert_eq!(file.read_bytes() - before, stripe.end - stripe.start);
}

#[tokio::test]
async fn rows_are_counted_without_columns_and_without_reading() {
    let file = Memory::of(file(&STRIPES));
    let open = open(&file).await.unwrap();
    let before = file.read_bytes();
    for rows in [None, Some(RowPositions::List([7, 1_000, 3_000].into()))] {
        let expected: Vec<u64> = rows.as_ref().map_or_else(|| (0..ROWS).collect(), |rows| rows.iter().collect());
        let request = ReadRequest { rows, batch_rows: 400, ..all(&*open, &Arc::new(Schema::empty())) };
        let batches = batches(&file, &open, request).await.unwrap();
        assert!(batches.iter().all(|batch| (1..=400).contains(&batch.rows.num_rows())));
        assert_eq!(batches.iter().flat_map(|batch| batch.positions.iter()).collect::<Vec<_>>(), expected);
    }
    assert_eq!(file.read_bytes(), before);
}

#[tokio::test]
async fn of_a_large_stripe_only_the_columns_are_fetched() {
    let bytes = file(&[200_000, 200_000]);
    let (size, file) = (bytes.len() as u64, Memory::of(bytes));
    let open = open(&file).await.unwrap();
    assert!(open.row_groups().iter().all(|group| group.bytes.end - group.bytes.start > 1 << 20));
    let before = file.read_bytes();
    let request = ReadRequest { batch_rows: 10_000, ..all(&*open, &projection(&*open, &["n"])) };
    let batches = batches(&file, &open, request).await.unwrap();
    let rows = batches.iter().flat_map(|batch| batch.rows.column(0).as_primitive::<Int32Type>().values().iter());
    assert!(rows.copied().eq(0..400_000));
    let read = file.read_bytes() - before;
    assert!(read > 0 && read < size / 10, "{read} of {size} bytes");
}
