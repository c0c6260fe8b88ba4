//! Data files, as metadata describes them.
use tidelake_types::{BinaryRow, DataType};

use crate::Result;

/// A data file, as a manifest describes it (metadata spec 4.5).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the Avro field of its name")]
pub struct DataFileMeta {
    pub file_name: String,
    pub file_size: u64,
    pub row_count: i64,
    pub min_key: BinaryRow,
    pub max_key: BinaryRow,
    pub key_stats: SimpleStats,
    pub value_stats: SimpleStats,
    pub min_sequence_number: i64,
    pub max_sequence_number: i64,
    pub schema_id: i64,
    pub level: i32,
    pub extra_files: Vec<String>,
    /// Wall-clock milliseconds of the writer, as if local time were UTC.
    pub creation_time_ms: Option<i64>,
    pub delete_row_count: Option<i64>,
    pub embedded_index: Option<Vec<u8>>,
    pub file_source: Option<FileSource>,
    pub value_stats_cols: Option<Vec<String>>,
    pub external_path: Option<String>,
    pub first_row_id: Option<i64>,
    pub write_cols: Option<Vec<String>>,
    pub write_cols_sequences: Option<Vec<i64>>,
}

/// Who made a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum FileSource {
    /// A writer.
    Append = 0,
    /// A compaction.
    Compact = 1,
}

/// Bounds and null counts of some columns, as stored (metadata spec 5.3): rows of the covered columns, all nullable.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleStats {
    /// Lower bounds.
    pub min_values: BinaryRow,
    /// Upper bounds.
    pub max_values: BinaryRow,
    /// One for each covered column; `None` where unknown. The whole may be absent in files of foreign writers.
    pub null_counts: Option<Vec<Option<i64>>>,
}

/// What tells files apart: a DELETE repeats it exactly (metadata spec 4.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is a member of the entry")]
pub struct FileIdentity {
    pub partition: BinaryRow,
    pub bucket: i32,
    pub level: i32,
    pub file_name: String,
    pub extra_files: Vec<String>,
    pub embedded_index: Option<Vec<u8>>,
    pub external_path: Option<String>,
}

impl SimpleStats {
    /// Of no columns.
    pub fn empty() -> Self {
        Self { min_values: BinaryRow::empty(), max_values: BinaryRow::empty(), null_counts: Some(Vec::new()) }
    }
}

/// Files of one bucket grouped into sections whose key ranges do not overlap, each section split into the least number of
/// sorted runs (data spec 2.1, "IntervalPartition"). Files keep their values; sections ascend by key.
pub fn sections(_files: Vec<DataFileMeta>, _key_types: &[DataType]) -> Result<Vec<Vec<Vec<DataFileMeta>>>> {
    todo!()
}
