//! Rows into a table.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch};
use tidelake_commit::{CommitOutcome, Conflict, Overwrite, PreparedCommit};
use tidelake_datafile::CompactMode;
use tidelake_meta::CHANGELOG_PRODUCER;
use tidelake_types::{Options, RowKind};
use tidelake_write::{BucketWriters, WriteParts};

use crate::{Error, Result, Table, TableCommitter};

/// A writer being put together.
#[derive(Debug, Clone)]
pub struct WriterBuilder {
    table: Table,
    slots: Option<usize>,
    overwrite: Option<Overwrite>,
}

/// Takes rows, and commits them: all since the last commit, or none. Key tables are compacted beside it, unless their option
/// `write-only` is true.
///
/// Dropped without a commit it leaves files that nothing refers to; [`TableWriter::abandon`] deletes them.
#[derive(Debug)]
pub struct TableWriter {
    table: Table,
    buckets: BucketWriters,
    overwrite: Option<Overwrite>,
    /// A batch commit that has begun and is not known to have ended: it goes on under its own user and number, so that it
    /// is neither lost nor doubled.
    unfinished: Option<(TableCommitter, PreparedCommit)>,
}

impl WriterBuilder {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, slots: None, overwrite: None }
    }

    /// Every commit replaces what the table holds, all of it or some partitions. No changelog is written.
    pub fn overwrite(mut self, overwrite: Overwrite) -> Self {
        self.overwrite = Some(overwrite);
        self
    }

    /// How many buckets flush or compact at once. Default: as many as threads compute.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// The writer. What this build cannot write is a typed error that names the option.
    pub fn build(self) -> Result<TableWriter> {
        let table = self.table;
        let mut schema = Arc::clone(&table.schema);
        if self.overwrite.is_some() {
            schema = Arc::new(schema.with_options(&Options::from([(CHANGELOG_PRODUCER.name(), "none")])));
        }
        let buckets = BucketWriters::try_new(WriteParts {
            files: table.files(&schema),
            snapshots: table.snapshots.clone(),
            manifests: table.manifests.clone(),
            slots: self.slots.unwrap_or_else(|| table.lake.runtime().compute_threads()),
            ignore_existing: self.overwrite.is_some(),
        })?;
        Ok(TableWriter { table, buckets, overwrite: self.overwrite, unfinished: None })
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
        let outcome = match committer.commit(prepared.clone()).await {
            Err(error) => Self::without_rows(prepared, error)?,
            Ok(outcome) => outcome,
        };
        self.unfinished = None;
        if matches!(outcome, CommitOutcome::Committed { compaction_dropped: Some(_), .. }) {
            self.buckets.compactions_dropped();
        }
        Ok(outcome)
    }

    /// A commit of nothing but compactions that came too late is no failure: there were no rows in it.
    fn without_rows(prepared: &PreparedCommit, error: Error) -> Result<CommitOutcome> {
        let has_rows = prepared.messages.iter().any(|message| !message.increment.append.is_empty());
        match error {
            Error::Commit { source: tidelake_commit::Error::Conflicting { conflict, .. } }
                if prepared.overwrite.is_none() && !has_rows =>
            {
                let dropped: Conflict = *conflict;
                let (append, compact, listener_failures) = (None, None, Vec::new());
                Ok(CommitOutcome::Committed { append, compact, compaction_dropped: Some(dropped), listener_failures })
            }
            error => Err(error),
        }
    }

    /// Starts compactions that are part of the next commit: `Auto` what the options find worth it in the buckets written
    /// since the last commit, `Full` everything in all buckets of the table.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the table is `write-only`, or of a kind that writers do not compact.
    pub async fn compact(&mut self, mode: CompactMode) -> Result<()> {
        Ok(self.buckets.compact(mode).await?)
    }

    /// Everything since the last call as plain values, for a [`TableCommitter`] of a named user. A compaction that still runs
    /// is part of a later call; for [`PreparedCommit::BATCH`] all are waited for.
    pub async fn prepare_commit(&mut self, identifier: i64) -> Result<PreparedCommit> {
        let wait = identifier == PreparedCommit::BATCH || self.overwrite.is_some();
        let prepared = self.buckets.prepare_commit(identifier, wait).await?;
        Ok(PreparedCommit {
            identifier,
            messages: prepared.messages,
            overwrite: self.overwrite.clone(),
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
