//! Letting old snapshots go.

use tidelake_commit::{ExpireOutcome, Retention, SnapshotExpiry};

use crate::{Result, Table, TableCommitter};

/// An expiry of snapshots being put together. What is not said is as the options of the table say.
#[derive(Debug, Clone)]
pub struct ExpireBuilder {
    table: Table,
    retain_max: Option<i64>,
    retain_min: Option<i64>,
    older_than_ms: Option<i64>,
    dry_run: bool,
}

impl ExpireBuilder {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, retain_max: None, retain_min: None, older_than_ms: None, dry_run: false }
    }

    /// Keeps so many snapshots at the most, however young they are.
    pub fn retain_max(mut self, snapshots: u32) -> Self {
        self.retain_max = Some(snapshots.into());
        self
    }

    /// Keeps so many snapshots at the least, however old they are; 1 or more.
    pub fn retain_min(mut self, snapshots: u32) -> Self {
        self.retain_min = Some(snapshots.into());
        self
    }

    /// Keeps what was still the latest at this time or later, in milliseconds since 1970.
    pub fn older_than_ms(mut self, time_ms: i64) -> Self {
        self.older_than_ms = Some(time_ms);
        self
    }

    /// Only says what would go.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Expires. Tags keep what they need, and consumers what they have not read.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for numbers that do not fit each other; `Unsupported` for tables with branches, a changelog that
    /// outlives its snapshots, or index files. After an error while it was read what may go nothing has changed.
    pub async fn run(self) -> Result<ExpireOutcome> {
        let table = self.table;
        let defaults = Retention::from_options(&table.schema.options, table.lake.runtime().clock().now_ms())?;
        // A number that is given wins over a default that contradicts it.
        let min = match (self.retain_min, self.retain_max) {
            (Some(min), _) => min,
            (None, Some(max)) => defaults.min.min(max),
            (None, None) => defaults.min,
        };
        let max = self.retain_max.unwrap_or(defaults.max.max(min));
        let older_than_ms = self.older_than_ms.unwrap_or(defaults.older_than_ms);
        let expiry =
            SnapshotExpiry::new(TableCommitter::parts(&table), Retention { min, max, older_than_ms, limit: i64::MAX });
        Ok(if self.dry_run { expiry.dry_run() } else { expiry }.run().await?)
    }
}
