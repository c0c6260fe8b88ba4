//! Lists of manifests, and manifests: which files a snapshot is made of.
use std::sync::Arc;

use tidelake_format::FormatRegistry;
use tidelake_io::FileIO;
use tidelake_types::{BinaryRow, Options};

use crate::{DataFileMeta, FileIdentity, Result, SimpleStats, TableLayout};

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
        todo!()
    }
}

/// The files alive after these entries, whatever their order: ADDs without a DELETE of the same identity (spec 4.7), in
/// the order of the ADDs. An ADD twice is kept once.
pub fn live_entries(_entries: Vec<ManifestEntry>) -> Vec<ManifestEntry> {
    todo!()
}

/// Reads and writes manifests and their lists. Decoded ones are cached by name: they never change.
#[derive(Debug, Clone)]
pub struct ManifestStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
    #[expect(dead_code, reason = "for ORC and Parquet manifests")]
    formats: FormatRegistry,
}

impl ManifestStore {
    /// For the table at `layout`, with a cache of its own; share the store to share the cache.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout, formats: FormatRegistry) -> Self {
        Self { io, layout, formats }
    }
    /// A manifest list by name; checked against `size_bytes` where the snapshot records it.
    pub async fn read_list(&self, _name: &str, _size_bytes: Option<u64>) -> Result<Arc<Vec<ManifestFileMeta>>> {
        let _ = (&self.io, &self.layout);
        todo!()
    }
    /// A manifest's entries; checked against what its list says of it (size, counts of adds and deletes).
    pub async fn read_manifest(&self, _meta: &ManifestFileMeta) -> Result<Arc<Vec<ManifestEntry>>> {
        todo!()
    }
    /// Writes entries into one manifest or several (rolling at `manifest.target-file-size`), not synced. Partition
    /// statistics need the types of the partition columns. `options` has `manifest.compression` and the target size.
    pub async fn write_manifests(
        &self,
        _names: &mut dyn FnMut() -> String,
        _entries: &[ManifestEntry],
        _partition_types: &[tidelake_types::DataType],
        _options: &Options,
    ) -> Result<Vec<ManifestFileMeta>> {
        todo!()
    }
    /// Writes a list, not synced; gives its exact size in bytes.
    pub async fn write_list(&self, _name: &str, _manifests: &[ManifestFileMeta], _options: &Options) -> Result<u64> {
        todo!()
    }
}
