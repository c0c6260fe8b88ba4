//! `$files`: one row for each data file of the snapshot that is read.

use std::collections::BTreeMap;

use tidelake_meta::{DataFileMeta, FileSource};
use tidelake_scan::Split;
use tidelake_types::{BinaryRow, DataField, DataType, Scalar, TypeKind};

use super::{
    Rows, columns, long, millis, string,
    text::{object_text, row_text},
};
use crate::{Result, Table};

pub(super) fn fields() -> Vec<DataField> {
    columns([
        ("partition", TypeKind::STRING, true),
        ("bucket", TypeKind::Int, false),
        ("file_path", TypeKind::STRING, false),
        ("file_format", TypeKind::STRING, false),
        ("schema_id", TypeKind::BigInt, false),
        ("level", TypeKind::Int, false),
        ("record_count", TypeKind::BigInt, false),
        ("file_size_in_bytes", TypeKind::BigInt, false),
        ("min_key", TypeKind::STRING, true),
        ("max_key", TypeKind::STRING, true),
        ("null_value_counts", TypeKind::STRING, false),
        ("min_value_stats", TypeKind::STRING, false),
        ("max_value_stats", TypeKind::STRING, false),
        ("min_sequence_number", TypeKind::BigInt, true),
        ("max_sequence_number", TypeKind::BigInt, true),
        ("creation_time", TypeKind::Timestamp(3), true),
        ("deleteRowCount", TypeKind::BigInt, true),
        ("file_source", TypeKind::STRING, true),
        ("first_row_id", TypeKind::BigInt, true),
        ("write_cols", TypeKind::Array(Box::new(TypeKind::STRING.nullable())), true),
    ])
}

pub(super) async fn read(table: &Table, rows: &mut Rows) -> Result<()> {
    let plan = table.scan().plan().await?;
    for split in plan.splits() {
        for file in &split.files {
            push(table, rows, split, file).await?;
        }
    }
    Ok(())
}

async fn push(table: &Table, rows: &mut Rows, split: &Split, file: &DataFileMeta) -> Result<()> {
    let written = table.schemas().load(file.schema_id).await?;
    let keys = written.trimmed_primary_key_fields();
    let path = table.layout.data_file(&split.bucket_path, file)?;
    let shown = match path.scheme() {
        // As Java prints local paths.
        "file" => format!("/{}", path.key()),
        _ => path.to_string(),
    };
    let (mut nulls, mut minima, mut maxima) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for field in &table.schema.fields {
        let bounds = file.evolved_bounds(&written, field).unwrap_or_default();
        nulls.insert(field.name.as_str(), bounds.null_count.map_or("null".to_owned(), |count| count.to_string()));
        minima.insert(field.name.as_str(), object_text(bounds.min.as_ref(), &field.data_type)?);
        maxima.insert(field.name.as_str(), object_text(bounds.max.as_ref(), &field.data_type)?);
    }
    let source = file.file_source.map(|source| match source {
        FileSource::Append => "APPEND",
        FileSource::Compact => "COMPACT",
    });
    rows.push([
        string(row_text(&table.schema.partition_fields(), split.partition.as_row())?),
        Some(Scalar::Int(split.bucket)),
        string(shown),
        string(file.file_name.rsplit('.').next().unwrap_or_default()),
        long(file.schema_id),
        Some(Scalar::Int(file.level)),
        long(file.row_count),
        long(file.file_size as i64),
        key_text(&keys, &file.min_key)?,
        key_text(&keys, &file.max_key)?,
        string(map_text(nulls)),
        string(map_text(minima)),
        string(map_text(maxima)),
        long(file.min_sequence_number),
        long(file.max_sequence_number),
        file.creation_time_ms.and_then(millis),
        file.delete_row_count.and_then(long),
        source.and_then(string),
        file.first_row_id.and_then(long),
        None,
    ]);
    Ok(())
}

/// `[1, a]`, nothing for files without keys.
fn key_text(keys: &[DataField], row: &BinaryRow) -> Result<Option<Scalar>> {
    if row.arity() == 0 || row.arity() != keys.len() {
        return Ok(None);
    }
    let types: Vec<DataType> = keys.iter().map(|key| key.data_type.clone()).collect();
    let values = (types.iter().zip(row.decode(&types)?))
        .map(|(data_type, value)| object_text(value.as_ref(), data_type))
        .collect::<Result<Vec<_>>>()?;
    Ok(string(format!("[{}]", values.join(", "))))
}

fn map_text(values: BTreeMap<&str, String>) -> String {
    let values: Vec<String> = values.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", values.join(", "))
}
