//! `$manifests`: one row for each manifest of the snapshot that is read.

use tidelake_types::{DataField, TypeKind};

use super::{Rows, columns, long, string, text::row_text, travelled};
use crate::{Result, Table};

pub(super) fn fields() -> Vec<DataField> {
    columns([
        ("file_name", TypeKind::STRING, false),
        ("file_size", TypeKind::BigInt, false),
        ("num_added_files", TypeKind::BigInt, false),
        ("num_deleted_files", TypeKind::BigInt, false),
        ("schema_id", TypeKind::BigInt, false),
        ("min_partition_stats", TypeKind::STRING, true),
        ("max_partition_stats", TypeKind::STRING, true),
        ("min_row_id", TypeKind::BigInt, true),
        ("max_row_id", TypeKind::BigInt, true),
    ])
}

pub(super) async fn read(table: &Table, rows: &mut Rows) -> Result<()> {
    let Some(snapshot) = travelled(table).await? else { return Ok(()) };
    let partitions = table.schema.partition_fields();
    let manifests = table.manifests();
    let mut lists = vec![
        (snapshot.base_manifest_list, snapshot.base_manifest_list_size),
        (snapshot.delta_manifest_list, snapshot.delta_manifest_list_size),
    ];
    lists.extend(snapshot.changelog_manifest_list.map(|name| (name, snapshot.changelog_manifest_list_size)));
    for (name, size) in lists {
        for manifest in manifests.read_list(&name, size).await?.iter() {
            rows.push([
                string(&manifest.file_name),
                long(manifest.file_size as i64),
                long(manifest.num_added_files),
                long(manifest.num_deleted_files),
                long(manifest.schema_id),
                string(row_text(&partitions, &manifest.partition_stats.min_values)?),
                string(row_text(&partitions, &manifest.partition_stats.max_values)?),
                manifest.min_row_id.and_then(long),
                manifest.max_row_id.and_then(long),
            ]);
        }
    }
    Ok(())
}
