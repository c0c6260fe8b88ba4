//! One file added or taken away: the value and its record in a manifest.

use tidelake_types::BinaryRow;

use crate::{
    DataFileMeta, FileIdentity, FileSource, SimpleStats,
    avro::{Encoder, Fault, Row, Shape, broken},
};

/// Whether an entry adds a file or takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i8)]
pub enum FileKind {
    /// The file is there from this commit on.
    Add = 0,
    /// It is gone from this commit on.
    Delete = 1,
}

/// One file added or taken away (metadata spec 4.4).
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestEntry {
    /// Added or taken away.
    pub kind: FileKind,
    /// The partition's values as stored (not canonical when read from a foreign writer).
    pub partition: BinaryRow,
    /// The bucket.
    pub bucket: i32,
    /// The `bucket` option when the file was written.
    pub total_buckets: i32,
    /// The file.
    pub file: DataFileMeta,
}

impl ManifestEntry {
    /// What a DELETE must repeat to cancel an ADD.
    pub fn identity(&self) -> FileIdentity {
        FileIdentity {
            partition: self.partition.clone(),
            bucket: self.bucket,
            level: self.file.level,
            file_name: self.file.file_name.clone(),
            extra_files: self.file.extra_files.clone(),
            embedded_index: self.file.embedded_index.clone(),
            external_path: self.file.external_path.clone(),
        }
    }

    /// About what this value takes in memory.
    pub(super) fn memory_bytes(&self) -> u64 {
        (size_of::<Self>() - size_of::<DataFileMeta>() + self.partition.bytes().len()) as u64 + self.file.memory_bytes()
    }
}

/// The `_VERSION` that manifests and their lists carry. Version 1 ended with release 0.4.
pub(super) const VERSION: i64 = 2;

/// Of statistics, wherever they stand.
pub(super) static STATS: Shape = Shape(&[("_MIN_VALUES", None), ("_MAX_VALUES", None), ("_NULL_COUNTS", None)]);

pub(super) static ENTRY: Shape = Shape(&[
    ("_VERSION", None),
    ("_KIND", None),
    ("_PARTITION", None),
    ("_BUCKET", None),
    ("_TOTAL_BUCKETS", None),
    ("_FILE", Some(&FILE)),
]);

/// Values 5 and on of [`ENTRY`].
static FILE: Shape = Shape(&[
    ("_FILE_NAME", None),
    ("_FILE_SIZE", None),
    ("_ROW_COUNT", None),
    ("_MIN_KEY", None),
    ("_MAX_KEY", None),
    ("_KEY_STATS", Some(&STATS)),
    ("_VALUE_STATS", Some(&STATS)),
    ("_MIN_SEQUENCE_NUMBER", None),
    ("_MAX_SEQUENCE_NUMBER", None),
    ("_SCHEMA_ID", None),
    ("_LEVEL", None),
    ("_EXTRA_FILES", None),
    ("_CREATION_TIME", None),
    ("_DELETE_ROW_COUNT", None),
    ("_EMBEDDED_FILE_INDEX", None),
    ("_FILE_SOURCE", None),
    ("_VALUE_STATS_COLS", None),
    ("_EXTERNAL_PATH", None),
    ("_FIRST_ROW_ID", None),
    ("_WRITE_COLS", None),
    ("_WRITE_COLS_SEQUENCES", None),
]);

pub(super) fn read_entry(row: &mut Row<'_>) -> Result<ManifestEntry, Fault> {
    check_version(row)?;
    Ok(ManifestEntry {
        kind: match row.int(1)? {
            0 => FileKind::Add,
            1 => FileKind::Delete,
            other => return broken(format!("`_KIND` is {other}")),
        },
        partition: binary_row(row.bytes(2)?)?,
        bucket: row.int(3)?,
        total_buckets: row.int(4)?,
        file: DataFileMeta {
            file_name: row.string(5)?,
            file_size: row.size(6)?,
            row_count: row.size(7)? as i64,
            min_key: binary_row(row.bytes(8)?)?,
            max_key: binary_row(row.bytes(9)?)?,
            key_stats: read_stats(row, 10)?,
            value_stats: read_stats(row, 13)?,
            min_sequence_number: row.long(16)?,
            max_sequence_number: row.long(17)?,
            schema_id: row.long(18)?,
            level: row.int(19)?,
            extra_files: row.opt_strings(20)?.unwrap_or_default(),
            creation_time_ms: row.opt_long(21)?,
            delete_row_count: row.opt_long(22)?,
            embedded_index: row.opt_bytes(23)?.map(<[u8]>::to_vec),
            file_source: match row.opt_int(24)? {
                None => None,
                Some(0) => Some(FileSource::Append),
                Some(1) => Some(FileSource::Compact),
                Some(other) => return broken(format!("`_FILE_SOURCE` is {other}")),
            },
            value_stats_cols: row.opt_strings(25)?,
            external_path: row.opt_string(26)?,
            first_row_id: row.opt_long(27)?,
            write_cols: row.opt_strings(28)?,
            write_cols_sequences: row.opt_longs(29)?,
        },
    })
}

pub(super) fn check_version(row: &Row<'_>) -> Result<(), Fault> {
    match row.long(0)? {
        VERSION => Ok(()),
        1 => Err(Fault::Unsupported("it was written before release 0.4: create the table anew".to_owned())),
        other => broken(format!("`_VERSION` is {other}")),
    }
}

pub(super) fn read_stats(row: &Row<'_>, first: usize) -> Result<SimpleStats, Fault> {
    Ok(SimpleStats {
        min_values: binary_row(row.bytes(first)?)?,
        max_values: binary_row(row.bytes(first + 1)?)?,
        null_counts: row.opt_nullable_longs(first + 2)?,
    })
}

fn binary_row(bytes: &[u8]) -> Result<BinaryRow, Fault> {
    BinaryRow::from_serialized(bytes).map_err(|error| Fault::Broken(error.to_string()))
}

/// `late`: the schema has `_WRITE_COLS_SEQUENCES`.
pub(super) fn write_entry(out: &mut Encoder, entry: &ManifestEntry, late: bool) {
    out.long(VERSION);
    out.int(entry.kind as i32);
    out.bytes(&entry.partition.to_serialized());
    out.int(entry.bucket);
    out.int(entry.total_buckets);
    let file = &entry.file;
    out.string(&file.file_name);
    out.long(file.file_size as i64);
    out.long(file.row_count);
    out.bytes(&file.min_key.to_serialized());
    out.bytes(&file.max_key.to_serialized());
    write_stats(out, &file.key_stats);
    write_stats(out, &file.value_stats);
    out.long(file.min_sequence_number);
    out.long(file.max_sequence_number);
    out.long(file.schema_id);
    out.int(file.level);
    write_strings(out, &file.extra_files);
    out.optional(file.creation_time_ms, Encoder::long);
    out.optional(file.delete_row_count, Encoder::long);
    out.optional(file.embedded_index.as_deref(), Encoder::bytes);
    out.optional(file.file_source, |out, source| out.int(source as i32));
    out.optional(file.value_stats_cols.as_deref(), write_strings);
    out.optional(file.external_path.as_deref(), Encoder::string);
    out.optional(file.first_row_id, Encoder::long);
    out.optional(file.write_cols.as_deref(), write_strings);
    if late {
        out.optional(file.write_cols_sequences.as_deref(), |out, list| out.array(list, |out, item| out.long(*item)));
    }
}

pub(super) fn write_stats(out: &mut Encoder, stats: &SimpleStats) {
    out.bytes(&stats.min_values.to_serialized());
    out.bytes(&stats.max_values.to_serialized());
    out.optional(stats.null_counts.as_deref(), |out, counts| {
        out.array(counts, |out, count| out.optional(*count, Encoder::long))
    });
}

pub(super) fn write_strings(out: &mut Encoder, strings: &[String]) {
    out.array(strings, |out, string| out.string(string));
}
