//! Taking rows away without writing any.

use tidelake_commit::{CommitOutcome, Overwrite, PreparedCommit};
use tidelake_meta::{PartitionSpec, unsupported_for_writing};

use crate::{Result, Table, TableCommitter, error::InvalidSnafu};

impl Table {
    /// Deletes all rows, as a snapshot of its own; older snapshots keep theirs.
    pub async fn truncate(&self) -> Result<CommitOutcome> {
        self.replace_by_nothing(Overwrite::Whole).await
    }

    /// Deletes all rows of the partitions that one of `specs` means, as a snapshot of its own.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no spec at all, for an empty one (that would be [`Self::truncate`]), and for names and values that
    /// do not fit the partition columns.
    pub async fn drop_partitions(&self, specs: Vec<PartitionSpec>) -> Result<CommitOutcome> {
        if specs.is_empty() || specs.iter().any(PartitionSpec::is_empty) {
            let message = "which partitions are to be dropped? Name the value of one partition column at least";
            return InvalidSnafu { message }.fail();
        }
        self.replace_by_nothing(Overwrite::Matching(specs)).await
    }

    async fn replace_by_nothing(&self, overwrite: Overwrite) -> Result<CommitOutcome> {
        unsupported_for_writing(&self.schema)?;
        let prepared = PreparedCommit {
            identifier: PreparedCommit::BATCH,
            overwrite: Some(overwrite),
            ..PreparedCommit::default()
        };
        TableCommitter::fresh(self)?.commit(prepared).await
    }
}
