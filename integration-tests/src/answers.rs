//! What Tidelake answers, in the canonical lines of the oracle.

use std::{fmt::Write, time::Duration};

use futures::{StreamExt, TryStreamExt};
use tidelake::{ChangeBatch, Changes, DataField, RowKind, StreamStart, Table, TableScan, types::write_canonical_row};

use crate::replay::Result;

/// An error with its causes.
pub fn text(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " <- {cause}");
        source = cause.source();
    }
    text
}

/// Rows with kinds in reading order and a line after each plan, from the first snapshot to the newest.
pub async fn changes_from_first(table: &Table) -> Result<Vec<String>> {
    let latest = table.snapshots().latest_id().await.map_err(text)?.unwrap_or(0);
    let mut stream = table.stream(StreamStart::FromSnapshot(1)).wide_timestamps(true).build().await.map_err(text)?;
    let fields = stream.fields().to_vec();
    let mut lines = Vec::new();
    let mut waits = 0;
    while stream.next_snapshot().is_none_or(|next| next <= latest) {
        // Snapshots without changes move the position and bring no plan.
        let Ok(plan) = tokio::time::timeout(Duration::from_millis(20), stream.next()).await else {
            waits += 1;
            match waits < 1500 {
                true => continue,
                false => {
                    return Err(format!("the stream of {} stands still before snapshot {latest}", table.identifier()));
                }
            }
        };
        let plan = plan.ok_or("a stream never ends")?.map_err(text)?;
        let before = lines.len();
        lines.extend(printed(plan.changes, &fields, true).await?);
        lines.push(format!(
            "{{\"_plan\":{},\"_next\":{},\"_rows\":{}}}",
            plan.number,
            plan.next_snapshot,
            lines.len() - before
        ));
    }
    Ok(lines)
}

/// All rows that a scan finds, sorted by their bytes.
pub async fn sorted(table: &Table, scan: TableScan) -> Result<Vec<String>> {
    let plan = scan.wide_timestamps(true).plan().await.map_err(text)?;
    let mut lines = printed(table.read_changes(&plan).map_err(text)?, plan.fields(), false).await?;
    lines.sort_unstable();
    Ok(lines)
}

async fn printed(mut changes: Changes, fields: &[DataField], kinds: bool) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    while let Some(ChangeBatch { rows, kinds: stored }) = changes.try_next().await.map_err(text)? {
        for row in 0..rows.num_rows() {
            let kind = if kinds { RowKind::from_byte(stored.value(row)) } else { None };
            let mut line = String::new();
            write_canonical_row(&rows, row, fields, kind, &mut line).map_err(text)?;
            lines.push(line);
        }
    }
    Ok(lines)
}
