//! What reading and writing the data files of a table needs.

use std::sync::Arc;

use tidelake_format::FormatRegistry;
use tidelake_io::FileIO;
use tidelake_meta::{SchemaStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::PartitionValues;

/// All that reading and writing the data files of one table needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TableFiles {
    /// The storage.
    pub io: Arc<dyn FileIO>,
    /// Where the table's files are.
    pub layout: TableLayout,
    /// The schema that is read and written with, options of the call included.
    pub schema: Arc<TableSchema>,
    /// Schemas of older files.
    pub schemas: SchemaStore,
    /// Known formats.
    pub formats: FormatRegistry,
    /// Time, ids, threads.
    pub runtime: Runtime,
}

/// Which bucket, and where its files lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    /// The partition.
    pub partition: PartitionValues,
    /// The bucket.
    pub bucket: i32,
    /// Relative to the table: `k1=v1/bucket-0`.
    pub path: String,
}
