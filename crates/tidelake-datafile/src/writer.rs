//! Writing data files.
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};

use crate::{BucketPlace, Result, TableFiles};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileContent {
    /// Rows of an append table; the number of the first.
    Append {
        /// The sequence number of the first row.
        first_sequence: i64,
    },
    /// Rows of a key table sorted by key, each key once: `_KEY_*`, `_SEQUENCE_NUMBER`, `_VALUE_KIND`, values.
    KeyValue {
        /// The level.
        level: i32,
    },
    /// The same columns, keys perhaps repeated, named as changelog.
    Changelog {
        /// The level of the rows it tells of.
        level: i32,
    },
}

/// Writes rows of one bucket into files, rolling to the next at `target-file-size`. Statistics, keys, sequence ranges and
/// delete counts come out right in the metas.
pub struct DataFileWriter {}

impl DataFileWriter {
    /// A writer; no file is created before the first row. Names are shared by all writers of a bucket.
    pub fn new(
        _files: TableFiles,
        _place: BucketPlace,
        _names: Arc<Mutex<DataFileNames>>,
        _content: FileContent,
        _source: FileSource,
    ) -> Result<Self> {
        todo!()
    }
    /// Adds rows in the file's own columns: for append tables the table's columns; for key tables as [`FileContent`] says
    /// (always with `_KEY_*`; thin mode leaves them out here).
    pub async fn write(&mut self, _batch: RecordBatch) -> Result<()> {
        todo!()
    }
    /// Ends the last file.
    pub async fn finish(self) -> Result<Vec<DataFileMeta>> {
        todo!()
    }
    /// Takes away everything written; gives the files that could not be taken away.
    pub async fn abort(self) -> Vec<FilePath> {
        todo!()
    }
}
