//! `$tags`: one row for each tag.

use tidelake_types::{DataField, TypeKind};

use super::{Rows, columns, long, millis, string};
use crate::{Result, Table};

pub(super) fn fields() -> Vec<DataField> {
    columns([
        ("tag_name", TypeKind::STRING, false),
        ("snapshot_id", TypeKind::BigInt, false),
        ("schema_id", TypeKind::BigInt, false),
        ("commit_time", TypeKind::Timestamp(3), false),
        ("record_count", TypeKind::BigInt, true),
        ("create_time", TypeKind::Timestamp(3), true),
        ("time_retained", TypeKind::STRING, true),
    ])
}

pub(super) async fn read(table: &Table, rows: &mut Rows) -> Result<()> {
    for tag in table.tags().list().await? {
        rows.push([
            string(tag.name),
            long(tag.snapshot.id),
            long(tag.snapshot.schema_id),
            millis(tag.snapshot.time_ms),
            tag.snapshot.total_record_count.and_then(long),
            tag.create_time_ms.and_then(millis),
            tag.time_retained_ms.and_then(|retained| string(format!("PT{}S", retained as f64 / 1000.0))),
        ]);
    }
    Ok(())
}
