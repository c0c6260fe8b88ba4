//! The suite that every implementation of [`FileFormat`] passes.
//!
//! ```
//! # use tidelake_format::FileFormat;
//! # async fn example(my_format: &dyn FileFormat) {
//! // In a test of the format's own:
//! tidelake_format::conformance::all(my_format).await;
//! // What it is meant to refuse; a format for every table refuses nothing.
//! assert_eq!(tidelake_format::conformance::refused(my_format), Vec::<String>::new());
//! # }
//! ```
//!
//! A format need not take every type: the suite writes a column of each that [`FileFormat::check_schema`] takes, and wants
//! to hear early and by name of each that it refuses.

mod table;

use std::{ops::Range, panic::AssertUnwindSafe, sync::Arc};

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream::BoxStream};
use tidelake_error::{Classify, ErrorKind};
use tidelake_expr::{Operator, Predicate, column, evaluate};
use tidelake_io::{FilePath, FileRead};
use tidelake_runtime::Runtime;
use tidelake_types::{
    DataField, Options, RowPositions, Scalar, arrow_schema, arrow_schema_wide, cast_array_as, is_wide_timestamp,
};

use crate::{
    ColumnStatistics, DecodedBatch, FileFormat, FormatContext, OpenFile, ReadRequest, Result, StatisticsMode,
    WriteRequest, WrittenFile, read,
};

/// Checks what the contract promises. Panics with what does not hold; call it inside a tokio runtime.
pub async fn all(format: &dyn FileFormat) {
    let suite = Suite::new(format).await;
    suite.what_is_refused_is_told_by_its_column();
    suite.what_was_written_comes_back().await;
    suite.rows_in_the_wide_form_are_written().await;
    suite.a_file_without_rows_is_a_file().await;
    suite.columns_and_fields_come_as_asked().await;
    suite.a_cast_is_refused().await;
    suite.rows_are_counted_without_columns().await;
    suite.rows_are_taken_by_position().await;
    suite.row_groups_are_read_alone().await;
    suite.a_predicate_loses_no_row().await;
    suite.statistics_hold().await;
    suite.the_estimate_grows();
    suite.timestamps_come_in_the_wide_form().await;
    suite.broken_bytes_are_errors().await;
    suite.a_reader_can_be_dropped().await;
}

/// The types of the suite that the format refuses, as in SQL.
pub fn refused(format: &dyn FileFormat) -> Vec<String> {
    table::fields(format).1.iter().map(|field| field.data_type.to_string()).collect()
}

/// Rows of the batches that are written.
const BATCHES: [usize; 5] = [0, 1, 700, 33, 1_500];

struct Suite<'a> {
    format: &'a dyn FileFormat,
    runtime: Runtime,
    fields: Vec<DataField>,
    refused: Vec<DataField>,
    schema: SchemaRef,
    whole: RecordBatch,
    file: Arc<Memory>,
    written: WrittenFile,
    open: Arc<dyn OpenFile>,
}

impl<'a> Suite<'a> {
    async fn new(format: &'a dyn FileFormat) -> Self {
        let runtime = Runtime::tokio(1, 1 << 30);
        let (fields, refused) = table::fields(format);
        let first = fields.first().map(|field| field.name.as_str());
        assert_eq!(first, Some("id"), "a format takes BIGINT NOT NULL at least");
        let schema = arrow_schema(&fields).expect("every type of the suite has an Arrow form");
        let mut first = 0;
        let batches = BATCHES.map(|rows| {
            first += rows as i64;
            table::rows(&schema, first - rows as i64, rows)
        });
        let whole = concat_batches(&schema, &batches).expect("batches of one schema");
        let (file, written) = encode(format, &schema, StatisticsMode::Full, &batches);
        let open = opened(format, &runtime, &file).await.expect("a file just written opens");
        Self { format, runtime, fields, refused, schema, whole, file, written, open }
    }

    fn request(&self, projection: &SchemaRef) -> ReadRequest {
        let row_groups = 0..self.open.row_groups().len();
        ReadRequest { projection: Arc::clone(projection), row_groups, rows: None, predicate: None, batch_rows: 500 }
    }

    fn start(&self, request: ReadRequest) -> BoxStream<'static, Result<DecodedBatch>> {
        let file: Arc<dyn FileRead> = Arc::<Memory>::clone(&self.file);
        read(file, Arc::clone(&self.open), request, self.runtime.clone())
    }

    async fn read(&self, request: ReadRequest) -> Vec<DecodedBatch> {
        let batches = self.start(request);
        batches.try_collect().await.expect("a file just written can be read")
    }

    fn what_is_refused_is_told_by_its_column(&self) {
        for field in &self.refused {
            let columns = [self.fields[0].clone(), field.clone()];
            for form in [arrow_schema, arrow_schema_wide] {
                let schema = form(&columns).expect("every type of the suite has an Arrow form");
                let name = format!("`{}` {}", field.name, field.data_type);
                let error = self.format.check_schema(&schema).expect_err("refused alone and taken beside another");
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
                assert!(error.to_string().contains(&field.name), "which column is refused? {name}: {error}");
                let encoder = self.format.encoder(&request(&schema, StatisticsMode::Full));
                assert!(encoder.is_err(), "{name} is refused, and there is an encoder for it");
            }
        }
    }

    /// Tables write timestamps of nanoseconds so.
    async fn rows_in_the_wide_form_are_written(&self) {
        let wide = arrow_schema_wide(&self.fields).expect("every type of the suite has an Arrow form");
        self.format.check_schema(&wide).expect("a type that is taken is taken in both forms");
        let columns =
            self.whole.columns().iter().zip(&self.fields).zip(wide.fields()).map(|((column, field), form)| {
                cast_array_as(column, &field.data_type, &field.data_type, form.data_type())
                    .expect("another form of the same")
            });
        let rows = RecordBatch::try_new(Arc::clone(&wide), columns.collect()).expect("columns of the wide schema");
        let (file, written) = encode(self.format, &wide, StatisticsMode::Full, std::slice::from_ref(&rows));
        self.bounds_hold("the file in the wide form", &rows, |index| written.statistics.get(index).cloned());
        let open = opened(self.format, &self.runtime, &file).await.expect("a file just written opens");
        for expected in [&rows, &self.whole] {
            let row_groups = 0..open.row_groups().len();
            let request = ReadRequest { row_groups, ..self.request(&expected.schema()) };
            let file: Arc<dyn FileRead> = Arc::<Memory>::clone(&file);
            let batches = read(file, Arc::clone(&open), request, self.runtime.clone());
            same_rows(&batches.try_collect::<Vec<_>>().await.expect("a file just written can be read"), expected);
        }
    }

    async fn what_was_written_comes_back(&self) {
        assert_eq!(self.written.rows, self.whole.num_rows() as u64, "WrittenFile::rows");
        assert!(self.open.memory_bytes() > 0, "keeping an open file costs something");
        for field in self.schema.fields() {
            assert!(
                self.open.schema().field_with_name(field.name()).is_ok(),
                "`{}` is not in the schema",
                field.name()
            );
        }
        let batches = self.read(self.request(&self.schema)).await;
        assert!(batches.iter().all(|batch| (1..=500).contains(&batch.rows.num_rows())), "batch_rows is a limit");
        same_rows(&batches, &self.whole);
        assert_eq!(positions(&batches), (0..self.whole.num_rows() as u64).collect::<Vec<_>>(), "all positions");
    }

    async fn a_file_without_rows_is_a_file(&self) {
        for batches in [vec![], vec![table::rows(&self.schema, 0, 0)]] {
            let (file, written) = encode(self.format, &self.schema, StatisticsMode::Full, &batches);
            assert_eq!((written.rows, written.statistics.len()), (0, self.fields.len()));
            let open = opened(self.format, &self.runtime, &file).await.expect("a file without rows opens");
            let rows: u64 = open.row_groups().iter().map(|group| group.num_rows).sum();
            assert_eq!(rows, 0, "row groups of a file without rows");
            let request = ReadRequest { row_groups: 0..open.row_groups().len(), ..self.request(&self.schema) };
            let batches: Result<Vec<_>> = read(file, open, request, self.runtime.clone()).try_collect().await;
            assert!(batches.expect("a file without rows can be read").is_empty(), "batches of a file without rows");
        }
    }

    async fn columns_and_fields_come_as_asked(&self) {
        let projection = table::pruned(&self.schema);
        let batches = self.read(self.request(&projection)).await;
        let columns = projection.fields().iter().map(|field| {
            table::prune(self.whole.column_by_name(field.name()).expect("pruning takes columns away only"), field)
        });
        let expected =
            RecordBatch::try_new(Arc::clone(&projection), columns.collect()).expect("columns of the projection");
        same_rows(&batches, &expected);
    }

    async fn a_cast_is_refused(&self) {
        let text = Arc::new(Schema::new(vec![Field::new("id", ArrowType::Utf8, false)]));
        let batches: Result<Vec<_>> = self.start(self.request(&text)).try_collect().await;
        let error = batches.expect_err("BIGINT was read as STRING: casts are not for formats");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }

    async fn rows_are_counted_without_columns(&self) {
        let batches = self.read(self.request(&Arc::new(Schema::empty()))).await;
        let rows: usize = batches.iter().map(|batch| batch.rows.num_rows()).sum();
        assert_eq!(rows, self.whole.num_rows(), "rows of a projection without columns");
        assert_eq!(positions(&batches).len(), rows, "positions of a projection without columns");
    }

    async fn rows_are_taken_by_position(&self) {
        let rows = self.whole.num_rows() as u64;
        let every = |step: usize| RowPositions::List((0..rows).step_by(step).collect());
        let far = [RowPositions::Range(rows + 5..rows + 9), RowPositions::List([3, 4, 5, rows - 1, rows + 7].into())];
        let near = [RowPositions::Range(0..0), RowPositions::Range(100..1_777), every(1), every(2), every(97)];
        for wanted in near.into_iter().chain(far) {
            let batches = self.read(ReadRequest { rows: Some(wanted.clone()), ..self.request(&self.schema) }).await;
            let expected: Vec<u64> = wanted.iter().filter(|position| *position < rows).collect();
            assert_eq!(positions(&batches), expected, "positions of the rows {wanted:?}");
            same_rows(&batches, &take(&self.whole, &expected));
        }
    }

    async fn row_groups_are_read_alone(&self) {
        let mut next = 0;
        for (index, group) in self.open.row_groups().iter().enumerate() {
            assert_eq!(group.first_row, next, "the first row of group {index}");
            next += group.num_rows;
            assert!(group.bytes.end <= self.file.1.len() as u64, "the bytes of group {index}");
            let batches = self.read(ReadRequest { row_groups: index..index + 1, ..self.request(&self.schema) }).await;
            let expected: Vec<u64> = (group.first_row..next).collect();
            assert_eq!(positions(&batches), expected, "positions of row group {index}");
            same_rows(&batches, &take(&self.whole, &expected));
        }
        assert_eq!(next, self.whole.num_rows() as u64, "rows of all row groups");
    }

    async fn a_predicate_loses_no_row(&self) {
        for (index, field) in self.fields.iter().enumerate() {
            if field.data_type.kind.is_nested() {
                continue;
            }
            for row in [0, 9, 2_000] {
                let value =
                    Scalar::from_array(self.whole.column(index), row, &field.data_type).expect("a value of its type");
                for operator in [Operator::Equal, Operator::Less, Operator::GreaterOrEqual, Operator::NotEqual] {
                    self.keeps_what_matches(column(field).compare(operator, vec![value.clone()])).await;
                }
            }
            self.keeps_what_matches(column(field).compare(Operator::IsNull, vec![])).await;
            self.keeps_what_matches(column(field).compare(Operator::IsNotNull, vec![])).await;
        }
    }

    async fn keeps_what_matches(&self, predicate: Predicate) {
        let matching = evaluate(&predicate, &self.whole).expect("the predicate fits the batch");
        let projection = Arc::new(Schema::new(vec![self.schema.field(0).clone()]));
        let request = ReadRequest { predicate: Some(predicate.clone()), ..self.request(&projection) };
        let kept = positions(&self.read(request).await);
        let lost =
            (0..self.whole.num_rows()).find(|row| matching.value(*row) && kept.binary_search(&(*row as u64)).is_err());
        assert_eq!(lost, None, "a row that matches {predicate:?} is lost");
    }

    async fn statistics_hold(&self) {
        self.bounds_hold("the file", &self.whole, |index| self.written.statistics.get(index).cloned());
        for (group, place) in self.open.row_groups().iter().enumerate() {
            let rows = self.whole.slice(place.first_row as usize, place.num_rows as usize);
            self.bounds_hold(&format!("row group {group}"), &rows, |index| {
                self.open.statistics(group, std::slice::from_ref(&self.fields[index].name))
            });
        }
        let (_, none) = encode(self.format, &self.schema, StatisticsMode::None, std::slice::from_ref(&self.whole));
        assert!(
            none.statistics.iter().all(|known| *known == ColumnStatistics::default()),
            "mode none records something"
        );
        let (_, counts) = encode(self.format, &self.schema, StatisticsMode::Counts, std::slice::from_ref(&self.whole));
        assert!(
            counts.statistics.iter().all(|known| known.min.is_none() && known.max.is_none()),
            "mode counts has bounds"
        );
        let (_, cut) =
            encode(self.format, &self.schema, StatisticsMode::Truncate(4), std::slice::from_ref(&self.whole));
        for known in cut.statistics.iter().flat_map(|known| [&known.min, &known.max]).flatten() {
            match known {
                Scalar::String(text) => assert!(text.chars().count() <= 4, "`{text}` is not cut to 4"),
                Scalar::Bytes(bytes) => assert!(bytes.len() <= 4, "{bytes:?} is not cut to 4"),
                _ => {}
            }
        }
        self.bounds_hold("the file, cut", &self.whole, |index| cut.statistics.get(index).cloned());
    }

    fn bounds_hold(&self, what: &str, rows: &RecordBatch, known: impl Fn(usize) -> Option<ColumnStatistics>) {
        for (index, (field, array)) in self.fields.iter().zip(rows.columns()).enumerate() {
            let Some(known) = known(index) else { continue };
            let name = format!("{} `{}` {}", what, field.name, field.data_type);
            if field.data_type.kind.is_nested() {
                assert_eq!(known, ColumnStatistics::default(), "{name}: nested columns have no statistics");
                continue;
            }
            if let Some(nulls) = known.null_count {
                assert_eq!(nulls, array.null_count() as i64, "{name}: null count");
            }
            for row in 0..array.len() {
                let value = Scalar::from_array(array, row, &field.data_type).expect("a value of its type");
                let Some(value) = value else { continue };
                for (bound, above) in [(&known.min, true), (&known.max, false)] {
                    let order =
                        bound.as_ref().map(|bound| if above { value.compare(bound) } else { bound.compare(&value) });
                    let holds = order.is_none_or(|order| order.is_some_and(|order| order.is_ge()));
                    assert!(holds, "{name}: {value:?} is beyond {known:?}");
                }
            }
        }
    }

    fn the_estimate_grows(&self) {
        let mut encoder = self.format.encoder(&request(&self.schema, StatisticsMode::None)).expect("an encoder");
        let (mut out, mut last) = (Vec::new(), encoder.estimated_bytes());
        for step in 0..20 {
            encoder.encode(&table::rows(&self.schema, step * 1_000, 1_000), &mut out).expect("rows of the schema");
            let now = encoder.estimated_bytes();
            assert!(now > last, "the estimate is {now} after {last}");
            last = now;
        }
        encoder.finish(&mut out).expect("the file ends");
        let bytes: usize = out.iter().map(Bytes::len).sum();
        let off = last as f64 / bytes as f64;
        assert!((0.2..5.0).contains(&off), "the last estimate was {last}, the file has {bytes} bytes");
    }

    async fn timestamps_come_in_the_wide_form(&self) {
        let wide = arrow_schema_wide(&self.fields).expect("every type of the suite has an Arrow form");
        let batches = self.read(self.request(&wide)).await;
        for (index, (field, stored)) in self.fields.iter().zip(wide.fields()).enumerate() {
            if !is_wide_timestamp(stored.data_type()) {
                continue;
            }
            let mut first = 0;
            for batch in &batches {
                let (array, whole): (&ArrayRef, &ArrayRef) = (batch.rows.column(index), self.whole.column(index));
                for row in 0..array.len() {
                    let got = Scalar::from_array(array, row, &field.data_type).expect("a wide timestamp");
                    let expected = Scalar::from_array(whole, first + row, &field.data_type).expect("a timestamp");
                    assert_eq!(got, expected, "row {row} of `{}`", field.name);
                }
                first += array.len();
            }
        }
    }

    /// Cut and flipped files: errors of the right kind, or rows (not every format has checksums), never a panic.
    async fn broken_bytes_are_errors(&self) {
        let small = table::rows(&self.schema, 0, 20);
        let (file, _) = encode(self.format, &self.schema, StatisticsMode::Full, std::slice::from_ref(&small));
        let bytes = &file.1;
        let step = (bytes.len() / 150).max(1);
        let ends = (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(12)..bytes.len());
        for end in ends {
            let rows = self.survives(bytes.slice(..end)).await;
            assert!(rows.is_none_or(|rows| rows < 20), "cut to {end} of {} bytes it has all rows", bytes.len());
        }
        let places = (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(200)..bytes.len());
        for (number, place) in places.enumerate() {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= 1 << (number % 8);
            self.survives(flipped.into()).await;
        }
    }

    /// How many rows come of it; `None` is an error.
    async fn survives(&self, bytes: Bytes) -> Option<usize> {
        let attempt = async {
            let file = Memory::of(bytes);
            let open = opened(self.format, &self.runtime, &file).await?;
            let row_groups = 0..open.row_groups().len();
            let request = ReadRequest { row_groups, ..self.request(&self.schema) };
            let batches: Vec<_> = read(file, open, request, self.runtime.clone()).try_collect().await?;
            Ok::<usize, crate::Error>(batches.iter().map(|batch| batch.rows.num_rows()).sum())
        };
        match AssertUnwindSafe(attempt).catch_unwind().await {
            Ok(Ok(rows)) => Some(rows),
            Ok(Err(error)) => {
                let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::ResourceExhausted];
                assert!(kinds.contains(&error.kind()), "broken bytes gave {:?}: {error}", error.kind());
                None
            }
            Err(_) => unreachable!("broken bytes made the format panic"),
        }
    }

    async fn a_reader_can_be_dropped(&self) {
        let request = || ReadRequest { batch_rows: 10, ..self.request(&self.schema) };
        drop(self.start(request()));
        let mut batches = self.start(request());
        let first = batches.next().await.expect("a first batch").expect("a file just written can be read");
        assert_eq!(first.positions, RowPositions::Range(0..10));
        drop(batches);
        assert_eq!(
            positions(&self.read(request()).await).len(),
            self.whole.num_rows(),
            "reading after a dropped reader"
        );
    }
}

fn request(schema: &SchemaRef, mode: StatisticsMode) -> WriteRequest {
    let statistics = vec![mode; schema.fields().len()];
    // A format that knows the option makes several row groups of the suite's rows.
    let options = Options::from([("file.block-size", "64 kb"), ("file.compression", "zstd")]);
    WriteRequest { schema: Arc::clone(schema), statistics, options }
}

fn encode(
    format: &dyn FileFormat,
    schema: &SchemaRef,
    mode: StatisticsMode,
    batches: &[RecordBatch],
) -> (Arc<Memory>, WrittenFile) {
    let mut encoder = format.encoder(&request(schema, mode)).expect("the format takes the schema");
    let mut out = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut out).expect("the batch has the schema");
    }
    let written = encoder.finish(&mut out).expect("the file ends");
    (Memory::of(out.concat()), written)
}

async fn opened(format: &dyn FileFormat, runtime: &Runtime, file: &Arc<Memory>) -> Result<Arc<dyn OpenFile>> {
    let context = FormatContext { runtime: runtime.clone(), footer_bytes_max: 1 << 24 };
    format.open(Arc::<Memory>::clone(file), &context).await
}

fn positions(batches: &[DecodedBatch]) -> Vec<u64> {
    for batch in batches {
        assert_eq!(batch.rows.num_rows(), batch.positions.len(), "each row has a position");
    }
    batches.iter().flat_map(|batch| batch.positions.iter()).collect()
}

fn same_rows(batches: &[DecodedBatch], expected: &RecordBatch) {
    let mut first = 0;
    for DecodedBatch { rows, .. } in batches {
        assert_eq!(rows.schema(), expected.schema(), "a batch has the schema that was asked for");
        let rows_here = rows.num_rows().min(expected.num_rows() - first.min(expected.num_rows()));
        for (index, field) in expected.schema().fields().iter().enumerate() {
            let wanted = expected.column(index).slice(first, rows_here);
            assert_eq!(rows.column(index), &wanted, "values of `{}` {}", field.name(), field.data_type());
        }
        first += rows.num_rows();
    }
    assert_eq!(first, expected.num_rows(), "all rows, no other");
}

fn take(batch: &RecordBatch, rows: &[u64]) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let taken = take_record_batch(batch, &UInt64Array::from(rows.to_vec())).expect("the rows are there");
    RecordBatch::try_new_with_options(batch.schema(), taken.columns().to_vec(), &options).expect("the same columns")
}

/// The bytes of a file.
#[derive(Debug)]
struct Memory(FilePath, Bytes);

impl Memory {
    fn of(bytes: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self(FilePath::parse("/conformance/file").expect("a path"), bytes.into()))
    }
}

#[async_trait]
impl FileRead for Memory {
    fn path(&self) -> &FilePath {
        &self.0
    }

    async fn size_bytes(&self) -> tidelake_io::Result<u64> {
        Ok(self.1.len() as u64)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> tidelake_io::Result<Vec<Bytes>> {
        let bytes = |range: &Range<u64>| {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            (range.start <= range.end && range.end <= self.1.len()).then(|| self.1.slice(range))
        };
        let found: Option<Vec<Bytes>> = ranges.iter().map(bytes).collect();
        found.ok_or_else(|| {
            tidelake_io::Error::backend(ErrorKind::Corrupt, "read", &self.0, "the range ends past the end of the file")
        })
    }
}
