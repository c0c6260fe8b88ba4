//! What a commit user has committed so far.
//!
//! Looked up once, walking down from the newest snapshot; from then on only snapshots that are new are looked at, before each
//! attempt. So a commit that a previous life of this user made is found even when it appears in between.

use futures::{StreamExt, TryStreamExt, stream};
use tidelake_meta::{CommitIdentity, CommitKind, Snapshot, SnapshotStore};

use crate::Result;

/// How many new snapshots are read at once.
const READ_AHEAD: usize = 8;

/// A commit of this user's that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) identifier: i64,
    pub(crate) kind: CommitKind,
    pub(crate) snapshot: i64,
}

/// Where an identity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing stands against committing it.
    Free,
    /// It is this snapshot.
    Taken { snapshot: i64 },
    /// The user has moved on to a later identifier, and no kept snapshot carries this one.
    Skipped(Own),
}

#[derive(Debug)]
pub(crate) struct History {
    user: String,
    /// No snapshot older than the first look can be this user's.
    fresh: bool,
    /// All snapshots up to this one are accounted for.
    seen_to: Option<i64>,
    newest: Option<Own>,
}

impl History {
    pub(crate) fn new(user: String, fresh: bool) -> Self {
        Self { user, fresh, seen_to: None, newest: None }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn newest(&self) -> Option<Own> {
        self.newest
    }

    /// Accounts for everything up to `latest`.
    pub(crate) async fn catch_up(&mut self, latest: Option<&Snapshot>, snapshots: &SnapshotStore) -> Result<()> {
        let to = latest.map_or(0, |latest| latest.id);
        match (self.seen_to, latest) {
            (None, Some(_)) if self.fresh => {}
            (_, None) => self.newest = None,
            // The newest went away (rollback), or this is the first look.
            (seen_to, Some(latest)) if seen_to.is_none_or(|seen_to| seen_to > latest.id) => {
                self.newest = match latest.commit_user == self.user {
                    true => Some(own(latest)),
                    false => snapshots.latest_of_user(&self.user, Some(latest.id)).await?.as_ref().map(own),
                };
            }
            (seen_to, Some(latest)) => {
                let from = seen_to.unwrap_or_default() + 1;
                let mut between = stream::iter(from..latest.id).map(|id| snapshots.try_load(id)).buffered(READ_AHEAD);
                let mut newest = self.newest;
                while let Some(snapshot) = between.try_next().await? {
                    newest = snapshot.filter(|snapshot| snapshot.commit_user == self.user).as_ref().map(own).or(newest);
                }
                if latest.id >= from && latest.commit_user == self.user {
                    newest = Some(own(latest));
                }
                self.newest = newest;
            }
        }
        self.seen_to = Some(to);
        Ok(())
    }

    /// This committer made `snapshot`, on top of everything accounted for.
    pub(crate) fn made(&mut self, snapshot: &Snapshot) {
        self.seen_to = Some(snapshot.id);
        self.newest = Some(own(snapshot));
    }

    /// Whether `identity` may be committed on top of what is accounted for.
    pub(crate) async fn standing(&self, identity: &CommitIdentity, snapshots: &SnapshotStore) -> Result<Standing> {
        let compaction = identity.kind == CommitKind::Compact;
        match self.newest {
            Some(newest) if identity.identifier == newest.identifier => {
                // Of the newest identifier the rows may be in and the compaction still missing.
                let half = compaction && newest.kind != CommitKind::Compact;
                Ok(if half { Standing::Free } else { Standing::Taken { snapshot: newest.snapshot } })
            }
            Some(newest) if identity.identifier < newest.identifier => {
                let found = self
                    .find(identity.identifier, newest.snapshot, snapshots, |kind| {
                        compaction == (kind == CommitKind::Compact)
                    })
                    .await?;
                Ok(found.map_or(Standing::Skipped(newest), |found| Standing::Taken { snapshot: found.snapshot }))
            }
            _ => Ok(Standing::Free),
        }
    }

    /// The user's kept snapshot with this identifier at or below `from`; one of a kind that `wanted` names goes first.
    pub(crate) async fn find(
        &self,
        identifier: i64,
        from: i64,
        snapshots: &SnapshotStore,
        wanted: impl Fn(CommitKind) -> bool,
    ) -> Result<Option<Own>> {
        let mut found = None;
        let mut from = Some(from);
        while let Some(at) = from.filter(|at| *at > 0) {
            let Some(snapshot) = snapshots.latest_of_user(&self.user, Some(at)).await? else { break };
            let own = own(&snapshot);
            if own.identifier < identifier {
                break;
            }
            if own.identifier == identifier {
                found = Some(own);
                if wanted(own.kind) {
                    break;
                }
            }
            from = snapshot.id.checked_sub(1);
        }
        Ok(found)
    }
}

fn own(snapshot: &Snapshot) -> Own {
    Own { identifier: snapshot.commit_identifier, kind: snapshot.commit_kind, snapshot: snapshot.id }
}
