//! Descriptions of data files without the files.

use tidelake_meta::{DataFileMeta, FileSource, SimpleStats};
use tidelake_types::BinaryRow;

/// A level-0 file of `row_count` rows, keys and statistics empty. Change what matters: `DataFileMeta { level: 1, ..data_file("a", 3) }`.
pub fn data_file(file_name: impl Into<String>, row_count: i64) -> DataFileMeta {
    DataFileMeta {
        file_name: file_name.into(),
        file_size: 1000,
        row_count,
        min_key: BinaryRow::empty(),
        max_key: BinaryRow::empty(),
        key_stats: SimpleStats::empty(),
        value_stats: SimpleStats::empty(),
        min_sequence_number: 0,
        max_sequence_number: row_count.saturating_sub(1),
        schema_id: 0,
        level: 0,
        extra_files: Vec::new(),
        creation_time_ms: Some(0),
        delete_row_count: Some(0),
        embedded_index: None,
        file_source: Some(FileSource::Append),
        value_stats_cols: None,
        external_path: None,
        first_row_id: None,
        write_cols: None,
        write_cols_sequences: None,
    }
}
