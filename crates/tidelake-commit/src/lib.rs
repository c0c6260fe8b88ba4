//! Which snapshots exist: the commit protocol.
//!
//! A writer ends in values, [`CommitMessage`](tidelake_meta::CommitMessage)s. A [`Committer`] turns them into the next
//! snapshot of a table, exactly once, whatever the storage answers and whoever else commits at the same time. The last
//! step, making `snapshot-N` exist, is a [`SnapshotCommit`]: [`PublishSnapshotCommit`] on storage that can create a file
//! exclusively, the catalog's own where a catalog commits.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use tidelake_commit::{CommitOutcome, CommitTable, CommitUser, Committer, PreparedCommit};
//! # async fn example(table: CommitTable, runtime: tidelake_runtime::Runtime, messages: Vec<tidelake_meta::CommitMessage>)
//! # -> tidelake_commit::Result<()> {
//! let committer = Committer::new(table, CommitUser::Named("loader".into()), runtime)?;
//! let prepared = PreparedCommit { identifier: 7, messages, ..PreparedCommit::default() };
//! match committer.commit(prepared).await? {
//!     CommitOutcome::Committed { append, .. } => println!("snapshot {append:?}"),
//!     CommitOutcome::AlreadyCommitted { snapshot, .. } => println!("it was snapshot {snapshot}"),
//!     CommitOutcome::Empty => {}
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The protocol
//!
//! 1. Look for this user's newest snapshot: an identifier that is taken is not committed again.
//! 2. Read the latest snapshot, the *base*; check the changes against the files alive in it ([`conflict`]).
//! 3. Write manifests and their lists ([`merge`]), freeze the bytes of snapshot N = base + 1, sync all new files at once.
//! 4. Publish. While the answer is unknown, publish *the same bytes under the same number* again; before each repetition
//!    look whether N + 1 exists: then N was decided, perhaps even expired, and the successor tells how.
//! 5. Lost the race: take away what only this attempt wrote, wait a jittered moment, start over. Past the deadline with the
//!    answer unknown: an ambiguous error, and nothing is taken away.
//! 6. Hints last; they are guesses for readers.
//!
//! **Invariant.** A commit never deletes a data file, and never a manifest of a snapshot that did or may yet exist. Only
//! expiry ([`SnapshotExpiry`]) does, of snapshots whose own files are gone before.

mod attempt;
mod backoff;
mod committer;
pub mod conflict;
mod create;
mod error;
mod expire;
mod history;
mod listener;
pub mod merge;
mod options;
mod outcome;
mod overwrite;
mod prepared;
mod publication;
mod snapshot_commit;
mod staged;

pub use committer::{CommitTable, CommitUser, Committer};
pub use conflict::Conflict;
pub use create::{create_table, publish_schema};
pub use error::{Error, Result, Source};
pub use expire::{ExpireOutcome, Retention, SnapshotExpiry, delete_tag};
pub use listener::CommitListener;
pub use options::*;
pub use outcome::{CommitOutcome, Resolution};
pub use overwrite::{DYNAMIC_PARTITION_OVERWRITE, Overwrite};
pub use prepared::PreparedCommit;
pub use snapshot_commit::{PublishSnapshotCommit, Published, SnapshotCommit, SnapshotPublication};
