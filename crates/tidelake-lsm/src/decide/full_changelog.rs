//! The changelog of a full compaction: the last level before against the last level after.
//!
//! All runs take part, so what a key had in the last level is what the last full compaction left of it:
//!
//! ```text
//! last level   result      changelog
//! -            add         +I result
//! -            none        -            a key came and went
//! row          none        -D row
//! row          add         -U row, +U result; nothing if the row is alone with its key
//! ```

use std::sync::Arc;

use arrow_array::{Array, Int8Array};
use tidelake_meta::TableSchema;
use tidelake_types::RowKind;

use super::{Change, ChangedRow, Decider, Decision, Plain, equal::same_values};
use crate::{
    CHANGELOG_PRODUCER_ROW_DEDUPLICATE, CHANGELOG_PRODUCER_ROW_DEDUPLICATE_IGNORE_FIELDS, MergeWindow, Result, RowRef,
    window::is_add,
};

/// Merges as [`Plain`] does and tells what changed against the last level (Java's `FullChangelogMergeFunctionWrapper`).
#[derive(Debug, Clone)]
pub struct FullChangelog {
    plain: Arc<dyn Decider>,
    last_level: i32,
    /// Updates that change none of these columns are not told of; `None` if all are.
    compared: Option<Vec<usize>>,
}

impl FullChangelog {
    /// Over the decisions of another decider. Rows hold the same if they do in the columns `compared`, by place among the
    /// values; without them every update is told of.
    pub fn new(plain: Arc<dyn Decider>, last_level: i32, compared: Option<Vec<usize>>) -> Self {
        Self { plain, last_level, compared }
    }

    /// As the table's options say, for values that begin with the table's columns.
    pub fn for_table(schema: &TableSchema, last_level: i32) -> Result<Self> {
        let compared = if schema.options.get(&CHANGELOG_PRODUCER_ROW_DEDUPLICATE)? {
            let ignored = schema.options.get(&CHANGELOG_PRODUCER_ROW_DEDUPLICATE_IGNORE_FIELDS)?.unwrap_or_default();
            // As Java has it: names are not trimmed, and those of no column mean nothing.
            let counts = |place: &usize| !ignored.split(',').any(|name| name == schema.fields[*place].name);
            Some((0..schema.fields.len()).filter(counts).collect())
        } else {
            None
        };
        Ok(Self::new(Arc::new(Plain::for_table(schema)?), last_level, compared))
    }

    /// The row that the last level holds of a group's key.
    fn before(&self, window: &MergeWindow, group: usize) -> Option<RowRef> {
        let at_last = |row: &&RowRef| window.batches[row.batch as usize].level == self.last_level;
        window.group(group).iter().rev().find(at_last).copied().filter(|&row| is_add(window.kind(row)))
    }
}

impl Decider for FullChangelog {
    fn decide(&self, window: &MergeWindow) -> Result<Decision> {
        let mut decision = self.plain.decide(window)?;
        let kinds = &decision.rows.kind;
        let mut changes = Vec::new();
        let mut updates = Vec::new();
        for group in 0..window.num_groups() {
            match (self.before(window, group), exists(kinds, group)) {
                (None, true) => changes.push(Change::new(RowKind::Insert, ChangedRow::Result(group as u32))),
                (Some(row), false) => changes.push(Change::new(RowKind::Delete, ChangedRow::Stored(row))),
                (Some(row), true) if window.group(group).len() > 1 => {
                    updates.push((row, group as u32));
                    changes.push(Change::new(RowKind::UpdateBefore, ChangedRow::Stored(row)));
                    changes.push(Change::new(RowKind::UpdateAfter, ChangedRow::Result(group as u32)));
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        if let (Some(columns), false) = (&self.compared, updates.is_empty()) {
            let same = same_values(window, &decision.rows.columns, &updates, columns)?;
            let mut update = 0;
            changes.retain(|change| {
                let is_same = update < updates.len() && same.value(update);
                update += usize::from(change.kind == RowKind::UpdateAfter);
                !is_same || !matches!(change.kind, RowKind::UpdateBefore | RowKind::UpdateAfter)
            });
        }
        decision.changelog = changes;
        Ok(decision)
    }

    fn tells_of_lone(&self, level: i32) -> bool {
        level != self.last_level
    }
}

impl Change {
    fn new(kind: RowKind, row: ChangedRow) -> Self {
        Self { kind, row }
    }
}

fn exists(kinds: &Int8Array, group: usize) -> bool {
    kinds.is_valid(group) && is_add(kinds.value(group))
}
