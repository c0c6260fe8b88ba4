//! Old files under newer schemas.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, StructArray, cast::AsArray, new_null_array,
};
use arrow_schema::DataType as ArrowType;
use tidelake_expr::column;
use tidelake_types::{Options, Scalar, TypeKind, arrow_type};

use crate::table::{APPEND, Table, field, filtered, request};

fn ints(values: impl IntoIterator<Item = i32>) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(values))
}

fn texts(values: Vec<&str>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

#[tokio::test]
async fn a_renamed_column_keeps_its_values() {
    let old = Table::append(vec![field(0, "price", TypeKind::Int.nullable())], Options::new()).await;
    let file = old.write(APPEND, old.rows(vec![ints([1, 2])])).await;
    let new = old.evolve(vec![field(0, "amount", TypeKind::Int.nullable())]).await;
    let read = new.read(&file).await;
    assert_eq!(read.schema().field(0).name(), "amount");
    assert_eq!(read.column(0), &ints([1, 2]));
}

#[tokio::test]
async fn a_column_dropped_and_added_again_is_another_one() {
    let old = Table::append(
        vec![field(0, "id", TypeKind::Int.nullable()), field(1, "note", TypeKind::STRING.nullable())],
        Options::new(),
    )
    .await;
    let file = old.write(APPEND, old.rows(vec![ints([1]), texts(vec!["old"])])).await;
    let new =
        old.evolve(vec![field(0, "id", TypeKind::Int.nullable()), field(2, "note", TypeKind::STRING.nullable())]).await;
    assert_eq!(new.read(&file).await.column(1), &new_null_array(&ArrowType::Utf8, 1));
    // Also where it is all that is asked for.
    let only = new.try_read(&file, &request(&new.files.schema.fields[1..])).await.unwrap();
    assert_eq!(only.column(0), &new_null_array(&ArrowType::Utf8, 1));
}

#[tokio::test]
async fn types_are_cast_as_java_casts_them() {
    let old = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], Options::new()).await;
    let file = old.write(APPEND, old.rows(vec![ints([1, -20])])).await;
    let wider = old.evolve(vec![field(0, "n", TypeKind::BigInt.nullable())]).await;
    let expected: ArrayRef = Arc::new(Int64Array::from(vec![1, -20]));
    assert_eq!(wider.read(&file).await.column(0), &expected);
    let text = wider.evolve(vec![field(0, "n", TypeKind::STRING.nullable())]).await;
    assert_eq!(text.read(&file).await.column(0), &texts(vec!["1", "-20"]));
}

#[tokio::test]
async fn fields_of_rows_are_matched_by_id_too() {
    let row = |fields| TypeKind::Row(fields).nullable();
    let (a, b) = (field(1, "a", TypeKind::Int.nullable()), field(2, "b", TypeKind::Int.nullable()));
    let old = Table::append(vec![field(0, "r", row(vec![a.clone(), b]))], Options::new()).await;
    let ArrowType::Struct(fields) = arrow_type(&old.files.schema.fields[0].data_type).unwrap() else { unreachable!() };
    let stored = StructArray::new(fields, vec![ints([1, 2]), ints([3, 4])], Some(vec![true, false].into()));
    let file = old.write(APPEND, old.rows(vec![Arc::new(stored)])).await;

    // b became c and BIGINT, a went, a new field came first.
    let (new_field, c) = (field(3, "x", TypeKind::STRING.nullable()), field(2, "c", TypeKind::BigInt.nullable()));
    let new = old.evolve(vec![field(0, "r", row(vec![new_field.clone(), c]))]).await;
    let read = new.read(&file).await;
    let read = read.column(0).as_struct();
    assert_eq!((read.is_null(0), read.is_null(1)), (false, true));
    assert_eq!(read.column(0).null_count(), 2);
    assert_eq!(read.column(1).as_primitive::<arrow_array::types::Int64Type>().value(0), 3);

    // Nothing of the row is left: it is gone itself.
    let all_new = old.evolve(vec![field(0, "r", row(vec![new_field]))]).await;
    assert_eq!(all_new.read(&file).await.column(0).null_count(), 2);

    // A part of the row is read alone.
    let part = old.try_read(&file, &request(&[field(0, "r", row(vec![a]))])).await.unwrap();
    assert_eq!(part.column(0).as_struct().num_columns(), 1);
}

#[tokio::test]
async fn partition_columns_come_from_the_place_and_not_from_the_file() {
    let fields = vec![field(0, "p", TypeKind::STRING.nullable()), field(1, "n", TypeKind::Int.nullable())];
    let table = Table::create(fields.clone(), &["p"], &[], Options::new()).await;
    let rows = table.rows(vec![texts(vec!["in the file", "in the file"]), ints([1, 2])]);
    for value in [Some("place"), None] {
        let table = table.in_partition(&[value.map(|value| Scalar::String(value.to_owned()))]);
        let file = table.write(APPEND, rows.clone()).await;
        let expected: ArrayRef = Arc::new(StringArray::from(vec![value, value]));
        assert_eq!(table.read(&file).await.column(0), &expected);
        let only = table.try_read(&file, &request(&fields[..1])).await.unwrap();
        assert_eq!(only.column(0), &expected);
    }
}

#[tokio::test]
async fn predicates_skip_only_what_the_old_file_surely_lacks() {
    let old = Table::append(
        vec![field(0, "n", TypeKind::Int.nullable()), field(1, "t", TypeKind::STRING.nullable())],
        Options::new(),
    )
    .await;
    let file = old.write(APPEND, old.rows(vec![ints([1, 2]), texts(vec!["9", "10"])])).await;
    let (wide, number, added) = (
        field(0, "m", TypeKind::BigInt.nullable()),
        field(1, "t", TypeKind::Int.nullable()),
        field(2, "n", TypeKind::Int.nullable()),
    );
    let new = old.evolve(vec![wide.clone(), number.clone(), added.clone()]).await;
    let fields = &new.files.schema.fields;
    let rows = async |predicate| new.try_read(&file, &filtered(fields, predicate)).await.unwrap().num_rows();
    assert_eq!(rows(column(&wide).equal(Scalar::BigInt(7))).await, 0);
    // Within the file the format may leave out what is surely not asked for.
    assert_eq!(rows(column(&wide).equal(Scalar::BigInt(2))).await, 1);
    // Texts order otherwise than numbers: nothing may be skipped by their bounds.
    assert_eq!(rows(column(&number).equal(Scalar::Int(9))).await, 2);
    // The file has another column of this name.
    assert_eq!(rows(column(&added).equal(Scalar::Int(99))).await, 2);
}

#[tokio::test]
async fn a_null_where_none_may_be_is_found() {
    let old = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], Options::new()).await;
    let rows = RecordBatch::try_new(old.rows(vec![ints([1])]).schema(), vec![new_null_array(&ArrowType::Int32, 2)]);
    let file = old.write(APPEND, rows.unwrap()).await;
    let strict = old.evolve(vec![field(0, "n", TypeKind::Int.not_null())]).await;
    let error = strict.try_read(&file, &request(&strict.files.schema.fields)).await.unwrap_err();
    assert!(error.to_string().contains("column `n` is NOT NULL and has nulls"), "{error}");
}

#[tokio::test]
async fn a_key_column_stands_in_for_a_missing_value_column() {
    let table = Table::append(vec![field(0, "k", TypeKind::Int.nullable())], Options::new()).await;
    let mut foreign = table.clone();
    let mut schema = (*table.files.schema).clone();
    schema.fields[0].name = "_KEY_k".to_owned();
    foreign.files.schema = Arc::new(schema);
    let file = foreign.write(APPEND, foreign.rows(vec![ints([1, 2])])).await;
    assert_eq!(table.read(&file).await.column(0), &ints([1, 2]));
}
