//! What is asked of a plan, and what it answers.

use std::sync::Arc;

use tidelake_expr::Predicate;
use tidelake_meta::{Snapshot, TableSchema};

use crate::{ReadFrom, Split};

/// What to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanRequest {
    /// Which snapshot.
    pub read_from: ReadFrom,
    /// The columns wanted; `None` for all. Planning needs it only to tell what will be read.
    pub projection: Option<Vec<String>>,
    /// Rows that fail it are not wanted. Its fields are those of the schema that is read ([`ReadPoint::schema`]).
    pub predicate: Option<Predicate>,
    /// So many rows are enough. More may come.
    pub limit: Option<u64>,
}

/// Which snapshot a read is of, and which schema its rows have.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPoint {
    /// The snapshot; `None` for a table without any.
    pub snapshot: Option<Snapshot>,
    /// The latest schema; for time travel the columns of the snapshot's own schema, with the latest options.
    pub schema: Arc<TableSchema>,
}

/// All splits of one read.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The snapshot that was planned; `None` for a table without any.
    pub snapshot_id: Option<i64>,
    /// The schema that rows are read in.
    pub schema: Arc<TableSchema>,
    /// By bucket path; of one bucket in the order in which they were packed.
    pub splits: Vec<Split>,
    /// What is known of all rows together.
    pub statistics: PlanStatistics,
    /// For each conjunct of the predicate (`Predicate::conjuncts`), in order.
    pub filters: Vec<FilterUse>,
    /// Why data files of the partitions wanted are not read. Known for reads of one snapshot.
    pub skipped: SkippedFiles,
}

/// Data files that are alive in partitions that are wanted and are not read, by the first reason found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkippedFiles {
    /// No key that is wanted has their bucket.
    pub by_bucket: usize,
    /// No key that is wanted lies in their range of keys.
    pub by_key: usize,
    /// The statistics of their values, or of those of their whole bucket, say that no row is wanted.
    pub by_value: usize,
}

/// How a plan used a conjunct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterUse {
    /// No row that fails it comes back.
    Exact,
    /// Files were skipped by it; test the rows again.
    Inexact,
    /// It was not used; test the rows.
    Unused,
}

/// A figure, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Exactly this.
    Exact(u64),
    /// At most this.
    AtMost(u64),
}

/// What is known of all rows of a plan together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStatistics {
    /// Rows that come back, before the predicate is tested again.
    pub rows: Known,
    /// Bytes of the data files.
    pub bytes: u64,
    /// Data files.
    pub num_files: usize,
    /// Data files that were alive and skipped.
    pub num_files_skipped: usize,
}

impl PlanStatistics {
    /// Of these splits; `skipped` files were left out.
    pub(crate) fn of(splits: &[Split], skipped: usize) -> Self {
        let known: Option<u64> = splits.iter().map(Split::known_rows).sum();
        Self {
            rows: match known {
                Some(rows) => Known::Exact(rows),
                None => Known::AtMost(splits.iter().map(Split::stored_rows).sum()),
            },
            bytes: splits.iter().map(Split::bytes).sum(),
            num_files: splits.iter().map(|split| split.files.len()).sum(),
            num_files_skipped: skipped,
        }
    }
}
