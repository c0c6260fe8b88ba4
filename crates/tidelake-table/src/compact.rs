//! Compaction of a table, as one commit of its own.

use tidelake_commit::{CommitOutcome, Conflict, PreparedCommit};
use tidelake_datafile::CompactMode;
use tidelake_error::Classify;
use tidelake_io::FilePath;
use tidelake_meta::{PartitionMatcher, PartitionSpec};
use tidelake_write::{WriteParts, compact_buckets};

use crate::{Error, Result, Table, TableCommitter};

/// A compaction being put together.
#[derive(Debug, Clone)]
pub struct CompactBuilder {
    table: Table,
    mode: CompactMode,
    slots: Option<usize>,
    partitions: Option<Vec<PartitionSpec>>,
}

/// How a compaction ended, when it did not fail. The rows are the same in all cases.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum CompactionOutcome {
    /// Nothing was worth it: there is no new snapshot.
    Nothing,
    /// It is a snapshot.
    Committed {
        /// Its number.
        snapshot: i64,
        /// How many buckets changed.
        buckets: usize,
        /// How many files it took.
        taken: usize,
        /// How many files stand in their place.
        made: usize,
        /// Listeners that failed, each with its reason. The commit stands.
        listener_failures: Vec<String>,
    },
    /// Another commit took some of its inputs away meanwhile, so it was given up and its files were deleted. Another
    /// compaction may start from what is there now.
    Dropped {
        /// What did not fit any more.
        conflict: Conflict,
    },
}

/// A compaction whose files are written and do not count yet.
///
/// Dropped without a commit it leaves files that nothing refers to; [`PreparedCompaction::abandon`] deletes them.
#[derive(Debug)]
pub struct PreparedCompaction {
    table: Table,
    committer: TableCommitter,
    prepared: PreparedCommit,
    /// Its files, while it is certain that no snapshot refers to them.
    written: Vec<FilePath>,
}

impl CompactBuilder {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, mode: CompactMode::Auto, slots: None, partitions: None }
    }

    /// Everything into one sorted run for each bucket, instead of what the options of the table find worth it. Of append
    /// tables all small files, however few.
    pub fn full(mut self) -> Self {
        self.mode = CompactMode::Full;
        self
    }

    /// Only the partitions that one of these means.
    pub fn partitions(mut self, specs: Vec<PartitionSpec>) -> Self {
        self.partitions = Some(specs);
        self
    }

    /// How many buckets are compacted at once. Default: as many as threads compute.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Compacts and commits. After an error the table is as it was, unless the error is ambiguous.
    ///
    /// # Errors
    ///
    /// `Unsupported` for what this build does not compact; `InvalidInput` for partitions that are none. `Conflict` if the
    /// table's schema moved on, or if other writers won every race.
    pub async fn run(self) -> Result<CompactionOutcome> {
        let mut compaction = self.prepare().await?;
        match compaction.commit().await {
            Err(error) => {
                compaction.abandon().await;
                Err(error)
            }
            outcome => outcome,
        }
    }

    /// Writes the files of the compaction, and commits nothing. Errors as of [`Self::run`].
    pub async fn prepare(self) -> Result<PreparedCompaction> {
        let table = self.table;
        let parts = WriteParts {
            files: table.files(&table.schema),
            snapshots: table.snapshots.clone(),
            manifests: table.manifests.clone(),
            slots: self.slots.unwrap_or_else(|| table.lake.runtime().compute_threads()),
            ignore_existing: false,
        };
        let specs = self.partitions.as_ref();
        let partitions = specs.map(|specs| PartitionMatcher::new(specs, &table.schema)).transpose()?;
        let committer = TableCommitter::fresh(&table)?;
        let compacted = compact_buckets(&parts, self.mode, partitions.as_ref()).await?;
        let written = compacted.unsynced.clone();
        let prepared = PreparedCommit {
            identifier: PreparedCommit::BATCH,
            messages: compacted.messages,
            unsynced: compacted.unsynced,
            ..PreparedCommit::default()
        };
        Ok(PreparedCompaction { table, committer, prepared, written })
    }
}

impl PreparedCompaction {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.prepared.is_empty()
    }

    /// Makes it a snapshot. After an error it may be called again, which goes on with that very commit.
    pub async fn commit(&mut self) -> Result<CompactionOutcome> {
        if self.is_empty() {
            return Ok(CompactionOutcome::Nothing);
        }
        // From here on a snapshot may name these files, whether or not somebody is there to hear of it.
        let written = std::mem::take(&mut self.written);
        let dropped = match self.committer.commit(self.prepared.clone()).await {
            Ok(CommitOutcome::Committed { compact: Some(snapshot), listener_failures, .. }) => {
                return Ok(self.committed(snapshot, listener_failures));
            }
            Ok(CommitOutcome::AlreadyCommitted { snapshot, .. }) => return Ok(self.committed(snapshot, Vec::new())),
            Ok(CommitOutcome::Committed { compaction_dropped: Some(conflict), .. }) => conflict,
            Ok(CommitOutcome::Committed { .. } | CommitOutcome::Empty) => return Ok(CompactionOutcome::Nothing),
            Err(Error::Commit { source: tidelake_commit::Error::Conflicting { conflict, .. } }) => *conflict,
            Err(error) => {
                if !error.is_ambiguous() {
                    self.written = written;
                }
                return Err(error);
            }
        };
        self.prepared = PreparedCommit::default();
        delete(&self.table, written).await;
        Ok(CompactionOutcome::Dropped { conflict: dropped })
    }

    /// Gives it up and deletes its files. Those of a commit that may be in stay.
    pub async fn abandon(self) {
        delete(&self.table, self.written).await;
    }

    fn committed(&self, snapshot: i64, listener_failures: Vec<String>) -> CompactionOutcome {
        let changes = || self.prepared.messages.iter().map(|message| &message.increment.compact);
        CompactionOutcome::Committed {
            snapshot,
            buckets: self.prepared.messages.len(),
            taken: changes().map(|changes| changes.removed.len()).sum(),
            made: changes().map(|changes| changes.added.len()).sum(),
            listener_failures,
        }
    }
}

/// Best effort: what cannot be deleted is an orphan, which harms nobody.
async fn delete(table: &Table, written: Vec<FilePath>) {
    let io = table.file_io();
    for path in written {
        let _ = io.delete(&path).await;
    }
}
