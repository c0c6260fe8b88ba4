//! A manifest as its list describes it: the value and its record.

use crate::{
    SimpleStats,
    avro::{Encoder, Fault, Row, Shape},
};

use super::entry::{STATS, VERSION, check_version, read_stats, write_stats, write_strings};

/// A manifest, as its list describes it (metadata spec 4.3). `None` in 8 to 15: unknown, do not prune by it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the Avro field of its name")]
pub struct ManifestFileMeta {
    pub file_name: String,
    pub file_size: u64,
    pub num_added_files: i64,
    pub num_deleted_files: i64,
    pub partition_stats: SimpleStats,
    pub schema_id: i64,
    pub min_bucket: Option<i32>,
    pub max_bucket: Option<i32>,
    pub min_level: Option<i32>,
    pub max_level: Option<i32>,
    pub min_row_id: Option<i64>,
    pub max_row_id: Option<i64>,
    pub total_buckets: Option<i32>,
    pub extra_files: Option<Vec<String>>,
}

impl ManifestFileMeta {
    /// Whether the record needs the members that came after 2.1.
    pub(super) fn is_late(&self) -> bool {
        self.total_buckets.is_some() || self.extra_files.is_some()
    }

    /// About what this value takes in memory.
    pub(super) fn memory_bytes(&self) -> u64 {
        let stats = &self.partition_stats;
        (size_of::<Self>()
            + self.file_name.len()
            + stats.min_values.bytes().len()
            + stats.max_values.bytes().len()
            + stats.null_counts.as_ref().map_or(0, |counts| 16 * counts.len())) as u64
    }
}

pub(super) static LIST: Shape = Shape(&[
    ("_VERSION", None),
    ("_FILE_NAME", None),
    ("_FILE_SIZE", None),
    ("_NUM_ADDED_FILES", None),
    ("_NUM_DELETED_FILES", None),
    ("_PARTITION_STATS", Some(&STATS)),
    ("_SCHEMA_ID", None),
    ("_MIN_BUCKET", None),
    ("_MAX_BUCKET", None),
    ("_MIN_LEVEL", None),
    ("_MAX_LEVEL", None),
    ("_MIN_ROW_ID", None),
    ("_MAX_ROW_ID", None),
    ("_TOTAL_BUCKETS", None),
    ("_EXTRA_FILES", None),
]);

pub(super) fn read_meta(row: &mut Row<'_>) -> Result<ManifestFileMeta, Fault> {
    check_version(row)?;
    Ok(ManifestFileMeta {
        file_name: row.string(1)?,
        file_size: row.size(2)?,
        num_added_files: row.size(3)? as i64,
        num_deleted_files: row.size(4)? as i64,
        partition_stats: read_stats(row, 5)?,
        schema_id: row.long(8)?,
        min_bucket: row.opt_int(9)?,
        max_bucket: row.opt_int(10)?,
        min_level: row.opt_int(11)?,
        max_level: row.opt_int(12)?,
        min_row_id: row.opt_long(13)?,
        max_row_id: row.opt_long(14)?,
        total_buckets: row.opt_int(15)?,
        extra_files: row.opt_strings(16)?,
    })
}

/// `late`: the schema has `_TOTAL_BUCKETS` and `_EXTRA_FILES`.
pub(super) fn write_meta(out: &mut Encoder, meta: &ManifestFileMeta, late: bool) {
    out.long(VERSION);
    out.string(&meta.file_name);
    out.long(meta.file_size as i64);
    out.long(meta.num_added_files);
    out.long(meta.num_deleted_files);
    write_stats(out, &meta.partition_stats);
    out.long(meta.schema_id);
    for bound in [meta.min_bucket, meta.max_bucket, meta.min_level, meta.max_level] {
        out.optional(bound, Encoder::int);
    }
    for bound in [meta.min_row_id, meta.max_row_id] {
        out.optional(bound, Encoder::long);
    }
    if late {
        out.optional(meta.total_buckets, Encoder::int);
        out.optional(meta.extra_files.as_deref(), write_strings);
    }
}
