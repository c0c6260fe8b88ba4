//! Files that Java would not write so, and that are Avro all the same.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray, types::*};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use tidelake_format::{Bytes, Classify, ErrorKind};
use tidelake_types::wide_timestamp_type;

use crate::{
    files::read_all,
    make::{bytes, container, file, long, record},
};

async fn column(file: Bytes, name: &str, data_type: DataType) -> tidelake_format::Result<ArrayRef> {
    let schema = Arc::new(Schema::new(vec![Field::new(name, data_type, true)]));
    let batches: Vec<RecordBatch> = read_all(file, &schema).await?.into_iter().map(|batch| batch.rows).collect();
    Ok(Arc::clone(batches[0].column(0)))
}

#[tokio::test]
async fn null_may_be_any_branch_of_a_union() {
    let schema = record(&[("a", r#"["int","null"]"#), ("b", r#"["string"]"#), ("c", r#""null""#)]);
    let rows =
        file(&schema, &[[long(0), long(7), long(0), bytes("x")].concat(), [long(1), long(0), bytes("y")].concat()]);
    let a = column(rows.clone(), "a", DataType::Int32).await.unwrap();
    assert_eq!(a.as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(7), None]);
    let b = column(rows.clone(), "b", DataType::Utf8).await.unwrap();
    assert_eq!(b.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x"), Some("y")]);
    assert_eq!(column(rows, "c", DataType::Int64).await.unwrap().null_count(), 2);
}

#[tokio::test]
async fn whatever_was_not_asked_for_is_passed_over() {
    let schema = record(&[
        ("one", r#"["string",{"type":"fixed","name":"f","size":3},"null"]"#),
        ("two", r#"{"type":"enum","name":"e","symbols":["A","B"]}"#),
        ("three", r#"{"type":"map","values":{"type":"array","items":["null","double"]}}"#),
        ("four", r#"{"type":"array","items":"f"}"#),
        ("five", r#""boolean""#),
        ("last", r#""long""#),
    ]);
    let run = [long(-1), long(9), long(1), vec![0; 8]].concat();
    let map = [long(1), bytes("k"), run, long(2), long(0), long(0), long(0), long(0)].concat();
    let head = [long(1), b"abc".to_vec(), long(1)].concat();
    let tail = [long(-2), long(6), b"abcdef".to_vec(), long(0), vec![1], long(-5)].concat();
    let rows = file(&schema, &[[head, map, tail].concat()]);
    let last = column(rows.clone(), "last", DataType::Int64).await.unwrap();
    assert_eq!(last.as_primitive::<Int64Type>().value(0), -5);
    for name in ["one", "two"] {
        assert_eq!(column(rows.clone(), name, DataType::Utf8).await.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    let three = DataType::List(Arc::new(Field::new("element", DataType::Float64, true)));
    let entries = vec![Field::new("key", DataType::Utf8, false), Field::new("value", three, true)];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    let map = column(rows, "three", DataType::Map(Arc::new(entries), false)).await.unwrap();
    let list = map.as_map().values().as_list::<i32>().value(0);
    assert_eq!(list.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(0.0), None, None]);
}

#[tokio::test]
async fn timestamps_come_in_any_unit() {
    for (stored, ticks, millis) in [("millis", -1, -1), ("micros", -1, -1), ("nanos", 1_999_999, 1)] {
        for local in ["", "local-"] {
            let of = format!(r#"{{"type":"long","logicalType":"{local}timestamp-{stored}"}}"#);
            let rows = file(&record(&[("t", &of)]), &[long(ticks)]);
            let zone = Some("UTC".into());
            let got = column(rows.clone(), "t", DataType::Timestamp(TimeUnit::Millisecond, zone)).await.unwrap();
            assert_eq!(got.as_primitive::<TimestampMillisecondType>().value(0), millis);
            let wide = column(rows, "t", wide_timestamp_type()).await.unwrap();
            let part = |index: usize| Arc::clone(wide.as_struct().column(index));
            assert_eq!(part(0).as_primitive::<Int64Type>().value(0), millis);
            let nanos = match stored {
                "millis" => 0,
                "micros" => 999_000,
                _ => 999_999,
            };
            assert_eq!(part(1).as_primitive::<Int32Type>().value(0), nanos);
        }
    }
    let far = file(&record(&[("t", r#"{"type":"long","logicalType":"timestamp-millis"}"#)]), &[long(i64::MAX / 1_000)]);
    let error = column(far, "t", DataType::Timestamp(TimeUnit::Nanosecond, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("wide"), "{error}");
}

#[tokio::test]
async fn plain_ints_are_days_and_times_and_small_numbers() {
    let rows = file(&record(&[("i", r#""int""#)]), &[long(100), long(-3)]);
    let of = |data_type| column(rows.clone(), "i", data_type);
    assert_eq!(of(DataType::Date32).await.unwrap().as_primitive::<Date32Type>().value(0), 100);
    assert_eq!(of(DataType::Int8).await.unwrap().as_primitive::<Int8Type>().value(1), -3);
    let time = of(DataType::Time32(TimeUnit::Millisecond)).await.unwrap();
    assert_eq!(time.as_primitive::<Time32MillisecondType>().value(0), 100);
    assert!(of(DataType::Int64).await.is_err(), "a cast");
}

#[tokio::test]
async fn decimals_may_be_fixed_and_change_their_scale() {
    let of = r#"{"type":"fixed","name":"d","size":4,"logicalType":"decimal","precision":9,"scale":2}"#;
    let rows = file(&record(&[("d", of)]), &[(-1_250_i32).to_be_bytes().to_vec()]);
    for (scale, value) in [(1, -125), (2, -1_250), (4, -125_000)] {
        let got = column(rows.clone(), "d", DataType::Decimal128(20, scale)).await.unwrap();
        assert_eq!(got.as_primitive::<Decimal128Type>().value(0), value);
    }
    assert_eq!(column(rows, "d", DataType::Decimal128(20, 0)).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn texts_come_in_any_layout_and_must_be_utf8() {
    let rows = file(&record(&[("s", r#""bytes""#)]), &[bytes("ä"), bytes("")]);
    for layout in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, DataType::Binary, DataType::BinaryView] {
        let got = column(rows.clone(), "s", layout.clone()).await.unwrap();
        assert_eq!((got.data_type(), got.len()), (&layout, 2));
    }
    let rows = file(&record(&[("s", r#""string""#)]), &[bytes([0xff, 0xfe])]);
    assert!(column(rows.clone(), "s", DataType::Utf8).await.is_err());
    assert_eq!(column(rows, "s", DataType::Binary).await.unwrap().as_binary::<i32>().value(0), [0xff, 0xfe]);
}

#[tokio::test]
async fn null_keys_are_refused() {
    let of = r#"{"type":"array","items":{"type":"record","name":"kv","fields":[{"name":"key","type":["null","int"]},{"name":"value","type":"int"}]}}"#;
    let entries = vec![Field::new("key", DataType::Int32, false), Field::new("value", DataType::Int32, true)];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    let map = DataType::Map(Arc::new(entries), false);
    let row = |key: Vec<u8>| [long(1), key, long(9), long(0)].concat();
    let rows = |key| file(&record(&[("m", of)]), &[row(key)]);
    let got = column(rows([long(1), long(5)].concat()), "m", map.clone()).await.unwrap();
    assert_eq!(got.as_map().keys().as_primitive::<Int32Type>().value(0), 5);
    assert!(column(rows(long(0)), "m", map).await.is_err());
}

#[tokio::test]
async fn files_and_blocks_may_have_no_rows() {
    let schema = record(&[("i", r#""int""#)]);
    let asked = Arc::new(Schema::new(vec![Field::new("i", DataType::Int32, true)]));
    let none = container(&schema, "null", &[]);
    assert!(read_all(none, &asked).await.unwrap().is_empty());
    let some = container(&schema, "null", &[(0, vec![]), (1, long(3)), (0, vec![])]);
    assert_eq!(read_all(some, &asked).await.unwrap()[0].rows.num_rows(), 1);
}
