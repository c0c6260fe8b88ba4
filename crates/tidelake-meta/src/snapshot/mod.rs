//! The table at one commit.

mod json;
mod store;

use std::collections::BTreeMap;

pub use store::SnapshotStore;

pub(crate) use json::Members;

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
    /// Who committed it.
    pub fn identity(&self) -> CommitIdentity {
        CommitIdentity { user: self.commit_user.clone(), identifier: self.commit_identifier, kind: self.commit_kind }
    }
}
