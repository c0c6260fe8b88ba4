//! What is written comes back.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType as ArrowType;
use tidelake_datafile::FileReadRequest;
use tidelake_meta::FileSource;
use tidelake_types::{DataField, DataType, Options, RowPositions, Scalar, TypeKind, arrow_schema_wide, arrow_type};

use crate::table::{APPEND, LEVEL_0, Table, field, request, with_system};

fn array(values: impl Array + 'static) -> ArrayRef {
    Arc::new(values)
}

/// A column of every type, three rows each, the second null.
fn every_type() -> Vec<(DataType, ArrayRef)> {
    use TypeKind as K;
    let strings = || array(StringArray::from(vec![Some("lake"), None, Some("湖")]));
    let bytes = || array(BinaryArray::from_opt_vec(vec![Some(&[0, 255]), None, Some(b"")]));
    let decimals = |precision, scale| {
        let unscaled = Decimal128Array::from(vec![Some(-12345), None, Some(7)]);
        array(unscaled.with_precision_and_scale(precision, scale).unwrap())
    };
    let millis = || TimestampMillisecondArray::from(vec![Some(-1), None, Some(1_700_000_000_123)]);
    let micros = || TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1_700_000_000_123_456)]);
    let nanos = || TimestampNanosecondArray::from(vec![Some(-1), None, Some(1_700_000_000_123_456_789)]);
    let row = K::Row(vec![field(100, "a", K::Int.nullable()), field(101, "b", K::STRING.nullable())]);
    let columns: Vec<(TypeKind, ArrayRef)> = vec![
        (K::Char(4), strings()),
        (K::Varchar(9), strings()),
        (K::STRING, strings()),
        (K::Binary(2), bytes()),
        (K::BYTES, bytes()),
        (K::Boolean, array(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        (K::TinyInt, array(Int8Array::from(vec![Some(-128), None, Some(127)]))),
        (K::SmallInt, array(Int16Array::from(vec![Some(-32768), None, Some(32767)]))),
        (K::Int, array(Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)]))),
        (K::BigInt, array(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]))),
        (K::Float, array(Float32Array::from(vec![Some(-0.0), None, Some(f32::MAX)]))),
        (K::Double, array(Float64Array::from(vec![Some(f64::NEG_INFINITY), None, Some(1e-300)]))),
        (K::Decimal { precision: 5, scale: 2 }, decimals(5, 2)),
        (K::Decimal { precision: 18, scale: 0 }, decimals(18, 0)),
        (K::Decimal { precision: 38, scale: 10 }, decimals(38, 10)),
        (K::Date, array(Date32Array::from(vec![Some(-719_162), None, Some(20_000)]))),
        (K::Time(3), array(Time32MillisecondArray::from(vec![Some(0), None, Some(86_399_999)]))),
        (K::Timestamp(0), array(millis())),
        (K::Timestamp(3), array(millis())),
        (K::Timestamp(6), array(micros())),
        (K::Timestamp(9), array(nanos())),
        (K::TimestampLtz(3), array(millis().with_timezone("UTC"))),
        (K::TimestampLtz(6), array(micros().with_timezone("UTC"))),
        (K::TimestampLtz(9), array(nanos().with_timezone("UTC"))),
        (row.clone(), rows_of(&row)),
        (K::Array(Box::new(K::Int.nullable())), list_of(&K::Int.nullable())),
        (K::Map(Box::new(K::Int.not_null()), Box::new(K::Int.nullable())), map_of_ints()),
    ];
    columns.into_iter().map(|(kind, column)| (kind.nullable(), column)).collect()
}

fn rows_of(kind: &TypeKind) -> ArrayRef {
    let ArrowType::Struct(fields) = arrow_type(&kind.clone().nullable()).unwrap() else { unreachable!() };
    let columns =
        vec![array(Int32Array::from(vec![Some(1), None, None])), array(StringArray::from(vec![None, None, Some("x")]))];
    array(StructArray::new(fields, columns, Some(vec![true, false, true].into())))
}

fn list_of(element: &DataType) -> ArrayRef {
    let ArrowType::List(element) = arrow_type(&TypeKind::Array(Box::new(element.clone())).nullable()).unwrap() else {
        unreachable!()
    };
    let values = array(Int32Array::from(vec![Some(1), None]));
    let offsets = OffsetBuffer::from_lengths([2, 0, 0]);
    array(ListArray::new(element, offsets, values, Some(vec![true, false, true].into())))
}

fn map_of_ints() -> ArrayRef {
    let kind = TypeKind::Map(Box::new(TypeKind::Int.not_null()), Box::new(TypeKind::Int.nullable()));
    let ArrowType::Map(entries, _) = arrow_type(&kind.nullable()).unwrap() else { unreachable!() };
    let ArrowType::Struct(pair) = entries.data_type().clone() else { unreachable!() };
    let columns = vec![array(Int32Array::from(vec![1, 2])), array(Int32Array::from(vec![Some(3), None]))];
    let offsets = OffsetBuffer::from_lengths([2, 0, 0]);
    let nulls = Some(vec![true, false, true].into());
    array(MapArray::new(entries, offsets, StructArray::new(pair, columns, None), nulls, false))
}

fn every_column() -> (Vec<DataField>, Vec<ArrayRef>) {
    let columns = every_type().into_iter().enumerate();
    columns.map(|(id, (data_type, column))| (field(id as i32, &format!("c{id}"), data_type), column)).unzip()
}

#[tokio::test]
async fn every_type_comes_back() {
    let (fields, columns) = every_column();
    let table = Table::append(fields, Options::new()).await;
    let rows = table.rows(columns);
    let file = table.write(APPEND, rows.clone()).await;
    assert_eq!(file.row_count, 3);
    assert_eq!(table.read(&file).await, rows);
}

#[tokio::test]
async fn timestamps_come_in_the_wide_form_where_asked() {
    let fields =
        vec![field(0, "t", TypeKind::Timestamp(9).nullable()), field(1, "u", TypeKind::Timestamp(3).nullable())];
    let table = Table::append(fields.clone(), Options::new()).await;
    let wide = arrow_schema_wide(&fields).unwrap();
    let values = [
        [Some(Scalar::Timestamp { millis: -1, nanos: 999_999 }), None],
        [None, Some(Scalar::Timestamp { millis: 5, nanos: 0 })],
    ];
    let columns = fields
        .iter()
        .zip(wide.fields())
        .zip(&values)
        .map(|((field, form), values)| Scalar::to_array_as(values, &field.data_type, form.data_type()).unwrap());
    let rows = RecordBatch::try_new(Arc::clone(&wide), columns.collect()).unwrap();
    let asked = FileReadRequest { wide_timestamps: true, ..request(&fields) };
    let file = table.write(APPEND, rows.clone()).await;
    assert_eq!(table.try_read(&file, &asked).await.unwrap(), rows);
    // Written in the narrow form.
    let file = table.write(APPEND, table.read(&file).await).await;
    assert_eq!(table.try_read(&file, &asked).await.unwrap(), rows);
}

#[tokio::test]
async fn key_value_files_tell_number_and_kind_of_each_row() {
    for thin in ["false", "true"] {
        let fields = vec![field(0, "v", TypeKind::STRING.nullable()), field(1, "k", TypeKind::Int.not_null())];
        let options = Options::from([("data-file.thin-mode", thin)]);
        let table = Table::keyed(fields.clone(), &["k"], options).await;
        let values =
            vec![array(StringArray::from(vec![Some("a"), None, Some("c")])), array(Int32Array::from(vec![1, 2, 3]))];
        let rows = table.key_value_rows(vec![7, 3, 5], vec![0, 3, 2], values);
        let file = table.write(LEVEL_0, rows.clone()).await;
        let read = table.try_read(&file, &request(&with_system(&fields))).await.unwrap();
        assert_eq!(read.columns(), &rows.columns()[1..], "thin mode {thin}");
        assert_eq!((file.min_sequence_number, file.max_sequence_number), (3, 7));
        assert_eq!(file.delete_row_count, Some(1));
        assert_eq!(file.file_source, Some(FileSource::Append));
    }
}

#[tokio::test]
async fn batches_are_small_and_tell_their_positions() {
    let table = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], Options::new()).await;
    let file = table.write(APPEND, table.rows(vec![array(Int32Array::from_iter_values(0..10))])).await;
    for fields in [table.files.schema.fields.as_slice(), &[]] {
        let batches = table.batches(&file, &request(fields)).await.unwrap();
        let mut next = 0;
        for batch in batches {
            assert!((1..=4).contains(&batch.rows.num_rows()));
            let end = next + batch.rows.num_rows() as u64;
            assert_eq!(
                batch.positions.iter().collect::<Vec<_>>(),
                RowPositions::Range(next..end).iter().collect::<Vec<_>>()
            );
            next = end;
        }
        assert_eq!(next, 10);
    }
}

#[tokio::test]
async fn columns_come_in_the_order_asked_for() {
    let fields = vec![field(0, "a", TypeKind::Int.nullable()), field(1, "b", TypeKind::Int.nullable())];
    let table = Table::append(fields.clone(), Options::new()).await;
    let columns = vec![array(Int32Array::from(vec![1])), array(Int32Array::from(vec![2]))];
    let file = table.write(APPEND, table.rows(columns.clone())).await;
    let wanted = [fields[1].clone(), fields[0].clone(), fields[1].clone()];
    let read = table.try_read(&file, &request(&wanted)).await.unwrap();
    assert_eq!(read.columns(), &[Arc::clone(&columns[1]), Arc::clone(&columns[0]), Arc::clone(&columns[1])]);
}
