//! One writer, several files.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use tidelake_meta::DataFileMeta;
use tidelake_types::{Options, Scalar, TypeKind};

use crate::table::{APPEND, LEVEL_0, Table, field};

fn numbers(table: &Table, range: std::ops::Range<i32>) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int32Array::from_iter_values(range));
    table.rows(vec![column])
}

fn row_counts(metas: &[DataFileMeta]) -> Vec<i64> {
    metas.iter().map(|meta| meta.row_count).collect()
}

#[tokio::test]
async fn files_end_after_so_many_rows() {
    let options = Options::from([("target-file-row-num", "4")]);
    let table = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], options).await;
    let batches = vec![numbers(&table, 0..3), numbers(&table, 3..10)];
    let metas = table.write_all(APPEND, batches).await.unwrap();
    assert_eq!(row_counts(&metas), [4, 4, 2]);
    let ranges: Vec<_> = metas.iter().map(|meta| (meta.min_sequence_number, meta.max_sequence_number)).collect();
    assert_eq!(ranges, [(0, 3), (4, 7), (8, 9)]);
    assert_eq!(metas[2].file_name, "data-u-2.parquet");
    let mut read = Vec::new();
    for meta in &metas {
        read.push(table.read(meta).await);
    }
    assert_eq!(arrow_select::concat::concat_batches(&read[0].schema(), &read).unwrap(), numbers(&table, 0..10));
}

#[tokio::test]
async fn files_end_at_the_target_size() {
    let options = Options::from([("target-file-size", "8 kb"), ("file.compression", "none")]);
    let table = Table::keyed(vec![field(0, "k", TypeKind::BigInt.not_null())], &["k"], options).await;
    let keys: ArrayRef = Arc::new(Int64Array::from_iter_values((0..20_000).map(|n| n * n)));
    let rows = table.key_value_rows((0..20_000).collect(), vec![0; 20_000], vec![keys]);
    let metas = table.write_all(LEVEL_0, vec![rows]).await.unwrap();
    assert!(metas.len() > 3, "{} files", metas.len());
    assert_eq!(row_counts(&metas).iter().sum::<i64>(), 20_000);
    // Key ranges do not overlap.
    let types = [TypeKind::BigInt.not_null()];
    let mut before = -1;
    for meta in &metas {
        let Some(Scalar::BigInt(min)) = meta.min_key.get(0, &types[0]).unwrap() else { panic!("no key") };
        let Some(Scalar::BigInt(max)) = meta.max_key.get(0, &types[0]).unwrap() else { panic!("no key") };
        assert!(before < min && min <= max);
        before = max;
    }
}

#[tokio::test]
async fn no_rows_make_no_file() {
    let table = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], Options::new()).await;
    let metas = table.write_all(APPEND, vec![numbers(&table, 0..0)]).await.unwrap();
    assert!(metas.is_empty());
    assert!(table.writer(APPEND).unwrap().finish().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_aborted_writer_leaves_nothing() {
    let options = Options::from([("target-file-row-num", "4")]);
    let table = Table::append(vec![field(0, "n", TypeKind::Int.nullable())], options).await;
    let mut writer = table.writer(APPEND).unwrap();
    writer.write(numbers(&table, 0..10)).await.unwrap();
    let first = table.files.layout.root().join("bucket-0/data-u-0.parquet").unwrap();
    assert!(table.files.io.stat(&first).await.is_ok());
    assert_eq!(writer.abort().await, []);
    assert!(table.files.io.stat(&first).await.is_err());
}

#[tokio::test]
async fn a_wrong_limit_names_its_option() {
    for (option, value) in [("target-file-row-num", "0"), ("target-file-size", "big"), ("metadata.stats-mode", "some")]
    {
        let table =
            Table::append(vec![field(0, "n", TypeKind::Int.nullable())], Options::from([(option, value)])).await;
        let error = table.writer(APPEND).err().unwrap();
        assert!(error.to_string().contains(option), "{error}");
    }
}
