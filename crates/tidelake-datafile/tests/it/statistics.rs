//! What the metas of new files say.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
use tidelake_meta::{DataFileMeta, SimpleStats};
use tidelake_types::{BinaryRow, DataField, DataType, Options, Scalar, TypeKind};

use crate::table::{APPEND, LEVEL_0, Table, field};

const LONG: &str = "abcdefghijklmnopqrstuvwxyz";

fn columns() -> (Vec<DataField>, Vec<ArrayRef>) {
    let fields = vec![
        field(0, "n", TypeKind::Int.nullable()),
        field(1, "s", TypeKind::STRING.nullable()),
        field(2, "d", TypeKind::Double.nullable()),
        field(3, "l", TypeKind::Array(Box::new(TypeKind::Int.nullable())).nullable()),
    ];
    let list = tidelake_types::arrow_type(&fields[3].data_type).unwrap();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(5), None, Some(-3)])),
        Arc::new(StringArray::from(vec![Some("b"), Some(LONG), None])),
        Arc::new(Float64Array::from(vec![Some(1.5), Some(-2.5), Some(0.0)])),
        arrow_array::new_null_array(&list, 3),
    ];
    (fields, columns)
}

async fn meta(options: &[(&str, &str)]) -> DataFileMeta {
    let (fields, columns) = columns();
    let table = Table::append(fields, options.iter().copied().collect()).await;
    table.write(APPEND, table.rows(columns)).await
}

fn text(text: &str) -> Option<Scalar> {
    Some(Scalar::String(text.to_owned()))
}

/// Lower bound, upper bound and null count of each covered column.
fn told(stats: &SimpleStats, types: &[DataType]) -> Vec<(Option<Scalar>, Option<Scalar>, Option<i64>)> {
    let (min, max) = (stats.min_values.decode(types).unwrap(), stats.max_values.decode(types).unwrap());
    let nulls = stats.null_counts.clone().unwrap();
    min.into_iter().zip(max).zip(nulls).map(|((min, max), nulls)| (min, max, nulls)).collect()
}

fn types(kinds: &[TypeKind]) -> Vec<DataType> {
    kinds.iter().map(|kind| kind.clone().nullable()).collect()
}

fn number(n: i32) -> Option<Scalar> {
    Some(Scalar::Int(n))
}

fn double(d: f64) -> Option<Scalar> {
    Some(Scalar::Double(d))
}

#[tokio::test]
async fn texts_are_cut_and_nested_columns_left_out() {
    let meta = meta(&[]).await;
    assert_eq!(meta.value_stats_cols, Some(vec!["n".to_owned(), "s".to_owned(), "d".to_owned()]));
    let expected = vec![
        (number(-3), number(5), Some(1)),
        (text("abcdefghijklmnop"), text("b"), Some(1)),
        (double(-2.5), double(1.5), Some(0)),
    ];
    assert_eq!(told(&meta.value_stats, &types(&[TypeKind::Int, TypeKind::STRING, TypeKind::Double])), expected);
    assert_eq!(meta.key_stats, SimpleStats::empty());
    assert_eq!((meta.min_key, meta.max_key), (BinaryRow::empty(), BinaryRow::empty()));
    assert_eq!((meta.min_sequence_number, meta.max_sequence_number), (0, 2));
    assert_eq!((meta.schema_id, meta.level, meta.delete_row_count), (0, 0, Some(0)));
    assert!(meta.creation_time_ms.unwrap() > 1_600_000_000_000);
}

#[tokio::test]
async fn without_dense_store_every_column_has_its_place() {
    let meta = meta(&[("metadata.stats-dense-store", "false"), ("metadata.stats-mode", "counts")]).await;
    assert_eq!(meta.value_stats_cols, None);
    let kinds = [TypeKind::Int, TypeKind::STRING, TypeKind::Double, columns().0[3].data_type.kind.clone()];
    let counts = [Some(1), Some(1), Some(0), None];
    assert_eq!(told(&meta.value_stats, &types(&kinds)), counts.map(|nulls| (None, None, nulls)));
}

#[tokio::test]
async fn a_column_may_have_a_mode_of_its_own() {
    let meta = meta(&[("metadata.stats-mode", "none"), ("fields.s.stats-mode", "full")]).await;
    assert_eq!(meta.value_stats_cols, Some(vec!["s".to_owned()]));
    assert_eq!(told(&meta.value_stats, &types(&[TypeKind::STRING])), [(text(LONG), text("b"), Some(1))]);
}

#[tokio::test]
async fn only_the_first_columns_may_be_told() {
    let meta = meta(&[("metadata.stats-keep-first-n-columns", "1"), ("fields.d.stats-mode", "counts")]).await;
    assert_eq!(meta.value_stats_cols, Some(vec!["n".to_owned(), "d".to_owned()]));
    let told = told(&meta.value_stats, &types(&[TypeKind::Int, TypeKind::Double]));
    assert_eq!(told, [(number(-3), number(5), Some(1)), (None, None, Some(0))]);
}

#[tokio::test]
async fn keys_are_never_cut() {
    for thin in ["false", "true"] {
        let fields = vec![field(0, "v", TypeKind::Int.nullable()), field(1, "k", TypeKind::STRING.not_null())];
        let options = [("metadata.stats-mode", "none"), ("data-file.thin-mode", thin)];
        let table = Table::keyed(fields, &["k"], Options::from(options)).await;
        let (first, last) = (LONG.repeat(6), "z".repeat(200));
        let keys: ArrayRef = Arc::new(StringArray::from(vec![first.as_str(), "m", last.as_str()]));
        let values: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
        let meta = table.write(LEVEL_0, table.key_value_rows(vec![1, 2, 3], vec![0, 0, 1], vec![values, keys])).await;
        let key_types = types(&[TypeKind::STRING]);
        assert_eq!(meta.min_key.decode(&key_types).unwrap(), [text(&first)]);
        assert_eq!(meta.max_key.decode(&key_types).unwrap(), [text(&last)]);
        let cut = (text(&first[..128]), text(&format!("{}{{", "z".repeat(127))), Some(0));
        assert_eq!(told(&meta.key_stats, &key_types), [cut]);
        // Thin files hold keys among the values only, and so tell of them there.
        let told: Vec<String> = if thin == "true" { vec!["k".to_owned()] } else { Vec::new() };
        assert_eq!(meta.value_stats_cols, Some(told));
        assert_eq!(meta.delete_row_count, Some(1));
    }
}

#[tokio::test]
async fn names_say_prefix_and_compression() {
    let options = [
        ("data-file.prefix", "d-"),
        ("changelog-file.prefix", "c-"),
        ("file.suffix.include.compression", "true"),
        ("changelog-file.compression", "snappy"),
    ];
    let table = Table::keyed(vec![field(0, "k", TypeKind::Int.not_null())], &["k"], Options::from(options)).await;
    let rows = |keys: Vec<i32>| {
        let numbers = (0..keys.len() as i64).collect();
        table.key_value_rows(numbers, vec![0; keys.len()], vec![Arc::new(Int32Array::from(keys))])
    };
    let data = table.write(LEVEL_0, rows(vec![1, 2])).await;
    assert_eq!(data.file_name, "d-u-0.zst.parquet");
    // Both count on; a key may repeat in a changelog.
    let changelog = table.write(tidelake_datafile::FileContent::Changelog { level: 0 }, rows(vec![1, 1])).await;
    assert_eq!(changelog.file_name, "c-u-1.snappy.parquet");
    assert_eq!(table.read(&changelog).await.num_rows(), 2);
}
