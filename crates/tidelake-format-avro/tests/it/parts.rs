//! Parts of files: columns, fields, row groups, rows.

use std::{ops::Range, sync::Arc};

use arrow_array::{Array, RecordBatch, cast::AsArray};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use tidelake_format::{
    Bytes, Classify, DecodeStep, DecodedBatch, ErrorKind, FileRead, OpenFile, ReadRequest, RowPositions,
};
use tidelake_types::{DataField, arrow_schema};

use crate::{
    files::{Memory, all, batches, lines, open, read_all},
    java::case,
};

/// Three blocks of 120 rows, made of one of Java's: ids repeat, positions do not.
fn three_blocks(name: &str) -> (Bytes, Vec<DataField>) {
    let case = case(name);
    let sync = &case.file[case.file.len() - 16..];
    let header = case.file.windows(16).position(|window| window == sync).unwrap() + 16;
    (Bytes::from([case.file, &case.file[header..], &case.file[header..]].concat()), case.fields())
}

struct Opened {
    file: Arc<dyn FileRead>,
    open: Arc<dyn OpenFile>,
    fields: Vec<DataField>,
    schema: SchemaRef,
    /// All rows, as text.
    rows: Vec<String>,
}

impl Opened {
    async fn new(name: &str) -> Self {
        let (bytes, fields) = three_blocks(name);
        let schema = arrow_schema(&fields).unwrap();
        let once = read_all(case(name).file, &schema).await.unwrap();
        let once = lines(&once[0].rows, &fields);
        let file = Memory::of(bytes);
        let open = open(&file).await.unwrap();
        Self { file, open, fields, schema, rows: [once.clone(), once.clone(), once].concat() }
    }

    fn all(&self) -> ReadRequest {
        all(&*self.open, &self.schema)
    }

    async fn read(&self, request: ReadRequest) -> Vec<DecodedBatch> {
        batches(&self.file, &self.open, request).await.unwrap()
    }

    /// That the rows of `wanted` came, and where from.
    fn check(&self, batches: &[DecodedBatch], wanted: &[u64]) {
        let positions: Vec<u64> = batches.iter().flat_map(|batch| batch.positions.iter()).collect();
        assert_eq!(positions, wanted);
        let rows: Vec<String> = batches.iter().flat_map(|batch| lines(&batch.rows, &self.fields)).collect();
        let expected: Vec<&String> = wanted.iter().map(|position| &self.rows[*position as usize]).collect();
        assert_eq!(rows.iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn each_block_is_a_row_group() {
    for name in ["codec_null", "codec_deflate", "codec_snappy", "codec_zstandard"] {
        let opened = Opened::new(name).await;
        let groups = opened.open.row_groups();
        assert_eq!(
            groups.iter().map(|group| (group.first_row, group.num_rows)).collect::<Vec<_>>(),
            [(0, 120), (120, 120), (240, 120)]
        );
        for (index, group) in groups.iter().enumerate() {
            let batches = opened.read(ReadRequest { row_groups: index..index + 1, ..opened.all() }).await;
            opened.check(&batches, &(group.first_row..group.first_row + 120).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn batches_are_as_long_as_asked_whatever_the_blocks() {
    let opened = Opened::new("codec_zstandard").await;
    for batch_rows in [1, 7, 119, 120, 121, 359, 360, 5_000] {
        let batches = opened.read(ReadRequest { batch_rows, ..opened.all() }).await;
        opened.check(&batches, &(0..360).collect::<Vec<_>>());
        let (last, full) = batches.split_last().unwrap();
        assert!(full.iter().all(|batch| batch.rows.num_rows() == batch_rows));
        assert_eq!(last.rows.num_rows(), if 360 % batch_rows == 0 { batch_rows.min(360) } else { 360 % batch_rows });
    }
}

#[tokio::test]
async fn rows_are_taken_by_position() {
    let opened = Opened::new("codec_deflate").await;
    let every = |step: usize| RowPositions::List((0..360).step_by(step).collect());
    let lists = [every(1), every(2), every(97), RowPositions::List([0, 119, 120, 359, 360, 900].into())];
    let ranges = [0..0, 0..1, 100..130, 120..240, 359..500, 400..500].map(RowPositions::Range);
    for rows in ranges.into_iter().chain(lists) {
        for batch_rows in [3, 1_000] {
            let wanted: Vec<u64> = rows.iter().filter(|position| *position < 360).collect();
            let request = ReadRequest { rows: Some(rows.clone()), batch_rows, ..opened.all() };
            opened.check(&opened.read(request).await, &wanted);
        }
        let request = ReadRequest { rows: Some(rows.clone()), row_groups: 1..2, ..opened.all() };
        let wanted: Vec<u64> = rows.iter().filter(|position| (120..240).contains(position)).collect();
        opened.check(&opened.read(request).await, &wanted);
    }
}

#[tokio::test]
async fn only_blocks_with_wanted_rows_are_asked_for() {
    let opened = Opened::new("codec_snappy").await;
    let groups = opened.open.row_groups();
    let asked = |rows: Option<RowPositions>| -> Vec<Range<u64>> {
        match opened.open.decoder(ReadRequest { rows, ..opened.all() }).unwrap().step().unwrap() {
            DecodeStep::Need(ranges) => ranges,
            DecodeStep::Done => vec![],
            DecodeStep::Batch { .. } => unreachable!("nothing was fed"),
        }
    };
    assert_eq!(asked(None), groups.iter().map(|group| group.bytes.clone()).collect::<Vec<_>>());
    let outer = RowPositions::List([5, 300].into());
    assert_eq!(asked(Some(outer)), [groups[0].bytes.clone(), groups[2].bytes.clone()]);
    assert!(asked(Some(RowPositions::Range(360..999))).is_empty());
}

#[tokio::test]
async fn bytes_that_were_not_asked_for_are_refused() {
    let opened = Opened::new("codec_null").await;
    let range = opened.open.row_groups()[1].bytes.clone();
    let bytes = opened.file.read_many(std::slice::from_ref(&range)).await.unwrap().remove(0);
    let mut decoder = opened.open.decoder(opened.all()).unwrap();
    assert_eq!(decoder.feed(vec![(range, bytes)]).unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(decoder.step().is_err(), "an end would be a lie");
}

async fn read_as(name: &str, fields: Vec<Field>) -> tidelake_format::Result<RecordBatch> {
    let mut batches = read_all(case(name).file, &Arc::new(Schema::new(fields))).await?;
    Ok(batches.remove(0).rows)
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a Field {
    fields.iter().find(|field| field.name() == name).unwrap()
}

#[tokio::test]
async fn columns_come_in_the_order_asked_for_and_missing_ones_are_null() {
    let case = case("primitives");
    let schema = arrow_schema(&case.fields()).unwrap();
    let whole = read_all(case.file, &schema).await.unwrap().remove(0).rows;
    let names = ["nn_timestamp_6_ltz", "string_", "decimal_38_18", "id"];
    let mut fields: Vec<Field> = names.iter().map(|name| field(schema.fields(), name).clone()).collect();
    fields.push(Field::new("later", DataType::Float64, true));
    let part = read_as("primitives", fields).await.unwrap();
    for name in names {
        assert_eq!(part.column_by_name(name), whole.column_by_name(name), "{name}");
    }
    let later = part.column_by_name("later").unwrap();
    assert_eq!((later.data_type(), later.null_count()), (&DataType::Float64, whole.num_rows()));
}

#[tokio::test]
async fn rows_are_counted_without_columns() {
    let opened = Opened::new("codec_null").await;
    let request = ReadRequest { projection: Arc::new(Schema::empty()), batch_rows: 100, ..opened.all() };
    let batches = opened.read(request).await;
    assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).collect::<Vec<_>>(), [100, 100, 100, 60]);
    assert_eq!(batches[3].positions, RowPositions::Range(300..360));
}

/// Of `r ROW<a, b, c ROW<d, e>>` and `ar ARRAY<ROW<x, y>>` some fields, in another order, and some that the file lacks.
#[tokio::test]
async fn fields_are_found_by_name_inside_of_columns() {
    let case = case("nested_0_9");
    let schema = arrow_schema(&case.fields()).unwrap();
    let whole = read_all(case.file, &schema).await.unwrap().remove(0).rows;
    let inner = vec![Field::new("later", DataType::Int32, true), Field::new("e", DataType::Date32, true)];
    let row = vec![Field::new("c", DataType::Struct(inner.into()), true), Field::new("a", DataType::Int32, true)];
    let item = DataType::Struct(vec![Field::new("y", DataType::Utf8, true)].into());
    let list = DataType::List(Arc::new(Field::new("element", item, true)));
    let fields = vec![Field::new("ar", list, true), Field::new("r", DataType::Struct(row.into()), true)];
    let part = read_as("nested_0_9", fields).await.unwrap();

    let of = |batch: &RecordBatch, column: &str, path: &[&str]| {
        let mut array = Arc::clone(batch.column_by_name(column).unwrap());
        for name in path {
            array = Arc::clone(array.as_struct().column_by_name(name).unwrap());
        }
        array
    };
    for path in [&["a"][..], &["c", "e"]] {
        assert_eq!(&of(&part, "r", path), &of(&whole, "r", path), "{path:?}");
    }
    for path in [&[][..], &["c"]] {
        assert_eq!(of(&part, "r", path).nulls(), of(&whole, "r", path).nulls(), "{path:?}");
    }
    let later = of(&part, "r", &["c", "later"]);
    assert_eq!(later.null_count(), later.len());
    let items = |batch: &RecordBatch| {
        let list = of(batch, "ar", &[]);
        let (list, rows) = (list.as_list::<i32>(), list.as_list::<i32>().values().as_struct());
        (list.offsets().clone(), rows.nulls().cloned(), Arc::clone(rows.column_by_name("y").unwrap()))
    };
    assert_eq!(items(&part), items(&whole));
}

#[tokio::test]
async fn what_cannot_be_read_as_asked_is_said_by_column() {
    let asked = |name: &str, data_type: DataType, nullable: bool| vec![Field::new(name, data_type, nullable)];
    let inner = DataType::Struct(vec![Field::new("a", DataType::Utf8, true)].into());
    for (file, fields, column) in [
        ("primitives", asked("bigint", DataType::Utf8, true), "`bigint` is Int64 and not Utf8"),
        ("primitives", asked("bigint", DataType::Int32, true), "`bigint`"),
        ("primitives", asked("later", DataType::Int32, false), "`later` is NOT NULL and not in the file"),
        ("primitives", asked("int_", DataType::Int32, false), "int_"),
        ("primitives", asked("int_", DataType::Int8, true), "`int_` has"),
        ("nested_0_9", asked("r", inner, true), "`r.a` is Int32 and not Utf8"),
    ] {
        let error = read_as(file, fields).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(column) && error.to_string().contains("/m/file.avro"), "{error}");
    }
}
