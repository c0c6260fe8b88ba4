//! Commits under a user's name.

use std::sync::Arc;

use tidelake_commit::{
    CommitOutcome, CommitTable, CommitUser, Committer, ExpireOutcome, PreparedCommit, Resolution, Retention,
    SnapshotExpiry,
};
use tidelake_meta::{CommitIdentity, WRITE_ONLY};

use crate::{Result, Table};

/// Makes prepared commits snapshots of a table, each exactly once. After each of them old snapshots expire, as the options
/// of the table say, unless it is `write-only`.
#[derive(Debug)]
pub struct TableCommitter {
    committer: Committer,
    table: Table,
}

impl TableCommitter {
    pub(crate) fn named(table: &Table, user: &str) -> Result<Self> {
        Self::new(table, CommitUser::Named(user.to_owned()))
    }

    pub(crate) fn fresh(table: &Table) -> Result<Self> {
        Self::new(table, CommitUser::Fresh(table.lake.runtime().ids().uuid()))
    }

    fn new(table: &Table, user: CommitUser) -> Result<Self> {
        let mut committer = Committer::new(Self::parts(table), user, table.lake.runtime().clone())?;
        for listener in &table.lake.0.listeners {
            committer = committer.with_listener(Arc::clone(listener));
        }
        Ok(Self { committer, table: table.clone() })
    }

    pub(crate) fn parts(table: &Table) -> CommitTable {
        CommitTable {
            io: table.entry.file_io_dyn(),
            layout: table.layout.clone(),
            schemas: table.schemas.clone(),
            snapshots: table.snapshots.clone(),
            manifests: table.manifests.clone(),
            snapshot_commit: Arc::clone(&table.entry.snapshot_commit),
            schema: Arc::clone(&table.schema),
        }
    }

    /// What would come of this identifier, asked before rows are written for it: `None` if it is free,
    /// [`CommitOutcome::AlreadyCommitted`] if it is used, an error of kind `Conflict` if the user has gone past it.
    pub async fn check(&self, identifier: i64) -> Result<Option<CommitOutcome>> {
        Ok(self.committer.check(identifier).await?)
    }

    /// Makes it a snapshot, or tells that it is one already. An expiry that fails afterwards is told like a listener that
    /// does.
    pub async fn commit(&self, prepared: PreparedCommit) -> Result<CommitOutcome> {
        let mut outcome = self.committer.commit(prepared).await?;
        if let CommitOutcome::Committed { append, compact, listener_failures, .. } = &mut outcome
            && let Some(latest) = compact.or(*append)
        {
            match self.expire(latest).await {
                Ok(ExpireOutcome { left_behind: 0, .. }) => {}
                Ok(ExpireOutcome { left_behind, .. }) => {
                    listener_failures.push(format!("expiry of snapshots: {left_behind} files could not be deleted"));
                }
                Err(error) => listener_failures.push(format!("expiry of snapshots: {error}")),
            }
        }
        Ok(outcome)
    }

    async fn expire(&self, latest: i64) -> Result<ExpireOutcome> {
        let options = &self.table.schema.options;
        if options.get(&WRITE_ONLY)? {
            return Ok(ExpireOutcome::default());
        }
        let retention = Retention::from_options(options, self.table.lake.runtime().clock().now_ms())?;
        Ok(SnapshotExpiry::new(Self::parts(&self.table), retention).in_passing(latest).run().await?)
    }

    /// For a stream that resumes, once, before its first commit: what of `pending` (identifiers ascending) is missing.
    pub async fn filter_committed(&self, pending: Vec<PreparedCommit>) -> Result<Vec<PreparedCommit>> {
        Ok(self.committer.filter_committed(pending).await?)
    }

    /// What became of a commit that ended in an ambiguous error. Harmless to ask twice.
    pub async fn resolve(&self, identity: &CommitIdentity) -> Result<Resolution> {
        Ok(self.committer.resolve(identity).await?)
    }
}
