//! The table at one commit.
use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use tidelake_io::FileIO;

use crate::{Result, TableLayout};

/// The table at one commit: a file `snapshot/snapshot-N`. Members absent in the file are `None`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the JSON member of its name, metadata spec 3.1")]
pub struct Snapshot {
    pub version: i32,
    pub uuid: Option<String>,
    pub id: i64,
    pub schema_id: i64,
    pub base_manifest_list: String,
    pub base_manifest_list_size: Option<u64>,
    pub delta_manifest_list: String,
    pub delta_manifest_list_size: Option<u64>,
    pub changelog_manifest_list: Option<String>,
    pub changelog_manifest_list_size: Option<u64>,
    pub index_manifest: Option<String>,
    pub commit_user: String,
    pub writer_version: Option<String>,
    pub commit_identifier: i64,
    pub commit_kind: CommitKind,
    pub time_ms: i64,
    /// Absent in very old files.
    pub total_record_count: Option<i64>,
    pub delta_record_count: Option<i64>,
    pub changelog_record_count: Option<i64>,
    pub watermark: Option<i64>,
    pub statistics: Option<String>,
    pub properties: Option<BTreeMap<String, String>>,
    pub next_row_id: Option<i64>,
    pub operation: Option<String>,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitKind {
    /// New files only.
    Append,
    /// Files rewritten, rows unchanged.
    Compact,
    /// Files replaced.
    Overwrite,
    /// Statistics.
    Analyze,
}

/// Who commits what. A snapshot that carries it proves the commit; at most one ever does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommitIdentity {
    /// Stable for the life of a job.
    pub user: String,
    /// Ascending for a user; `i64::MAX` for batch commits.
    pub identifier: i64,
    /// Rows and their compaction are two snapshots.
    pub kind: CommitKind,
}

impl CommitKind {
    /// `APPEND`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Append => "APPEND",
            Self::Compact => "COMPACT",
            Self::Overwrite => "OVERWRITE",
            Self::Analyze => "ANALYZE",
        }
    }
    /// From `APPEND`, …
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Append, Self::Compact, Self::Overwrite, Self::Analyze].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Snapshot {
    /// From the bytes of a snapshot or tag file; `path` is for errors. Unknown members are ignored.
    pub fn from_json(_bytes: &[u8], _path: &str) -> Result<Self> {
        todo!()
    }
    /// The bytes of a snapshot file: members in Java's order, absent ones omitted.
    pub fn to_json(&self) -> Bytes {
        todo!()
    }
    /// Who committed it.
    pub fn identity(&self) -> CommitIdentity {
        CommitIdentity { user: self.commit_user.clone(), identifier: self.commit_identifier, kind: self.commit_kind }
    }
}

/// Finds and reads snapshots. Hints are guesses: the newest is found by probing from the hint, else by listing (spec 3.5).
#[derive(Debug, Clone)]
pub struct SnapshotStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

impl SnapshotStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }
    /// A snapshot by number; `NoSnapshot` if it is not there.
    pub async fn load(&self, _id: i64) -> Result<Snapshot> {
        let _ = (&self.io, &self.layout);
        todo!()
    }
    /// As [`Self::load`], with `None` instead of an error.
    pub async fn try_load(&self, _id: i64) -> Result<Option<Snapshot>> {
        todo!()
    }
    /// The bytes of a snapshot's file as they are.
    pub async fn read_bytes(&self, _id: i64) -> Result<Option<Bytes>> {
        todo!()
    }
    /// The newest number, `None` for an empty table.
    pub async fn latest_id(&self) -> Result<Option<i64>> {
        todo!()
    }
    /// The newest snapshot.
    pub async fn latest(&self) -> Result<Option<Snapshot>> {
        todo!()
    }
    /// The oldest number of the contiguous run that ends in the newest (zombies below it are ignored).
    pub async fn earliest_id(&self) -> Result<Option<i64>> {
        todo!()
    }
    /// All numbers, ascending, by listing.
    pub async fn list_ids(&self) -> Result<Vec<i64>> {
        todo!()
    }
    /// The newest snapshot with `time_ms <= at_ms`, by binary search.
    pub async fn at_or_before(&self, _at_ms: i64) -> Result<Option<Snapshot>> {
        todo!()
    }
    /// The oldest snapshot with `time_ms >= at_ms`.
    pub async fn at_or_after(&self, _at_ms: i64) -> Result<Option<Snapshot>> {
        todo!()
    }
    /// The newest snapshot of a user at or below `from` (the newest if `None`), walking down.
    pub async fn latest_of_user(&self, _user: &str, _from: Option<i64>) -> Result<Option<Snapshot>> {
        todo!()
    }
    /// Writes the hint `LATEST`, and `EARLIEST` where it is missing and `earliest` is given. Best effort: errors are returned, callers may drop them.
    pub async fn write_hints(&self, _latest: i64, _earliest: Option<i64>) -> Result<()> {
        todo!()
    }
}
