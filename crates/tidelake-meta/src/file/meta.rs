//! A data file, as a manifest describes it, and what tells it from others.

use tidelake_types::BinaryRow;

use crate::SimpleStats;

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

impl DataFileMeta {
    /// Rows that add or update: all but the deletes. `None` where the writer did not count them.
    pub fn add_row_count(&self) -> Option<i64> {
        self.delete_row_count.map(|deletes| self.row_count - deletes)
    }

    /// About what this value takes in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let texts = |list: &[String]| list.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        let stats = |stats: &SimpleStats| {
            stats.min_values.bytes().len()
                + stats.max_values.bytes().len()
                + stats.null_counts.as_ref().map_or(0, |counts| 16 * counts.len())
        };
        let bytes = size_of::<Self>()
            + self.file_name.len()
            + self.min_key.bytes().len()
            + self.max_key.bytes().len()
            + stats(&self.key_stats)
            + stats(&self.value_stats)
            + texts(&self.extra_files)
            + self.embedded_index.as_ref().map_or(0, Vec::len)
            + self.external_path.as_ref().map_or(0, String::len)
            + [&self.value_stats_cols, &self.write_cols]
                .iter()
                .map(|list| list.as_deref().map_or(0, texts))
                .sum::<usize>()
            + self.write_cols_sequences.as_ref().map_or(0, |list| 8 * list.len());
        bytes as u64
    }
}
