//! Publishing a snapshot until it is decided.
//!
//! ```text
//!             ┌──────────────────────────────────────────────┐
//!             ▼                                              │ wait
//!   N + 1 there? ──no──▶ publish the same bytes as N ──unknown─┘
//!        │ yes               │ ours        │ another's
//!        ▼                   ▼             ▼
//!   N was decided:       base there?     lost
//!   by its bytes, and        │ yes ─▶ committed
//!   by what N + 1            │ no
//!   is built on  ◀───────────┘
//! ```
//!
//! While a request of ours may still land as N, N + 1 is never tried: both could take effect.
//!
//! **N may have come and gone** between the look at the base and our request: others committed it, and it expired. Then ours
//! takes effect, and nothing is built on it. Expiry takes the oldest first, so as long as the base is there, N was never
//! there before. Otherwise the snapshots above tell; if they know nothing of ours, it is taken away again and was never in.

use std::time::Duration;

use indexmap::IndexSet;
use tidelake_error::Classify;
use tidelake_meta::{FileKind, ManifestEntry, ManifestFileMeta, Snapshot, live_entries};

use crate::{
    CommitTable, Error, Published, Result, SnapshotPublication, backoff::Backoff, committer::Deadline,
    error::OutcomeUnknownSnafu,
};

/// After so long between reading the base and publishing, N may have come and gone: looked at like a repetition.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Committed,
    LostRace,
}

/// A publication and what proves it once its own file has expired.
#[derive(Debug)]
pub(crate) struct Open<'c> {
    pub(crate) publication: &'c SnapshotPublication,
    /// The manifests of our delta.
    pub(crate) delta: &'c [ManifestFileMeta],
    /// Our changes.
    pub(crate) changes: &'c [ManifestEntry],
}

impl Open<'_> {
    /// Publishes, again and again if need be. An error that is not ambiguous means: not committed, and never will be.
    pub(crate) async fn decide(
        &self,
        table: &CommitTable,
        deadline: &Deadline<'_>,
        base_read_ns: u64,
    ) -> Result<Decision> {
        let runtime = deadline.runtime;
        let mut backoff = deadline.storage_backoff();
        let mut look_first = deadline.since_ns(base_read_ns) > STALE_AFTER;
        // Whether a request of ours may have taken effect, or may still.
        let mut pending = false;
        loop {
            let mut last = None;
            if look_first && !runtime.canary("commit.publish-without-probe") {
                match self.successor_decides(table, pending).await {
                    Ok(Some(decision)) => return Ok(decision),
                    Ok(None) => {}
                    Err(error @ Error::OutcomeUnknown { .. }) => return Err(error),
                    Err(error) => last = Some(error),
                }
            }
            if last.is_none() {
                match table.snapshot_commit.publish(self.publication).await {
                    Ok(Published::Committed) if runtime.canary("commit.publish-without-probe") => {
                        return Ok(Decision::Committed);
                    }
                    Ok(Published::Committed) => match self.confirmed(table).await {
                        Ok(decision) => return Ok(decision),
                        Err(error @ Error::OutcomeUnknown { .. }) => return Err(error),
                        Err(error) => {
                            pending = true;
                            last = Some(error);
                        }
                    },
                    Ok(Published::LostRace) => return Ok(Decision::LostRace),
                    Ok(Published::Unknown) => pending = true,
                    Err(error) => {
                        pending |= error.may_have_taken_effect();
                        if !pending && !error.is_retryable() {
                            return Err(error);
                        }
                        last = Some(error);
                    }
                }
            }
            look_first = true;
            if deadline.passed() {
                return match last {
                    Some(error) if !pending => Err(error),
                    last => self.unknown(table, deadline, last.as_ref()),
                };
            }
            self.wait(&mut backoff, deadline).await;
        }
    }

    async fn wait(&self, backoff: &mut Backoff, deadline: &Deadline<'_>) {
        let wait = backoff.next(deadline.runtime.ids().random_u64());
        deadline.runtime.clock().sleep(wait.min(deadline.left())).await;
    }

    /// N is ours: whether it counts.
    async fn confirmed(&self, table: &CommitTable) -> Result<Decision> {
        let id = self.publication.snapshot.id;
        if id > 1 && table.snapshots.exists(id - 1).await? {
            return Ok(Decision::Committed);
        }
        let Some(successor) = self.successor(table).await? else { return Ok(Decision::Committed) };
        let decision = self.judge_by(&successor, table).await?;
        if decision == Decision::LostRace {
            table.io.delete(&table.layout.snapshot(id)?).await?;
        }
        Ok(decision)
    }

    /// A snapshot above N: the next one, or the newest if that has come and gone.
    async fn successor(&self, table: &CommitTable) -> Result<Option<Snapshot>> {
        let id = self.publication.snapshot.id;
        match table.snapshots.try_load(id + 1).await? {
            Some(successor) => Ok(Some(successor)),
            None => Ok(table.snapshots.latest().await?.filter(|latest| latest.id > id)),
        }
    }

    /// What is known of N if anything above it exists; `None`: nothing does, N is open.
    /// What no request of ours can have made is lost without a look.
    async fn successor_decides(&self, table: &CommitTable, pending: bool) -> Result<Option<Decision>> {
        let id = self.publication.snapshot.id;
        let Some(successor) = self.successor(table).await? else { return Ok(None) };
        if !pending {
            return Ok(Some(Decision::LostRace));
        }
        match table.snapshots.read_bytes(id).await? {
            Some(bytes) if bytes == self.publication.bytes => {
                table.io.sync(&[table.layout.snapshot(id)?]).await?;
                self.confirmed(table).await.map(Some)
            }
            Some(_) => Ok(Some(Decision::LostRace)),
            None => self.judge_by(&successor, table).await.map(Some),
        }
    }

    /// A snapshot above N tells whether N was ours: its base is made of all up to the one below it.
    async fn judge_by(&self, successor: &Snapshot, table: &CommitTable) -> Result<Decision> {
        let list = table.manifests.read_list(&successor.base_manifest_list, successor.base_manifest_list_size).await?;
        let ours: IndexSet<&str> = self.delta.iter().map(|manifest| manifest.file_name.as_str()).collect();
        if list.iter().any(|manifest| ours.contains(manifest.file_name.as_str())) {
            return Ok(Decision::Committed);
        }
        // Merged, perhaps: then the files themselves are there.
        let files: IndexSet<_> =
            self.changes.iter().filter(|entry| entry.kind == FileKind::Add).map(ManifestEntry::identity).collect();
        for manifest in list.iter().filter(|manifest| manifest.num_added_files > 0 && !files.is_empty()) {
            let entries = table.manifests.read_manifest(manifest).await?;
            if entries.iter().any(|entry| entry.kind == FileKind::Add && files.contains(&entry.identity())) {
                return Ok(Decision::Committed);
            }
        }
        // Directly above N nothing of N can be missing, nothing that N took away can be there. Further up, our files may have
        // been compacted away since.
        let directly_above = successor.id == self.publication.snapshot.id + 1;
        if directly_above && (!files.is_empty() || self.deleted_is_alive(&list, table).await?) {
            return Ok(Decision::LostRace);
        }
        self.unknown_after(table, 0, None)
    }

    /// Whether a file that our changes delete is alive after these manifests.
    async fn deleted_is_alive(&self, list: &[ManifestFileMeta], table: &CommitTable) -> Result<bool> {
        let deleted: IndexSet<_> =
            self.changes.iter().filter(|entry| entry.kind == FileKind::Delete).map(ManifestEntry::identity).collect();
        let mut entries = Vec::new();
        for manifest in list.iter().filter(|_| !deleted.is_empty()) {
            entries.extend(table.manifests.read_manifest(manifest).await?.iter().cloned());
        }
        Ok(live_entries(entries).iter().any(|entry| deleted.contains(&entry.identity())))
    }

    fn unknown(&self, table: &CommitTable, deadline: &Deadline<'_>, last: Option<&Error>) -> Result<Decision> {
        self.unknown_after(table, deadline.waited_ms(), last)
    }

    fn unknown_after(&self, table: &CommitTable, waited_ms: u64, last: Option<&Error>) -> Result<Decision> {
        let identity = &self.publication.identity;
        OutcomeUnknownSnafu {
            table: table.layout.root().to_string(),
            user: &identity.user,
            identifier: identity.identifier,
            candidate_ids: vec![self.publication.snapshot.id],
            waited_ms,
            last: last.map(ToString::to_string),
        }
        .fail()
    }
}
