//! The bucket of an append table.

use std::sync::{Arc, Mutex};

use arrow_array::{Array, Int8Array, RecordBatch};
use tidelake_datafile::{
    Bucket, BucketPlace, BucketRows, FileContent, Job, JobKind, JobResult, Result, TableFiles, WRITE_BUFFER_SIZE,
    error::{InternalSnafu, InvalidRowsSnafu},
};
use tidelake_io::FilePath;
use tidelake_meta::{BucketIncrement, DataFileMeta, DataFileNames, FileChanges};
use tidelake_types::{Bytes64, RowKind};

use crate::flush::Flush;

/// However large the buffer may be: rows that wait for no merge gain nothing by waiting longer.
const BUFFER_BYTES_MAX: u64 = Bytes64::mebi(64).0;

/// One bucket of an append table. Rows are kept as they come and written by [`AppendBucket::flush_job`]; each flush makes
/// files of its own, so what reaches `needs_flush` decides how large files are.
pub struct AppendBucket {
    files: TableFiles,
    place: BucketPlace,
    names: Arc<Mutex<DataFileNames>>,
    buffer: Vec<BucketRows>,
    buffered_bytes: u64,
    buffer_bytes_max: u64,
    /// The sequence number of the next row that goes to a file.
    next_sequence: i64,
    /// Whether a flush is out.
    flushing: bool,
    /// Files not handed over yet.
    flushed: Vec<DataFileMeta>,
    /// Files of failed flushes that could not be taken away.
    left: Vec<FilePath>,
}

impl AppendBucket {
    /// A bucket whose rows so far have sequence numbers up to `max_sequence`, -1 if there are none.
    pub fn new(files: TableFiles, place: BucketPlace, max_sequence: i64) -> Result<Self> {
        let buffer_bytes_max = files.schema.options.get(&WRITE_BUFFER_SIZE)?.0.min(BUFFER_BYTES_MAX);
        let names = Arc::new(Mutex::new(DataFileNames::new(files.runtime.ids().uuid())));
        Ok(Self {
            files,
            place,
            names,
            buffer: Vec::new(),
            buffered_bytes: 0,
            buffer_bytes_max,
            next_sequence: max_sequence + 1,
            flushing: false,
            flushed: Vec::new(),
            left: Vec::new(),
        })
    }

    fn refuse_retracts(&self, kinds: &Int8Array) -> Result<()> {
        let mut retracts =
            kinds.values().iter().filter_map(|byte| RowKind::from_byte(*byte)).filter(|kind| kind.is_retract());
        match retracts.next() {
            None => Ok(()),
            Some(kind) => {
                let message = format!(
                    "the append table {} cannot take a {kind} row: it has no primary key that tells which row goes",
                    self.files.layout.root()
                );
                InvalidRowsSnafu { message }.fail()
            }
        }
    }
}

impl Bucket for AppendBucket {
    fn add(&mut self, rows: BucketRows) -> Result<()> {
        if let Some(kinds) = &rows.kinds {
            self.refuse_retracts(kinds)?;
        }
        if rows.rows.num_rows() > 0 {
            self.buffered_bytes += batch_bytes(&rows.rows)?;
            self.buffer.push(BucketRows { rows: rows.rows, kinds: None });
        }
        Ok(())
    }

    fn memory_bytes(&self) -> u64 {
        self.buffered_bytes
    }

    fn needs_flush(&self) -> bool {
        self.buffered_bytes >= self.buffer_bytes_max
    }

    fn flush_job(&mut self) -> Result<Option<Job>> {
        if self.flushing {
            return InternalSnafu { message: "a flush was asked for while another is out" }.fail();
        }
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let job = Flush {
            files: self.files.clone(),
            place: self.place.clone(),
            names: Arc::clone(&self.names),
            content: FileContent::Append { first_sequence: self.next_sequence },
            rows: std::mem::take(&mut self.buffer),
        };
        self.flushing = true;
        self.buffered_bytes = 0;
        Ok(Some(Box::new(job)))
    }

    fn complete(&mut self, result: JobResult) -> Result<()> {
        if result.kind != JobKind::Flush || !self.flushing {
            return InternalSnafu { message: "a job was completed that this bucket did not give out" }.fail();
        }
        self.flushing = false;
        match result.outcome {
            Ok(produced) => {
                self.next_sequence += produced.added.iter().map(|file| file.row_count).sum::<i64>();
                self.flushed.extend(produced.added);
                Ok(())
            }
            Err(failed) => {
                self.left.extend(failed.left);
                // The rows are home before anything else may fail.
                let rows = failed.rows.len();
                self.buffer.splice(0..0, failed.rows);
                for rows in &self.buffer[..rows] {
                    self.buffered_bytes += batch_bytes(&rows.rows)?;
                }
                Err(failed.error)
            }
        }
    }

    fn prepare_commit(&mut self) -> Result<BucketIncrement> {
        if self.flushing || !self.buffer.is_empty() {
            return InternalSnafu { message: "a commit was prepared before all rows were flushed" }.fail();
        }
        let added = std::mem::take(&mut self.flushed);
        Ok(BucketIncrement { append: FileChanges { added, ..FileChanges::default() }, ..BucketIncrement::default() })
    }

    fn abandon(self: Box<Self>) -> Vec<FilePath> {
        let path = |file: &DataFileMeta| self.files.layout.data_file(&self.place.path, file).ok();
        self.flushed.iter().filter_map(path).chain(self.left.iter().cloned()).collect()
    }
}

/// What a batch takes, its own rows only: it may be a slice of a larger one.
fn batch_bytes(rows: &RecordBatch) -> Result<u64> {
    let mut bytes = 0;
    for column in rows.columns() {
        bytes += column.to_data().get_slice_memory_size()? as u64;
    }
    Ok(bytes)
}
