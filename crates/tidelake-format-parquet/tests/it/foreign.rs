//! Shapes that other writers give their files, made with the Parquet library's own column writers.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::*};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::{
    data_type::{
        ByteArray, ByteArrayType, DataType as ColumnType, FixedLenByteArray, FixedLenByteArrayType, Int32Type as I32,
        Int64Type as I64,
    },
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use tidelake_error::{Classify, ErrorKind};
use tidelake_types::{DataField, TypeKind, arrow_field};

use crate::files::read_all;

/// A column's values, definition and repetition levels.
type Write = Box<dyn Fn(&mut parquet::file::writer::SerializedColumnWriter<'_>)>;

fn leaf<T: ColumnType>(values: Vec<T::T>, definitions: &'static [i16], repetitions: &'static [i16]) -> Write {
    Box::new(move |column| {
        let levels = |levels: &'static [i16]| (!levels.is_empty()).then_some(levels);
        column.typed::<T>().write_batch(&values, levels(definitions), levels(repetitions)).unwrap();
    })
}

fn file(message: &str, leaves: Vec<Write>) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::new())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for write in leaves {
        let mut column = group.next_column().unwrap().unwrap();
        write(&mut column);
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn one(data_type: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("x", data_type, true)]))
}

fn of(kind: TypeKind) -> SchemaRef {
    Arc::new(Schema::new(vec![arrow_field(&DataField::new(0, "x", kind.nullable())).unwrap()]))
}

async fn read_one(bytes: Vec<u8>, wanted: &SchemaRef) -> Arc<dyn Array> {
    let batch: RecordBatch = read_all(bytes, wanted).await.unwrap();
    assert_eq!(&batch.schema(), wanted);
    Arc::clone(batch.column(0))
}

#[tokio::test]
async fn decimals_of_every_width() {
    let wide = |value: i128| FixedLenByteArray::from(value.to_be_bytes()[7..].to_vec());
    let files = [
        file("message m { required int32 x (DECIMAL(9, 2)); }", vec![leaf::<I32>(vec![-12_345, 5], &[], &[])]),
        file("message m { required int64 x (DECIMAL(12, 2)); }", vec![leaf::<I64>(vec![-12_345, 5], &[], &[])]),
        file(
            "message m { required binary x (DECIMAL(12, 2)); }",
            vec![leaf::<ByteArrayType>(vec![vec![0xcf, 0xc7].into(), vec![5].into()], &[], &[])],
        ),
        file(
            "message m { required fixed_len_byte_array(9) x (DECIMAL(5, 2)); }",
            vec![leaf::<FixedLenByteArrayType>(vec![wide(-12_345), wide(5)], &[], &[])],
        ),
    ];
    for bytes in files {
        let same = read_one(bytes.clone(), &one(DataType::Decimal128(20, 2))).await;
        assert_eq!(same.as_primitive::<Decimal128Type>().values(), &[-12_345, 5]);
        let finer = read_one(bytes.clone(), &one(DataType::Decimal128(20, 4))).await;
        assert_eq!(finer.as_primitive::<Decimal128Type>().values(), &[-1_234_500, 500]);
        let error = read_all(bytes, &one(DataType::Decimal128(20, 1))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "a digit would be lost: {error}");
    }
}

#[tokio::test]
async fn integers_without_annotation_fit_or_fail() {
    let bytes = file("message m { required int32 x; }", vec![leaf::<I32>(vec![-128, 127], &[], &[])]);
    assert_eq!(read_one(bytes, &one(DataType::Int8)).await.as_primitive::<Int8Type>().values(), &[-128, 127]);
    let bytes = file("message m { required int32 x; }", vec![leaf::<I32>(vec![-129], &[], &[])]);
    assert_eq!(read_one(bytes.clone(), &one(DataType::Int16)).await.as_primitive::<Int16Type>().values(), &[-129]);
    let error = read_all(bytes, &one(DataType::Int8)).await.unwrap_err();
    assert!(error.to_string().contains("column `x` has -129"), "{error}");
}

#[tokio::test]
async fn casts_are_refused() {
    let bytes = file("message m { required int32 x; }", vec![leaf::<I32>(vec![1], &[], &[])]);
    for wanted in [DataType::Int64, DataType::Utf8, DataType::Float64, DataType::Decimal128(9, 0)] {
        let error = read_all(bytes.clone(), &one(wanted)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn timestamps_and_times_of_every_unit() {
    let units = [("MILLIS", 1_i64), ("MICROS", 1_000), ("NANOS", 1_000_000)];
    for (unit, per_milli) in units {
        for utc in [true, false] {
            let message = format!("message m {{ required int64 x (TIMESTAMP({unit}, {utc})); }}");
            let bytes = file(&message, vec![leaf::<I64>(vec![-1_500 * per_milli, 7 * per_milli], &[], &[])]);
            for zone in [None, Some("UTC".into())] {
                let read =
                    read_one(bytes.clone(), &one(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))).await;
                assert_eq!(read.as_primitive::<TimestampMicrosecondType>().values(), &[-1_500_000, 7_000]);
                let read = read_one(bytes.clone(), &one(DataType::Timestamp(TimeUnit::Nanosecond, zone))).await;
                assert_eq!(read.as_primitive::<TimestampNanosecondType>().values(), &[-1_500_000_000, 7_000_000]);
            }
        }
    }
    let bytes =
        file("message m { required int64 x (TIMESTAMP(MICROS, false)); }", vec![leaf::<I64>(vec![-1], &[], &[])]);
    let read = read_one(bytes, &of(TypeKind::Timestamp(3))).await;
    assert_eq!(read.as_primitive::<TimestampMillisecondType>().values(), &[-1], "finer units are floored");
    let bytes = file("message m { required int64 x (TIME(MICROS, true)); }", vec![leaf::<I64>(vec![1_999], &[], &[])]);
    let read = read_one(bytes, &of(TypeKind::Time(3))).await;
    assert_eq!(read.as_primitive::<Time32MillisecondType>().values(), &[1]);
}

#[tokio::test]
async fn texts_without_annotation_are_checked() {
    let text = |bytes: &[u8]| {
        file(
            "message m { required binary x; }",
            vec![leaf::<ByteArrayType>(vec![ByteArray::from(bytes.to_vec())], &[], &[])],
        )
    };
    assert_eq!(read_one(text("zürich".as_bytes()), &one(DataType::Utf8)).await.as_string::<i32>().value(0), "zürich");
    assert_eq!(read_one(text(b"a"), &one(DataType::Utf8View)).await.as_string_view().value(0), "a");
    assert!(read_all(text(b"\xff"), &one(DataType::Utf8)).await.is_err());
}

#[tokio::test]
async fn lists_of_two_levels_and_other_names() {
    let wanted = of(TypeKind::Array(Box::new(TypeKind::Int.nullable())));
    let files = [
        file(
            "message m { optional group x (LIST) { repeated int32 array; } }",
            vec![leaf::<I32>(vec![1, 2], &[2, 2, 1, 0], &[0, 1, 0, 0])],
        ),
        file(
            "message m { optional group x (LIST) { repeated group bag { optional int32 array_element; } } }",
            vec![leaf::<I32>(vec![1, 2], &[3, 3, 1, 0], &[0, 1, 0, 0])],
        ),
    ];
    for bytes in files {
        let lists = read_one(bytes, &wanted).await;
        let lists = lists.as_list::<i32>();
        assert_eq!(lists.value(0).as_primitive::<Int32Type>().values(), &[1, 2]);
        assert!(lists.value(1).is_empty() && lists.is_valid(1) && lists.is_null(2));
    }
}

#[tokio::test]
async fn maps_with_optional_keys_and_other_names() {
    let bytes = file(
        "message m { optional group x (MAP) { repeated group map { optional int32 k; optional int32 v; } } }",
        vec![leaf::<I32>(vec![1, 2], &[3, 3, 0], &[0, 1, 0]), leaf::<I32>(vec![10], &[3, 2, 0], &[0, 1, 0])],
    );
    let map = TypeKind::Map(Box::new(TypeKind::Int.nullable()), Box::new(TypeKind::Int.nullable()));
    let maps = read_one(bytes, &of(map)).await;
    let maps = maps.as_map();
    assert_eq!(maps.value(0).column(0).as_primitive::<Int32Type>().values(), &[1, 2]);
    assert!(maps.value(0).column(1).is_null(1) && maps.is_null(1));
}

#[tokio::test]
async fn a_null_map_key_is_an_error() {
    let bytes = file(
        "message m { optional group x (MAP) { repeated group map { optional int32 k; optional int32 v; } } }",
        vec![leaf::<I32>(vec![1], &[3, 2], &[0, 1]), leaf::<I32>(vec![10, 20], &[3, 3], &[0, 1])],
    );
    let map = TypeKind::Map(Box::new(TypeKind::Int.nullable()), Box::new(TypeKind::Int.nullable()));
    assert!(read_all(bytes, &of(map)).await.is_err());
}

#[tokio::test]
async fn fields_that_the_file_lacks_are_null() {
    let bytes = file(
        "message m { optional group x { optional int32 a; required int32 b; } }",
        vec![leaf::<I32>(vec![1], &[2, 0], &[]), leaf::<I32>(vec![2], &[1, 0], &[])],
    );
    let row = |names: &[&str]| {
        let fields =
            names.iter().enumerate().map(|(id, name)| DataField::new(id as i32 + 1, *name, TypeKind::Int.nullable()));
        of(TypeKind::Row(fields.collect()))
    };
    let some = read_one(bytes.clone(), &row(&["new", "b"])).await;
    assert!(some.is_null(1) && some.as_struct().column(0).is_null(0));
    assert_eq!(some.as_struct().column(1).as_primitive::<Int32Type>().value(0), 2);
    let none = read_one(bytes.clone(), &row(&["new"])).await;
    assert!(none.is_valid(0) && none.is_null(1) && none.as_struct().column(0).is_null(0));

    let other = Schema::new(vec![Field::new("y", DataType::Int32, true), Field::new("z", DataType::Utf8, true)]);
    let batch = read_all(bytes.clone(), &Arc::new(other)).await.unwrap();
    assert_eq!((batch.num_rows(), batch.column(0).null_count()), (2, 2));
    let missing = Schema::new(vec![Field::new("y", DataType::Int32, false)]);
    assert!(read_all(bytes, &Arc::new(missing)).await.unwrap_err().to_string().contains("`y`"));
}
