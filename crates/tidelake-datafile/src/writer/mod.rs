//! Writing data files.

mod inspect;
mod plan;
mod stats;

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, RecordBatch};
use tidelake_format::{FileWriter, WriteRequest, WrittenStatus};
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};
use tidelake_types::BinaryRow;

use self::{
    inspect::{Inspected, LastKey, inspect},
    plan::FilePlan,
};
use crate::{BucketPlace, Result, TableFiles, error::InternalSnafu};

/// After at least so many rows the size of a file is looked at: steps towards the target size are as long as its rest
/// allows, should the rows not get any smaller by being encoded.
const CHECK_ROWS: u64 = 1024;
/// And after at most so many.
const CHECK_ROWS_MAX: u64 = 32 * 1024;

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
///
/// Files are visible when their meta is handed out, but not yet durable: syncing them is for who commits. After an error
/// of `write` only [`DataFileWriter::abort`] makes sense. Dropped, the writer leaves the files that it had ended.
pub struct DataFileWriter {
    files: TableFiles,
    place: BucketPlace,
    names: Arc<Mutex<DataFileNames>>,
    plan: Arc<FilePlan>,
    current: Option<Current>,
    /// The key before the next row, also across files.
    last_key: LastKey,
    /// The sequence number of the next row of an append table.
    next_sequence: i64,
    finished: Vec<DataFileMeta>,
    created: Vec<FilePath>,
}

/// The file being written, and what its meta will say.
struct Current {
    name: String,
    writer: FileWriter,
    rows: u64,
    delete_rows: i64,
    sequences: Option<(i64, i64)>,
    keys: Option<(BinaryRow, BinaryRow)>,
}

impl DataFileWriter {
    /// A writer; no file is created before the first row. Names are shared by all writers of a bucket. Options that cannot
    /// be served are an error.
    pub fn new(
        files: TableFiles,
        place: BucketPlace,
        names: Arc<Mutex<DataFileNames>>,
        content: FileContent,
        source: FileSource,
    ) -> Result<Self> {
        let plan = Arc::new(FilePlan::try_new(&files, content, source)?);
        let next_sequence = match content {
            FileContent::Append { first_sequence } => first_sequence,
            FileContent::KeyValue { .. } | FileContent::Changelog { .. } => 0,
        };
        let (finished, created) = (Vec::new(), Vec::new());
        Ok(Self {
            files,
            place,
            names,
            plan,
            current: None,
            last_key: LastKey::default(),
            next_sequence,
            finished,
            created,
        })
    }

    /// Adds rows in the file's own columns: for append tables the table's columns; for key tables as [`FileContent`] says
    /// (always with `_KEY_*`; thin mode leaves them out here). Timestamps of nanoseconds may come in either form.
    ///
    /// Rows that do not fit are `InvalidRows`, keys out of order an internal error.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let batch = self.plan.fit(batch)?;
        let row_bytes = slice_bytes(&batch).div_ceil(batch.num_rows().max(1) as u64).max(1);
        let mut done = 0;
        while done < batch.num_rows() {
            let (rows, bytes) = match &self.current {
                Some(current) => (current.rows, current.writer.estimated_bytes()),
                None => (0, 0),
            };
            let room = self.plan.target_rows.saturating_sub(rows);
            let check = self.plan.target_bytes.saturating_sub(bytes) / row_bytes;
            let rows = room.clamp(1, check.clamp(CHECK_ROWS, CHECK_ROWS_MAX)).min((batch.num_rows() - done) as u64);
            let rows = rows as usize;
            self.write_some(batch.slice(done, rows)).await?;
            done += rows;
        }
        Ok(())
    }

    async fn write_some(&mut self, rows: RecordBatch) -> Result<()> {
        let (plan, last_key) = (Arc::clone(&self.plan), self.last_key.clone());
        let (rows, inspected) = self
            .files
            .runtime
            .compute(move || {
                let inspected = inspect(&plan, &rows, &last_key);
                (rows, inspected)
            })
            .await;
        let inspected = inspected?;
        let stored = self.plan.stored_columns(&rows)?;

        let current = match self.current.take() {
            Some(current) => current,
            None => self.create().await?,
        };
        let current = self.current.insert(current);
        current.writer.write(stored).await?;
        current.note(rows.num_rows(), &inspected);
        self.last_key = inspected.last_key;
        if current.rows >= self.plan.target_rows || current.writer.estimated_bytes() >= self.plan.target_bytes {
            self.roll().await?;
        }
        Ok(())
    }

    async fn create(&mut self) -> Result<Current> {
        let name = {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.next(&self.plan.prefix, &self.plan.extension)
        };
        let path = self.files.layout.root().join(&self.place.path)?.child(&name)?;
        let request = WriteRequest {
            schema: Arc::clone(&self.plan.stored),
            statistics: self.plan.statistics.clone(),
            options: self.plan.options.clone(),
        };
        let encoder = self.plan.format.encoder(&request)?;
        let file = self.files.io.create(&path).await?;
        self.created.push(path);
        let writer = FileWriter::new(encoder, file, self.files.runtime.clone());
        Ok(Current { name, writer, rows: 0, delete_rows: 0, sequences: None, keys: None })
    }

    /// Ends the current file, if there is one.
    async fn roll(&mut self) -> Result<()> {
        let Some(Current { name, writer, rows, delete_rows, sequences, keys }) = self.current.take() else {
            return Ok(());
        };
        let WrittenStatus { written, status } = writer.finish().await?;
        if written.rows != rows || written.statistics.len() != self.plan.statistics.len() {
            let message = format!("{name} was given {rows} rows and tells of {}", written.rows);
            return InternalSnafu { message }.fail();
        }
        let (min_sequence_number, max_sequence_number) = match sequences {
            Some(sequences) => sequences,
            None => {
                let first = self.next_sequence;
                self.next_sequence += rows as i64;
                (first, self.next_sequence - 1)
            }
        };
        let (min_key, max_key) = keys.unwrap_or_else(|| (BinaryRow::empty(), BinaryRow::empty()));
        let (value_stats, value_stats_cols) = self.plan.value_stats(&written.statistics)?;
        self.finished.push(DataFileMeta {
            file_name: name,
            file_size: status.size_bytes,
            row_count: rows as i64,
            min_key,
            max_key,
            key_stats: self.plan.key_stats(&written.statistics)?,
            value_stats,
            min_sequence_number,
            max_sequence_number,
            schema_id: self.files.schema.id,
            level: self.plan.level,
            extra_files: Vec::new(),
            creation_time_ms: Some(self.files.runtime.clock().now_ms()),
            delete_row_count: Some(delete_rows),
            embedded_index: None,
            file_source: Some(self.plan.source),
            value_stats_cols,
            external_path: None,
            first_row_id: None,
            write_cols: None,
            write_cols_sequences: None,
        });
        Ok(())
    }

    /// Ends the last file. All metas in the order of the rows. After an error nothing is left, as far as the storage lets
    /// it be taken away.
    pub async fn finish(mut self) -> Result<Vec<DataFileMeta>> {
        match self.roll().await {
            Ok(()) => Ok(self.finished),
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Takes away everything written; gives the files that could not be taken away.
    pub async fn abort(self) -> Vec<FilePath> {
        if let Some(current) = self.current {
            // Whatever it leaves is deleted below.
            let _ = current.writer.abort().await;
        }
        let mut left = Vec::new();
        for path in self.created {
            if self.files.io.delete(&path).await.is_err() {
                left.push(path);
            }
        }
        left
    }
}

/// Of the rows themselves, not of the buffers that they share with others.
fn slice_bytes(batch: &RecordBatch) -> u64 {
    // A column that cannot tell (it lies) is as good as nothing: then steps are long.
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0) as u64).sum()
}

impl Current {
    fn note(&mut self, rows: usize, inspected: &Inspected) {
        self.rows += rows as u64;
        self.delete_rows += inspected.delete_rows;
        if let Some((min, max)) = inspected.sequences {
            let (known_min, known_max) = self.sequences.unwrap_or((min, max));
            self.sequences = Some((known_min.min(min), known_max.max(max)));
        }
        if let Some((first, last)) = &inspected.keys {
            let min = self.keys.take().map_or_else(|| first.clone(), |(min, _)| min);
            self.keys = Some((min, last.clone()));
        }
    }
}
