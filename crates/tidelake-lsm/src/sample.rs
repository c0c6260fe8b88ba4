//! Metas of files that are not there, for unit tests.

use tidelake_meta::{DataFileMeta, FileSource, SimpleStats};
use tidelake_types::{BinaryRow, DataType, Scalar, TypeKind};

/// The key of the files: one INT.
pub(crate) fn key_types() -> Vec<DataType> {
    vec![TypeKind::Int.not_null()]
}

/// A file of so many bytes with keys from, to. Without deletes.
pub(crate) fn file(name: &str, level: i32, bytes: u64, keys: (i32, i32)) -> DataFileMeta {
    let key = |key: i32| BinaryRow::from_scalars(&key_types(), &[Some(Scalar::Int(key))]).unwrap();
    DataFileMeta {
        file_name: name.to_owned(),
        file_size: bytes,
        row_count: 1,
        min_key: key(keys.0),
        max_key: key(keys.1),
        key_stats: SimpleStats::empty(),
        value_stats: SimpleStats::empty(),
        min_sequence_number: 0,
        max_sequence_number: 0,
        schema_id: 0,
        level,
        extra_files: Vec::new(),
        creation_time_ms: None,
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
