//! Files that are not what their metas say, and rows that fit no file.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use bytes::Bytes;
use tidelake_datafile::{Error, FileContent};
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::{DataFileMeta, SchemaStore};
use tidelake_types::{Options, TypeKind};

use crate::table::{APPEND, LEVEL_0, Table, field, request, with_system};

async fn written() -> (Table, DataFileMeta) {
    let fields = vec![field(0, "n", TypeKind::Int.nullable()), field(1, "s", TypeKind::STRING.nullable())];
    let table = Table::append(fields, Options::new()).await;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(0..100)),
        Arc::new(StringArray::from_iter_values((0..100).map(|n| format!("row {n}")))),
    ];
    let file = table.write(APPEND, table.rows(columns)).await;
    (table, file)
}

async fn error_of(table: &Table, file: &DataFileMeta) -> Error {
    table.try_read(file, &request(&table.files.schema.fields)).await.unwrap_err()
}

#[tokio::test]
async fn another_number_of_rows_is_corrupt() {
    let (table, mut file) = written().await;
    file.row_count = 99;
    for fields in [table.files.schema.fields.as_slice(), &[]] {
        let error = table.try_read(&file, &request(fields)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&file.file_name) && error.to_string().contains("99"), "{error}");
    }
}

#[tokio::test]
async fn another_length_is_corrupt() {
    let (table, file) = written().await;
    for size in [0, 1, 7, file.file_size - 1, file.file_size + 1, 2 * file.file_size] {
        let error = error_of(&table, &DataFileMeta { file_size: size, ..file.clone() }).await;
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{size}: {error}");
        assert!(error.to_string().contains(&file.file_name), "{size}: {error}");
    }
}

#[tokio::test]
async fn a_missing_file_is_not_found() {
    let (table, mut file) = written().await;
    file.file_name = "data-gone-0.parquet".to_owned();
    let error = error_of(&table, &file).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    file.file_name = "data-gone-0.csv".to_owned();
    assert!(error_of(&table, &file).await.to_string().contains("csv"));
    file.file_name = "../../data-gone-0.parquet".to_owned();
    assert_eq!(error_of(&table, &file).await.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn flipped_bits_never_lose_rows_silently() {
    let (table, file) = written().await;
    let path = table.files.layout.data_file(&table.place.path, &file).unwrap();
    let whole = table.files.io.read_all(&path, u64::MAX).await.unwrap();
    for position in 0..whole.len() {
        let mut flipped = whole.to_vec();
        flipped[position] ^= 1 << (position % 8);
        table.files.io.overwrite(&path, Bytes::from(flipped)).await.unwrap();
        if let Ok(rows) = table.try_read(&file, &request(&table.files.schema.fields)).await {
            assert_eq!(rows.num_rows(), 100, "byte {position}");
        }
    }
}

#[tokio::test]
async fn a_column_that_schema_and_file_call_differently_is_corrupt() {
    let (mut table, file) = written().await;
    let mut schema = (*table.files.schema).clone();
    schema.fields[1].name = "r".to_owned();
    table.files.schema = Arc::new(schema.clone());
    let path = table.files.layout.schema(0).unwrap();
    table.files.io.overwrite(&path, Bytes::from(schema.to_json())).await.unwrap();
    table.files.schemas = SchemaStore::new(Arc::clone(&table.files.io), table.files.layout.clone());
    let error = error_of(&table, &file).await;
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("`r` in schema 0 and `s` in the file"), "{error}");
}

#[tokio::test]
async fn an_append_file_has_no_row_numbers() {
    let (table, file) = written().await;
    let error = table.try_read(&file, &request(&with_system(&[]))).await.unwrap_err();
    assert!(error.to_string().contains("_SEQUENCE_NUMBER"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

async fn keyed() -> Table {
    let fields = vec![field(0, "k", TypeKind::Int.not_null()), field(1, "v", TypeKind::Int.nullable())];
    Table::keyed(fields, &["k"], Options::new()).await
}

fn rows(table: &Table, keys: Vec<i32>, kind: i8) -> RecordBatch {
    let keys: ArrayRef = Arc::new(Int32Array::from(keys));
    let rows = keys.len();
    table.key_value_rows((0..rows as i64).collect(), vec![kind; rows], vec![Arc::clone(&keys), keys])
}

#[tokio::test]
async fn keys_must_ascend_within_and_between_batches() {
    let table = keyed().await;
    for batches in [vec![vec![2, 1]], vec![vec![1, 1]], vec![vec![1, 2], vec![2, 3]], vec![vec![5], vec![1]]] {
        let batches: Vec<_> = batches.into_iter().map(|keys| rows(&table, keys, 0)).collect();
        let error = table.write_all(LEVEL_0, batches).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    }
    let changelog = FileContent::Changelog { level: 0 };
    let repeated = vec![rows(&table, vec![1, 1], 1), rows(&table, vec![1, 2], 2)];
    assert_eq!(table.write_all(changelog, repeated).await.unwrap()[0].row_count, 4);
    assert!(table.write_all(changelog, vec![rows(&table, vec![2, 1], 1)]).await.is_err());
}

#[tokio::test]
async fn a_kind_is_one_of_four() {
    let table = keyed().await;
    let error = table.write_all(LEVEL_0, vec![rows(&table, vec![1], 4)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
}

#[tokio::test]
async fn a_null_in_a_not_null_column_is_refused() {
    let table = keyed().await;
    let good = rows(&table, vec![1], 0);
    for column in [0, 2] {
        let mut columns = good.columns().to_vec();
        columns[column] = arrow_array::new_null_array(columns[column].data_type(), 1);
        let fields =
            good.schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
        let bad = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns);
        let Ok(bad) = bad else { continue };
        let error = table.write_all(LEVEL_0, vec![bad]).await.err();
        if column == 0 {
            let error = error.unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("`_KEY_k` is NOT NULL"), "{error}");
        }
    }
}

#[tokio::test]
async fn rows_of_other_types_are_refused() {
    let table = keyed().await;
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let bad = RecordBatch::try_from_iter([("k", Arc::clone(&texts)), ("v", texts)]).unwrap();
    let append = Table::append(table.files.schema.fields.clone(), Options::new()).await;
    let error = append.write_all(APPEND, vec![bad.clone()]).await.unwrap_err();
    assert!(error.to_string().contains("column `k` is INT NOT NULL, the rows have Utf8"), "{error}");
    let error = table.write_all(LEVEL_0, vec![bad]).await.unwrap_err();
    assert!(error.to_string().contains("2 columns for a data file of 5"), "{error}");
}
