//! A piece of reading.

use tidelake_meta::DataFileMeta;
use tidelake_types::PartitionValues;

/// A piece of reading: files of one bucket that must be read together. Plain values: reading it needs no catalog and no
/// snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The snapshot it was planned from.
    pub snapshot_id: i64,
    /// The partition.
    pub partition: PartitionValues,
    /// The bucket.
    pub bucket: i32,
    /// The bucket's folder, relative to the table: `k1=v1/bucket-0`.
    pub bucket_path: String,
    /// How many buckets the partition has, by its first manifest entry. `-1` where they are not fixed.
    pub total_buckets: Option<i32>,
    /// The files: by key range for a key table, by sequence for an append table, as committed for a stream.
    pub files: Vec<DataFileMeta>,
    /// The deletion vector of each file; empty when there is none.
    pub deletions: Vec<Option<DeletionFile>>,
    /// Of an overwrite read as a stream: the files it replaced, shown as `-D`.
    pub before_files: Vec<DataFileMeta>,
    /// The deletion vector of each replaced file; empty when there is none.
    pub before_deletions: Vec<Option<DeletionFile>>,
    /// Changes as stored: concatenated, neither merged nor freed of deletes.
    pub is_streaming: bool,
    /// Files may be read one by one, without merging.
    pub raw_convertible: bool,
}

/// Where a file's deleted positions are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionFile {
    /// The index file, as a URL.
    pub path: String,
    /// Where the vector begins in it, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
    /// How many positions are deleted, where it is recorded.
    pub cardinality: Option<u64>,
}

impl Split {
    /// Rows that reading it gives, where metadata tells: of an append table its rows less the deleted ones. Never of a key
    /// table, for some writers record no deletes where there are some.
    pub fn known_rows(&self) -> Option<u64> {
        if !self.raw_convertible || self.files.iter().any(|file| file.min_key.arity() > 0) {
            return None;
        }
        let mut rows = 0u64;
        for (index, file) in self.files.iter().enumerate() {
            let deleted = match self.deletions.get(index) {
                Some(Some(deletion)) => deletion.cardinality?,
                _ => 0,
            };
            rows += u64::try_from(file.row_count).ok()?.checked_sub(deleted)?;
        }
        Some(rows)
    }

    /// Physical rows in its files.
    pub fn stored_rows(&self) -> u64 {
        self.files.iter().map(|file| file.row_count.max(0) as u64).sum()
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.file_size).sum()
    }
}
