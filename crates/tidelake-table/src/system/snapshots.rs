//! `$snapshots`: one row for each kept snapshot.

use tidelake_types::{DataField, TypeKind};

use super::{Rows, columns, long, millis, string};
use crate::{Result, Table};

pub(super) fn fields() -> Vec<DataField> {
    columns([
        ("snapshot_id", TypeKind::BigInt, false),
        ("schema_id", TypeKind::BigInt, false),
        ("commit_user", TypeKind::STRING, false),
        ("commit_identifier", TypeKind::BigInt, false),
        ("commit_kind", TypeKind::STRING, false),
        ("commit_time", TypeKind::Timestamp(3), false),
        ("base_manifest_list", TypeKind::STRING, false),
        ("delta_manifest_list", TypeKind::STRING, false),
        ("changelog_manifest_list", TypeKind::STRING, true),
        ("total_record_count", TypeKind::BigInt, true),
        ("delta_record_count", TypeKind::BigInt, true),
        ("changelog_record_count", TypeKind::BigInt, true),
        ("watermark", TypeKind::BigInt, true),
        ("next_row_id", TypeKind::BigInt, true),
    ])
}

pub(super) async fn read(table: &Table, rows: &mut Rows) -> Result<()> {
    for id in table.snapshots().list_ids().await? {
        // One that expires while they are listed is left out.
        let Some(snapshot) = table.snapshots().try_load(id).await? else { continue };
        rows.push([
            long(snapshot.id),
            long(snapshot.schema_id),
            string(snapshot.commit_user),
            long(snapshot.commit_identifier),
            string(snapshot.commit_kind.as_str()),
            millis(snapshot.time_ms),
            string(snapshot.base_manifest_list),
            string(snapshot.delta_manifest_list),
            snapshot.changelog_manifest_list.and_then(string),
            snapshot.total_record_count.and_then(long),
            snapshot.delta_record_count.and_then(long),
            snapshot.changelog_record_count.and_then(long),
            snapshot.watermark.and_then(long),
            snapshot.next_row_id.and_then(long),
        ]);
    }
    Ok(())
}
