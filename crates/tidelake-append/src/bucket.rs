//! The bucket of an append table.

use std::sync::{Arc, Mutex};

use arrow_array::{Array, Int8Array, RecordBatch};
use tidelake_datafile::{
    Bucket, BucketPlace, BucketRows, CompactMode, FileContent, Job, JobError, JobKind, JobResult, Produced, Result,
    TableFiles, WRITE_BUFFER_SIZE,
    error::{InternalSnafu, InvalidRowsSnafu},
};
use tidelake_io::FilePath;
use tidelake_meta::{BucketIncrement, DataFileMeta, DataFileNames, FileChanges};
use tidelake_types::{Bytes64, RowKind};

use crate::{
    compact::{Candidates, RewriteJob, SmallFiles},
    flush::Flush,
};

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
    /// Only of a bucket that was told of its files.
    candidates: Option<Candidates>,
    /// Whether a compaction is out.
    compacting: bool,
    /// Its files.
    picked: Vec<DataFileMeta>,
    /// Compacted and not handed over yet.
    compacted: FileChanges,
    /// Files that were made and compacted again before anyone else knew of them.
    obsolete: Vec<FilePath>,
    /// Files of failed jobs that could not be taken away.
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
            candidates: None,
            compacting: false,
            picked: Vec::new(),
            compacted: FileChanges::default(),
            obsolete: Vec::new(),
            left: Vec::new(),
        })
    }

    /// Tells a bucket, before anything else, of all the files it holds: from now on it can compact them.
    pub fn with_files(mut self, files: Vec<DataFileMeta>) -> Result<Self> {
        let newest = files.iter().map(|file| file.max_sequence_number).max().unwrap_or(-1);
        self.next_sequence = self.next_sequence.max(newest + 1);
        self.candidates = Some(Candidates::new(SmallFiles::try_new(&self.files)?, files));
        Ok(self)
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

    fn compact_job(&mut self, mode: CompactMode) -> Result<Option<Job>> {
        let Some(candidates) = self.candidates.as_mut().filter(|_| !self.compacting) else { return Ok(None) };
        let Some(inputs) = candidates.pick(mode) else { return Ok(None) };
        self.compacting = true;
        self.picked.clone_from(&inputs);
        let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
        Ok(Some(Box::new(RewriteJob { files, place, names, inputs })))
    }

    fn complete(&mut self, result: JobResult) -> Result<()> {
        match result.kind {
            JobKind::Flush if self.flushing => self.complete_flush(result.outcome),
            JobKind::Compact if self.compacting => self.complete_compaction(result.outcome),
            _ => InternalSnafu { message: "a job was completed that this bucket did not give out" }.fail(),
        }
    }

    fn prepare_commit(&mut self) -> Result<BucketIncrement> {
        if self.flushing || !self.buffer.is_empty() {
            return InternalSnafu { message: "a commit was prepared before all rows were flushed" }.fail();
        }
        let added = std::mem::take(&mut self.flushed);
        let append = FileChanges { added, ..FileChanges::default() };
        Ok(BucketIncrement { append, compact: std::mem::take(&mut self.compacted) })
    }

    fn take_obsolete(&mut self) -> Vec<FilePath> {
        std::mem::take(&mut self.obsolete)
    }

    fn abandon(self: Box<Self>) -> Vec<FilePath> {
        let written = self.flushed.iter().chain(&self.compacted.added).filter_map(|file| self.path(file));
        written.chain(self.obsolete.iter().cloned()).chain(self.left.iter().cloned()).collect()
    }
}

impl AppendBucket {
    fn complete_flush(&mut self, outcome: Result<Produced, JobError>) -> Result<()> {
        self.flushing = false;
        match outcome {
            Ok(produced) => {
                self.next_sequence += produced.added.iter().map(|file| file.row_count).sum::<i64>();
                if let Some(candidates) = &mut self.candidates {
                    produced.added.iter().for_each(|file| candidates.add(file.clone()));
                }
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

    fn complete_compaction(&mut self, outcome: Result<Produced, JobError>) -> Result<()> {
        self.compacting = false;
        match outcome {
            Ok(produced) => {
                if let Some(candidates) = &mut self.candidates {
                    candidates.add_made(&produced.added);
                }
                for file in produced.removed {
                    let made = &mut self.compacted.added;
                    match made.iter().position(|other| other.file_name == file.file_name) {
                        Some(place) => {
                            made.remove(place);
                            self.obsolete.extend(self.path(&file));
                        }
                        None => self.compacted.removed.push(file),
                    }
                }
                self.compacted.added.extend(produced.added);
                Ok(())
            }
            Err(failed) => {
                self.left.extend(failed.left);
                if let Some(candidates) = &mut self.candidates {
                    self.picked.drain(..).for_each(|file| candidates.add(file));
                }
                Err(failed.error)
            }
        }
    }

    fn path(&self, file: &DataFileMeta) -> Option<FilePath> {
        self.files.layout.data_file(&self.place.path, file).ok()
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
