//! What a file's statistics say of the columns of other schemas.

use tidelake_expr::ColumnBounds;
use tidelake_format::ColumnStatistics;
use tidelake_meta::*;
use tidelake_types::{BinaryRow, DataField, Options, Scalar, TypeKind};

fn schema() -> TableSchema {
    let fields = vec![
        DataField::new(0, "a", TypeKind::Int.nullable()),
        DataField::new(1, "b", TypeKind::STRING.nullable()),
        DataField::new(2, "c", TypeKind::Array(Box::new(TypeKind::Int.nullable())).nullable()),
        DataField::new(4, "d", TypeKind::BigInt.nullable()),
    ];
    TableSchema::create(fields, vec![], vec![], Options::new(), None, 0).unwrap()
}

fn statistics(min: Scalar, max: Scalar) -> ColumnStatistics {
    ColumnStatistics { min: Some(min), max: Some(max), null_count: Some(1) }
}

/// A file with statistics of these columns.
fn file(covered: &[&str], dense: bool, written: Option<&[&str]>) -> DataFileMeta {
    let schema = schema();
    let types: Vec<_> = covered.iter().map(|name| schema.field(name).unwrap().data_type.clone()).collect();
    let columns: Vec<_> = covered
        .iter()
        .map(|name| match *name {
            "a" => statistics(Scalar::Int(-3), Scalar::Int(9)),
            "b" => statistics(Scalar::String("x".to_owned()), Scalar::String("xylophone".to_owned())),
            "d" => statistics(Scalar::BigInt(1), Scalar::BigInt(i64::MAX)),
            _ => ColumnStatistics { min: None, max: None, null_count: Some(0) },
        })
        .collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    DataFileMeta {
        file_name: "f.parquet".to_owned(),
        file_size: 1,
        row_count: 10,
        min_key: BinaryRow::empty(),
        max_key: BinaryRow::empty(),
        key_stats: SimpleStats::empty(),
        value_stats: SimpleStats::build(&types, &columns).unwrap(),
        min_sequence_number: 0,
        max_sequence_number: 0,
        schema_id: 0,
        level: 0,
        extra_files: vec![],
        creation_time_ms: None,
        delete_row_count: Some(4),
        embedded_index: None,
        file_source: None,
        value_stats_cols: dense.then(|| names(covered)),
        external_path: None,
        first_row_id: None,
        write_cols: written.map(names),
        write_cols_sequences: None,
    }
}

const A: ColumnBounds = ColumnBounds { min: Some(Scalar::Int(-3)), max: Some(Scalar::Int(9)), null_count: Some(1) };

#[test]
fn columns_are_covered_by_schema_by_write_columns_or_densely() {
    let schema = schema();
    let all = file(&["a", "b", "c", "d"], false, None);
    assert_eq!(all.value_bounds(&schema, 0), Some(A));
    assert_eq!(all.value_bounds(&schema, 2), Some(ColumnBounds { min: None, max: None, null_count: Some(0) }));
    assert_eq!(all.value_bounds(&schema, 4).unwrap().max, Some(Scalar::BigInt(i64::MAX)));
    let dense = file(&["d", "a"], true, None);
    assert_eq!(dense.value_bounds(&schema, 0), Some(A));
    assert_eq!(dense.value_bounds(&schema, 1), None, "not covered: unknown");
    assert_eq!(file(&[], true, None).value_bounds(&schema, 0), None);
    let some = file(&["b", "a"], false, Some(&["_ROW_ID", "b", "a"]));
    assert_eq!(some.value_bounds(&schema, 0), Some(A));
    assert_eq!(some.value_bounds(&schema, 4), None, "not written: another file may have it");
    assert_eq!(
        all.value_bounds(&schema, 7),
        Some(ColumnBounds { min: None, max: None, null_count: Some(10) }),
        "added later: all null"
    );
    assert_eq!(all.add_row_count(), Some(6));
}

#[test]
fn bounds_survive_casts_that_keep_the_order() {
    let (schema, file) = (schema(), file(&["a", "b", "c", "d"], false, None));
    let bounds =
        |id: i32, kind: TypeKind| file.evolved_bounds(&schema, &DataField::new(id, "renamed", kind.nullable()));
    assert_eq!(bounds(0, TypeKind::Int), Some(A));
    let wide = ColumnBounds { min: Some(Scalar::BigInt(-3)), max: Some(Scalar::BigInt(9)), null_count: Some(1) };
    assert_eq!(bounds(0, TypeKind::BigInt), Some(wide));
    assert_eq!(bounds(0, TypeKind::STRING), None, "numbers and their texts are sorted differently");
    assert_eq!(bounds(4, TypeKind::Int), None, "may overflow");
}
