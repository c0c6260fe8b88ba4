//! Rows into a table.

use arrow_array::{Int8Array, RecordBatch};
use tidelake_commit::{CommitOutcome, PreparedCommit};
use tidelake_types::RowKind;
use tidelake_write::{BucketWriters, WriteParts};

use crate::{Result, Table, TableCommitter};

/// A writer being put together.
#[derive(Debug, Clone)]
pub struct WriterBuilder {
    table: Table,
    slots: Option<usize>,
}

/// Takes rows, and commits them: all since the last commit, or none.
///
/// Dropped without a commit it leaves files that nothing refers to; [`TableWriter::abandon`] deletes them.
#[derive(Debug)]
pub struct TableWriter {
    table: Table,
    buckets: BucketWriters,
    /// A batch commit that has begun and is not known to have ended: it goes on under its own user and number, so that it
    /// is neither lost nor doubled.
    unfinished: Option<(TableCommitter, PreparedCommit)>,
}

impl WriterBuilder {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, slots: None }
    }

    /// How many buckets flush at once. Default: as many as threads compute.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// The writer. What this build cannot write is a typed error that names the option.
    pub fn build(self) -> Result<TableWriter> {
        let table = self.table;
        let buckets = BucketWriters::try_new(WriteParts {
            files: table.files(&table.schema),
            snapshots: table.snapshots.clone(),
            manifests: table.manifests.clone(),
            slots: self.slots.unwrap_or_else(|| table.lake.runtime().compute_threads()),
        })?;
        Ok(TableWriter { table, buckets, unfinished: None })
    }
}

impl TableWriter {
    /// Adds rows: inserted, or for a key table also replacing the row of their key. Columns are found by name; those not
    /// given are their default, else null.
    pub async fn write(&mut self, rows: RecordBatch) -> Result<()> {
        Ok(self.buckets.write(&rows, None).await?)
    }

    /// Adds rows with a kind each (the bytes of [`RowKind`]).
    pub async fn write_kinds(&mut self, rows: RecordBatch, kinds: &Int8Array) -> Result<()> {
        Ok(self.buckets.write(&rows, Some(kinds)).await?)
    }

    /// Deletes the rows with the keys of these; the other columns may be missing where they are nullable.
    pub async fn delete(&mut self, rows: RecordBatch) -> Result<()> {
        let kinds = Int8Array::from_value(RowKind::Delete.as_byte(), rows.num_rows());
        self.write_kinds(rows, &kinds).await
    }

    /// Commits everything since the last commit, once, as a batch under a fresh user.
    ///
    /// After an error (or a dropped call) the rows are still this writer's: calling again goes on with that very commit, whose
    /// outcome may have been unknown, before anything that was written since.
    pub async fn commit(&mut self) -> Result<CommitOutcome> {
        if self.unfinished.is_none() {
            let committer = TableCommitter::fresh(&self.table)?;
            let prepared = self.prepare_commit(PreparedCommit::BATCH).await?;
            self.unfinished = Some((committer, prepared));
        }
        let Some((committer, prepared)) = &self.unfinished else { return Ok(CommitOutcome::Empty) };
        let outcome = committer.commit(prepared.clone()).await?;
        self.unfinished = None;
        Ok(outcome)
    }

    /// Everything since the last call as plain values, for a [`TableCommitter`] of a named user.
    pub async fn prepare_commit(&mut self, identifier: i64) -> Result<PreparedCommit> {
        let prepared = self.buckets.prepare_commit().await?;
        Ok(PreparedCommit {
            identifier,
            messages: prepared.messages,
            unsynced: prepared.unsynced,
            ..PreparedCommit::default()
        })
    }

    /// Bytes of rows held in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.buckets.memory_bytes()
    }

    /// Gives the rows up and deletes what was written for them. Files of a commit that has begun stay: it may be in.
    pub async fn abandon(self) {
        self.buckets.abandon().await;
    }
}
