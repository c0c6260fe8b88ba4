//! From one schema to the next.

use crate::{Result, TableSchema, error::invalid, options::BUCKET};

/// A change of a schema. More kinds follow with schema evolution.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// Sets an option.
    SetOption(String, String),
    /// Removes an option.
    UnsetOption(String),
}

/// Options that decide what the files of a table mean: they stay as they were at creation.
const IMMUTABLE: [&str; 21] = [
    "type",
    "bucket-key",
    "bucket-function.type",
    "data-file.path-directory",
    "merge-engine",
    "sequence.snapshot-ordering",
    "aggregation.remove-record-on-delete",
    "partial-update.remove-record-on-delete",
    "partial-update.remove-record-on-sequence-group",
    "rowkind.field",
    "primary-key",
    "primary-key.nullable",
    "partition",
    "dynamic-bucket.initial-buckets",
    "force-lookup",
    "row-tracking.enabled",
    "data-evolution.enabled",
    "index-file-in-data-file-dir",
    "blob-field",
    "blob-descriptor-field",
    "pk-clustering-override",
];

impl TableSchema {
    /// What the next schema is after these changes. Conflicts with options that cannot change are `Invalid`.
    pub fn changed(&self, changes: &[SchemaChange], time_ms: i64) -> Result<Self> {
        let mut next = Self { version: Self::VERSION, id: self.id + 1, time_ms, ..self.clone() };
        for change in changes {
            match change {
                SchemaChange::SetOption(name, value) => next.options.set(name, value),
                SchemaChange::UnsetOption(name) => drop(next.options.unset(name)),
            }
        }
        for name in IMMUTABLE {
            if self.options.text(name) != next.options.text(name) {
                return invalid(format!(
                    "option `{name}` cannot change once a table is there: create another table with it"
                ));
            }
        }
        let (before, after) = (self.options.get(&BUCKET)?, next.options.get(&BUCKET)?);
        if before != after && (before < 1 || after < 1) {
            return invalid(format!(
                "option `bucket` cannot change from {before} to {after}: only numbers of buckets can be exchanged"
            ));
        }
        next.check()?;
        Ok(next)
    }
}
