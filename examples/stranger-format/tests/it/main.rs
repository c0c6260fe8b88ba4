//! Files of runs from outside: the contract's suite, and what only runs promise.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use stranger_format::RunsFormat;
use tidelake_format::{
    Bytes, Classify, ColumnStatistics, DataField, Error, ErrorKind, FileFormat, FilePath, FileRead, FormatContext,
    FormatEncoder, LeafPredicate, OpenFile, Operator, Options, Predicate, ReadRequest, RecordBatch, Result, Runtime,
    Scalar, Schema, SchemaRef, StatisticsMode, TypeKind, WriteRequest, WrittenFile,
    arrow_array::{Int64Array, StringArray},
    arrow_schema, async_trait, conformance,
    io::{FileIO, FileIOExt, MemoryFileIO, stream::TryStreamExt},
    read,
};

#[tokio::test]
async fn runs_keep_the_promises_of_a_format() {
    conformance::all(&RunsFormat).await;
    let refused = conformance::refused(&RunsFormat);
    let nested = ["ARRAY", "MAP", "MULTISET", "ROW"];
    assert!(refused.iter().all(|data_type| nested.iter().any(|kind| data_type.starts_with(kind))), "{refused:?}");
}

/// Runs, by somebody who does not say which column they cannot store.
#[derive(Debug)]
struct Terse;

#[async_trait]
impl FileFormat for Terse {
    fn name(&self) -> &str {
        RunsFormat.name()
    }

    fn check_schema(&self, schema: &Schema) -> Result<()> {
        RunsFormat.check_schema(schema).map_err(|_| Error::unsupported("terse", "store this"))
    }

    async fn open(&self, file: Arc<dyn FileRead>, context: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        RunsFormat.open(file, context).await
    }

    fn encoder(&self, request: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        RunsFormat.encoder(request)
    }
}

#[tokio::test]
#[should_panic(expected = "which column is refused?")]
async fn the_suite_finds_a_format_that_breaks_a_promise() {
    conformance::all(&Terse).await;
}

/// `id` counts up, `city` stays the same for a hundred rows.
fn rows(ids: std::ops::Range<i64>) -> (Vec<DataField>, RecordBatch) {
    let fields = vec![
        DataField::new(0, "id", TypeKind::BigInt.not_null()),
        DataField::new(1, "city", TypeKind::STRING.nullable()),
    ];
    let cities: StringArray = ids.clone().map(|id| (id % 300 < 200).then(|| format!("city {}", id / 100))).collect();
    let columns = vec![Arc::new(Int64Array::from_iter_values(ids)) as _, Arc::new(cities) as _];
    let schema: SchemaRef = arrow_schema(&fields).unwrap();
    (fields, RecordBatch::try_new(schema, columns).unwrap())
}

fn encoded(batches: &[RecordBatch], options: Options) -> (Bytes, WrittenFile) {
    let schema = batches[0].schema();
    let request = WriteRequest { schema, statistics: vec![StatisticsMode::Full; 2], options };
    let mut encoder = RunsFormat.encoder(&request).unwrap();
    let mut out = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut out).unwrap();
    }
    let written = encoder.finish(&mut out).unwrap();
    (out.concat().into(), written)
}

async fn opened(bytes: Bytes) -> (MemoryFileIO, FilePath, Result<Arc<dyn OpenFile>>, Runtime) {
    let runtime = Runtime::tokio(1, 64 << 20);
    let (io, path) = (MemoryFileIO::new(runtime.clone()), FilePath::parse("memory://m/file.runs").unwrap());
    io.write_file(&path, bytes).await.unwrap();
    let context = FormatContext { runtime: runtime.clone(), footer_bytes_max: 1 << 20 };
    let open = RunsFormat.open(io.open(&path, None).await.unwrap(), &context).await;
    (io, path, open, runtime)
}

#[test]
fn equal_neighbours_take_the_room_of_one() {
    let (_, batch) = rows(0..3_000);
    let cities = batch.project(&[1]).unwrap();
    let (bytes, written) = encoded(&[cities], Options::new());
    // Twenty runs of a city, ten of nulls.
    assert!(bytes.len() < 700, "{} bytes", bytes.len());
    let text = |text: &str| Some(Scalar::String(text.to_owned()));
    let expected = ColumnStatistics { min: text("city 0"), max: text("city 9"), null_count: Some(1_000) };
    assert_eq!((written.rows, &written.statistics[0]), (3_000, &expected));
}

#[tokio::test]
async fn groups_that_cannot_match_are_not_read() {
    let batches: Vec<RecordBatch> = (0..4).map(|group| rows(group * 100..(group + 1) * 100).1).collect();
    let (bytes, _) = encoded(&batches, Options::from([("runs.block.size", "1 kb")]));
    let (io, path, open, runtime) = opened(bytes).await;
    let open = open.unwrap();
    assert_eq!(open.row_groups().len(), 4);
    let (fields, _) = rows(0..0);
    let predicate = Predicate::Leaf(LeafPredicate {
        field: fields[0].clone(),
        operator: Operator::GreaterOrEqual,
        literals: vec![Some(Scalar::BigInt(250))],
    });
    let projection = batches[0].schema();
    let request =
        ReadRequest { projection, row_groups: 0..4, rows: None, predicate: Some(predicate), batch_rows: 1_000 };
    let file = io.open(&path, None).await.unwrap();
    let read: Vec<_> = read(file, open, request, runtime).map_ok(|batch| batch.rows).try_collect().await.unwrap();
    assert_eq!(read, batches[2..]);
}

#[tokio::test]
async fn a_footer_that_lies_is_an_error_with_the_path() {
    let (bytes, _) = encoded(&[rows(0..50).1], Options::new());
    let mut flipped = bytes.to_vec();
    let place = flipped.len() - 30;
    flipped[place] ^= 4;
    for broken in [Bytes::from(flipped), bytes.slice(..bytes.len() - 1), Bytes::from_static(b"RUNS1RUNS1")] {
        let error = opened(broken).await.2.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("file.runs"), "{error}");
    }
}
