//! What a writer hands over to the committer.

use tidelake_types::PartitionValues;

use crate::DataFileMeta;

/// All changes of one bucket: plain values, made by a writer, turned into a snapshot by a committer only.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitMessage {
    /// The partition.
    pub partition: PartitionValues,
    /// The bucket.
    pub bucket: i32,
    /// The `bucket` option of the writer.
    pub total_buckets: i32,
    /// The changes.
    pub increment: BucketIncrement,
}

/// Changes of a bucket since the last hand-over: first the rows, then what compaction made of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BucketIncrement {
    /// Files with new rows.
    pub append: FileChanges,
    /// Files rewritten.
    pub compact: FileChanges,
}

/// Files added, taken away, and the changelog of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileChanges {
    /// New files.
    pub added: Vec<DataFileMeta>,
    /// Files that no longer count.
    pub removed: Vec<DataFileMeta>,
    /// Changelog files.
    pub changelog: Vec<DataFileMeta>,
}

impl FileChanges {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changelog.is_empty()
    }
}

impl BucketIncrement {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.append.is_empty() && self.compact.is_empty()
    }
}
