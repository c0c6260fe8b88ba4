//! Commits under a user's name.

use std::sync::Arc;

use tidelake_commit::{CommitOutcome, CommitTable, CommitUser, Committer, PreparedCommit, Resolution};
use tidelake_meta::CommitIdentity;

use crate::{Result, Table};

/// Makes prepared commits snapshots of a table, each exactly once.
#[derive(Debug)]
pub struct TableCommitter(Committer);

impl TableCommitter {
    pub(crate) fn named(table: &Table, user: &str) -> Result<Self> {
        Self::new(table, CommitUser::Named(user.to_owned()))
    }

    pub(crate) fn fresh(table: &Table) -> Result<Self> {
        Self::new(table, CommitUser::Fresh(table.lake.runtime().ids().uuid()))
    }

    fn new(table: &Table, user: CommitUser) -> Result<Self> {
        let parts = CommitTable {
            io: table.entry.file_io_dyn(),
            layout: table.layout.clone(),
            schemas: table.schemas.clone(),
            snapshots: table.snapshots.clone(),
            manifests: table.manifests.clone(),
            snapshot_commit: Arc::clone(&table.entry.snapshot_commit),
            schema: Arc::clone(&table.schema),
        };
        let mut committer = Committer::new(parts, user, table.lake.runtime().clone())?;
        for listener in &table.lake.0.listeners {
            committer = committer.with_listener(Arc::clone(listener));
        }
        Ok(Self(committer))
    }

    /// What would come of this identifier, asked before rows are written for it: `None` if it is free,
    /// [`CommitOutcome::AlreadyCommitted`] if it is used, an error of kind `Conflict` if the user has gone past it.
    pub async fn check(&self, identifier: i64) -> Result<Option<CommitOutcome>> {
        Ok(self.0.check(identifier).await?)
    }

    /// Makes it a snapshot, or tells that it is one already.
    pub async fn commit(&self, prepared: PreparedCommit) -> Result<CommitOutcome> {
        Ok(self.0.commit(prepared).await?)
    }

    /// For a stream that resumes, once, before its first commit: what of `pending` (identifiers ascending) is missing.
    pub async fn filter_committed(&self, pending: Vec<PreparedCommit>) -> Result<Vec<PreparedCommit>> {
        Ok(self.0.filter_committed(pending).await?)
    }

    /// What became of a commit that ended in an ambiguous error. Harmless to ask twice.
    pub async fn resolve(&self, identity: &CommitIdentity) -> Result<Resolution> {
        Ok(self.0.resolve(identity).await?)
    }
}
