//! Files of our own: their schema, pages, row groups and statistics.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampNanosecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::{
    basic::{Compression, Encoding},
    file::{
        metadata::ParquetMetaData,
        reader::{FileReader, SerializedFileReader},
    },
    schema::printer::print_schema,
};
use tidelake_error::{Classify, ErrorKind};
use tidelake_expr::{Operator, column};
use tidelake_format::{
    Bytes, ColumnStatistics, DecodeStep, DecodedBatch, FileFormat, FormatContext, Options, ReadRequest, RowPositions,
    Scalar,
};
use tidelake_format_parquet::ParquetFormat;
use tidelake_types::{DataField, DataType as PaimonType, TypeKind, arrow_schema};

use crate::files::{Memory, all, batches, open, runtime, write};

fn metadata(bytes: &Bytes) -> ParquetMetaData {
    SerializedFileReader::new(bytes.clone()).unwrap().metadata().clone()
}

fn schema(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> SchemaRef {
    Arc::new(Schema::new(fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect::<Vec<_>>()))
}

fn numbers(rows: Range<i64>) -> RecordBatch {
    let schema = schema([("x", DataType::Int64)]);
    RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from_iter_values(rows))]).unwrap()
}

#[test]
fn the_schema_is_that_of_java() {
    let list = |element: PaimonType| TypeKind::Array(Box::new(element));
    let row = |id: i32, kind: TypeKind| TypeKind::Row(vec![DataField::new(id, "a", kind.nullable())]);
    let kinds = [
        TypeKind::BigInt.not_null(),
        TypeKind::Decimal { precision: 9, scale: 2 }.nullable(),
        TypeKind::Decimal { precision: 18, scale: 2 }.nullable(),
        TypeKind::Decimal { precision: 19, scale: 2 }.nullable(),
        TypeKind::TinyInt.nullable(),
        TypeKind::Time(0).nullable(),
        TypeKind::Timestamp(3).nullable(),
        TypeKind::TimestampLtz(6).nullable(),
        TypeKind::Timestamp(9).nullable(),
        TypeKind::STRING.nullable(),
        TypeKind::BYTES.nullable(),
        list(list(TypeKind::Int.nullable()).not_null()).nullable(),
        TypeKind::Map(
            Box::new(TypeKind::Int.nullable()),
            Box::new(row(20, list(TypeKind::Date.nullable())).nullable()),
        )
        .nullable(),
    ];
    let fields = kinds.into_iter().enumerate().map(|(id, kind)| DataField::new(id as i32, format!("c{id}"), kind));
    let (bytes, _) = write(&arrow_schema(&fields.collect::<Vec<_>>()).unwrap(), Options::new(), []).unwrap();
    let mut printed = Vec::new();
    print_schema(&mut printed, metadata(&bytes).file_metadata().schema());
    assert_eq!(String::from_utf8(printed).unwrap(), include_str!("../data/schema.txt"));
}

#[test]
fn pages_are_what_the_options_say() {
    let names = schema([("s", DataType::Utf8)]);
    let text = StringArray::from_iter_values((0..1_000).map(|row| format!("value {}", row % 7)));
    let batch = RecordBatch::try_new(Arc::clone(&names), vec![Arc::new(text)]).unwrap();
    let chunk = |options: &[(&str, &str)]| {
        let (bytes, _) = write(&names, options.iter().copied().collect(), [&batch]).unwrap();
        metadata(&bytes).row_group(0).column(0).clone()
    };
    assert!(matches!(chunk(&[]).compression(), Compression::ZSTD(_)));
    for (name, codec) in
        [("none", Compression::UNCOMPRESSED), ("SNAPPY", Compression::SNAPPY), ("lz4", Compression::LZ4)]
    {
        assert_eq!(chunk(&[("file.compression", name)]).compression(), codec);
    }
    let overridden = [("file.compression", "none"), ("parquet.compression", "lz4_raw")];
    assert_eq!(chunk(&overridden).compression(), Compression::LZ4_RAW);
    let of_column = [("file.compression", "none"), ("parquet.compression#s", "gzip")];
    assert!(matches!(chunk(&of_column).compression(), Compression::GZIP(_)));
    let has_dictionary = |options| {
        chunk(options)
            .encodings()
            .any(|encoding| encoding == Encoding::RLE_DICTIONARY || encoding == Encoding::PLAIN_DICTIONARY)
    };
    assert!(has_dictionary(&[]));
    assert!(!has_dictionary(&[("parquet.enable.dictionary", "false")]));
    assert!(!has_dictionary(&[("parquet.enable.dictionary#s", "false")]));
    for wrong in [("file.compression", "rar"), ("file.compression.zstd-level", "99"), ("file.block-size", "many")] {
        let error = write(&names, [wrong].into(), []).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

#[test]
fn a_dictionary_is_left_out_where_values_differ() {
    let batch = numbers(0..10_000);
    let (bytes, _) = write(&batch.schema(), Options::new(), [&batch]).unwrap();
    let metadata = metadata(&bytes);
    assert_eq!(metadata.row_group(0).column(0).dictionary_page_offset(), None);
    assert!(metadata.file_metadata().created_by().unwrap().starts_with("tidelake version "));
    assert_eq!(metadata.file_metadata().key_value_metadata(), None, "no Arrow schema is embedded");
}

#[tokio::test]
async fn row_groups_end_at_their_size_and_are_skipped() {
    let parts: Vec<RecordBatch> = (0..10).map(|part| numbers(part * 10_000..(part + 1) * 10_000)).collect();
    let options = [("file.block-size", "64 kb"), ("file.compression", "none")];
    let (bytes, written) = write(&parts[0].schema(), options.into(), &parts).unwrap();
    assert_eq!(
        written.statistics,
        [ColumnStatistics { min: Some(Scalar::BigInt(0)), max: Some(Scalar::BigInt(99_999)), null_count: Some(0) }]
    );
    let file = Memory::of(bytes);
    let open = open(&file).await.unwrap();
    assert!(open.row_groups().len() >= 5, "{:?}", open.row_groups());

    let predicate = column(&DataField::new(0, "x", TypeKind::BigInt.nullable())).equal(Scalar::BigInt(55_555));
    let request = ReadRequest { predicate: Some(predicate), ..all(&*open, &parts[0].schema()) };
    let read = batches(&file, &open, request).await.unwrap();
    let rows: usize = read.iter().map(|batch| batch.rows.num_rows()).sum();
    let group = open.row_groups().iter().find(|group| group.first_row + group.num_rows > 55_555).unwrap();
    assert_eq!(rows as u64, group.num_rows, "one row group of {}", open.row_groups().len());
    assert_eq!(read[0].positions.get(0), Some(group.first_row));
}

#[tokio::test]
async fn no_bounds_are_written_beside_a_nan() {
    let floats = schema([("d", DataType::Float64)]);
    for (values, max) in [(vec![1.0, 2.0], Some(Scalar::Double(2.0))), (vec![1.0, f64::NAN], None)] {
        let batch = RecordBatch::try_new(Arc::clone(&floats), vec![Arc::new(Float64Array::from(values))]).unwrap();
        let (bytes, written) = write(&floats, Options::new(), [&batch]).unwrap();
        assert_eq!(written.statistics[0].max, max);
        assert_eq!(written.statistics[0].null_count, Some(0));
        let known = open(&Memory::of(bytes)).await.unwrap().statistics(0, &["d".to_owned()]).unwrap();
        assert_eq!((known.max, known.null_count), (max, Some(0)));
    }
}

#[tokio::test]
async fn statistics_of_nanoseconds_and_nested_columns_are_javas() {
    let inner = Field::new("a", DataType::Int32, true);
    let both = schema([
        ("ts", DataType::Timestamp(TimeUnit::Nanosecond, None)),
        ("r", DataType::Struct(vec![inner.clone()].into())),
    ]);
    let row = StructArray::from(vec![(Arc::new(inner), Arc::new(Int32Array::from(vec![None, Some(1)])) as _)]);
    let ts = TimestampNanosecondArray::from(vec![None, Some(5)]);
    let batch = RecordBatch::try_new(Arc::clone(&both), vec![Arc::new(ts), Arc::new(row)]).unwrap();
    let (_, written) = write(&both, Options::new(), [&batch]).unwrap();
    assert_eq!(written.statistics[0], ColumnStatistics { min: None, max: None, null_count: Some(1) });
    assert_eq!(written.statistics[1], ColumnStatistics::default());
}

#[test]
fn null_keys_and_null_values_of_required_columns_are_refused() {
    // Arrow has no map with nullable keys; a list of pairs may have.
    let pair =
        |nullable| vec![Field::new("key", DataType::Int32, nullable), Field::new("value", DataType::Int32, true)];
    let keys = Int32Array::from(vec![Some(1), None]);
    let stored =
        StructArray::new(pair(true).into(), vec![Arc::new(keys), Arc::new(Int32Array::from(vec![1, 2]))], None);
    let element = Arc::new(Field::new("element", stored.data_type().clone(), false));
    let lists = ListArray::new(Arc::clone(&element), OffsetBuffer::from_lengths([2]), Arc::new(stored), None);
    let batch = RecordBatch::try_new(schema([("m", DataType::List(element))]), vec![Arc::new(lists)]).unwrap();
    let entries = Arc::new(Field::new("entries", DataType::Struct(pair(false).into()), false));
    let map = schema([("m", DataType::Map(entries, false))]);
    let error = write(&map, Options::new(), [&batch]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("column `m` has a null among its map keys"), "{error}");

    let required: SchemaRef = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, false)]));
    let nulls = Int64Array::from(vec![Some(1), None]);
    let batch = RecordBatch::try_new(schema([("x", DataType::Int64)]), vec![Arc::new(nulls)]).unwrap();
    let error = write(&required, Options::new(), [&batch]).unwrap_err();
    assert!(error.to_string().contains("column `x` is NOT NULL"), "{error}");
}

#[test]
fn what_cannot_be_stored_is_said_by_column() {
    let wrong = schema([("ok", DataType::Int32), ("odd", DataType::UInt64)]);
    let error = ParquetFormat.check_schema(&wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`odd`"), "{error}");
}

#[tokio::test]
async fn a_footer_beyond_the_limit_is_refused() {
    let batch = numbers(0..10);
    let (bytes, _) = write(&batch.schema(), Options::new(), [&batch]).unwrap();
    let context = FormatContext { runtime: runtime(), footer_bytes_max: 20 };
    let error = ParquetFormat.open(Memory::of(bytes), &context).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted);
    assert!(error.to_string().contains("file.parquet"), "{error}");
}

#[tokio::test]
async fn a_row_group_is_fetched_in_windows_of_its_pages() {
    let columns = schema([("x", DataType::Int64), ("s", DataType::Utf8)]);
    let x = Int64Array::from_iter_values((0..100_000).map(|row| row * 7));
    let s = StringArray::from_iter((0..100_000).map(|row| (row % 3 > 0).then(|| format!("{row} {}", row % 40))));
    let batch = RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(x), Arc::new(s)]).unwrap();
    let (bytes, _) = write(&columns, [("file.compression", "none")].into(), [&batch]).unwrap();
    let file_bytes = bytes.len() as u64;
    let file = Memory::of(bytes.clone());
    let open = open(&file).await.unwrap();
    assert_eq!(open.row_groups().len(), 1);

    // What is asked for at once is a part of the row group, and comes to all of it.
    let request = || ReadRequest { batch_rows: 500, ..all(&*open, &columns) };
    let mut decoder = open.decoder(request()).unwrap();
    let (mut asked, mut rows) = (Vec::new(), 0);
    loop {
        match decoder.step().unwrap() {
            DecodeStep::Need(ranges) => {
                asked.push(ranges.iter().map(|range| range.end - range.start).sum::<u64>());
                let cut = |range: Range<u64>| (range.clone(), bytes.slice(range.start as usize..range.end as usize));
                decoder.feed(ranges.into_iter().map(cut).collect()).unwrap();
            }
            DecodeStep::Batch { rows: read, positions } => {
                assert_eq!(positions.get(0), Some(rows));
                assert_eq!(read, batch.slice(rows as usize, read.num_rows()));
                rows += read.num_rows() as u64;
            }
            DecodeStep::Done => break,
        }
    }
    assert_eq!(rows, 100_000);
    assert!(asked.len() >= 5 && asked.iter().all(|bytes| *bytes < file_bytes / 3), "{asked:?} of {file_bytes}");

    // A few rows here and there are found on their pages.
    let wanted: Vec<u64> = vec![0, 1, 19_999, 20_000, 20_001, 59_000, 99_999];
    let read =
        batches(&file, &open, ReadRequest { rows: Some(RowPositions::List(wanted.clone().into())), ..request() })
            .await
            .unwrap();
    let found = read.iter().flat_map(|read| (0..read.rows.num_rows()).map(move |row| (read, row)));
    let found: Vec<u64> = found
        .map(|(read, row)| {
            let position = read.positions.get(row).unwrap();
            assert_eq!(read.rows.slice(row, 1), batch.slice(position as usize, 1));
            position
        })
        .collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn only_rows_that_pass_are_decoded_where_they_are_few() {
    let columns = schema([("x", DataType::Int64), ("s", DataType::Utf8)]);
    let x = Int64Array::from_iter((0..100_000).map(|row| (row % 11 > 0).then_some(row % 1_000)));
    let s = StringArray::from_iter_values((0..100_000).map(|row| format!("row {row}")));
    let batch = RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(x), Arc::new(s)]).unwrap();
    let (bytes, _) = write(&columns, Options::new(), [&batch]).unwrap();
    let file = Memory::of(bytes);
    let open = open(&file).await.unwrap();
    let field = DataField::new(0, "x", TypeKind::BigInt.nullable());
    for predicate in [
        column(&field).equal(Scalar::BigInt(77)),
        column(&field).compare(Operator::Less, vec![Some(Scalar::BigInt(3))]),
        column(&field).compare(Operator::Less, vec![Some(Scalar::BigInt(900))]),
        column(&field).equal(Scalar::BigInt(-1)),
    ] {
        let passes = tidelake_expr::evaluate(&predicate, &batch).unwrap();
        let request = || ReadRequest { predicate: Some(predicate.clone()), batch_rows: 512, ..all(&*open, &columns) };
        for rows in [None, Some(RowPositions::Range(30_000..70_000))] {
            let read = batches(&file, &open, ReadRequest { rows: rows.clone(), ..request() }).await.unwrap();
            let mut found = Vec::new();
            for DecodedBatch { rows, positions } in &read {
                for row in 0..rows.num_rows() {
                    let position = positions.get(row).unwrap();
                    assert_eq!(rows.slice(row, 1), batch.slice(position as usize, 1));
                    found.push(position);
                }
            }
            let range = if rows.is_some() { 30_000..70_000 } else { 0..100_000 };
            let all = range.end - range.start;
            let passing: Vec<u64> = range.filter(|row| passes.value(*row as usize)).collect();
            let few = passing.len() as u64 * 2 <= all;
            assert!(passing.iter().all(|row| found.binary_search(row).is_ok()), "{predicate:?} loses rows");
            assert!(!few || found == passing, "{predicate:?}: {} rows for {}", found.len(), passing.len());
        }
    }
}
