//! What reading and writing the data files of a table needs.

use std::sync::Arc;

use tidelake_format::FormatRegistry;
use tidelake_io::FileIO;
use tidelake_meta::{FILE_FORMAT, SchemaStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::{PartitionValues, arrow_schema_wide};

use crate::{CHANGELOG_FILE_FORMAT, Result, error::UnsupportedSnafu};

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

impl TableFiles {
    /// `Unsupported`, with the option's name, if new files of the table would be of a format that is not registered, or that
    /// cannot store its columns.
    pub fn check_formats(&self) -> Result<()> {
        let options = &self.schema.options;
        let changelog = options.get(&CHANGELOG_FILE_FORMAT)?.map(|format| (CHANGELOG_FILE_FORMAT.name(), format));
        let named = [(FILE_FORMAT.name(), options.get(&FILE_FORMAT)?)].into_iter().chain(changelog);
        let columns = arrow_schema_wide(&self.schema.fields)?;
        for (option, name) in named {
            if let Err(reason) = self.formats.get(&name).and_then(|format| format.check_schema(&columns)) {
                let message = format!("option `{option}` = `{name}` is not supported: {reason}");
                return UnsupportedSnafu { message }.fail();
            }
        }
        Ok(())
    }
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
