//! The contract of a bucket: a plain state machine that says what is to be done and is told how that went.

use arrow_array::{Int8Array, RecordBatch};
use async_trait::async_trait;
use tidelake_io::FilePath;
use tidelake_meta::{BucketIncrement, DataFileMeta};

use crate::{Error, Result};

/// Rows of one bucket: all columns of the table in schema order, and what each row does (all `+I` without kinds).
#[derive(Debug, Clone)]
pub struct BucketRows {
    /// The columns, as `tidelake_types::arrow_schema` maps them.
    pub rows: RecordBatch,
    /// The byte of each row's kind.
    pub kinds: Option<Int8Array>,
}

/// One bucket of one partition. `lsm` and `append` each implement it. It starts nothing and waits for nothing.
pub trait Bucket: Send {
    /// Takes rows of this bucket only.
    fn add(&mut self, rows: BucketRows) -> Result<()>;

    /// What is held in memory, frozen rows of a running flush not counted.
    fn memory_bytes(&self) -> u64;

    /// Whether `write-buffer-size` (or, for append, its own measure) is reached.
    fn needs_flush(&self) -> bool;

    /// Freezes what is in memory; rows added later go to a new memtable. `None` if there is nothing. An error while
    /// another flush is out.
    fn flush_job(&mut self) -> Result<Option<Job>>;

    /// The next compaction that is worth it; at most one is out at a time. `None` if there is none, and from buckets that
    /// do not compact.
    fn compact_job(&mut self, _mode: CompactMode) -> Result<Option<Job>> {
        Ok(None)
    }

    /// Takes in what a job made. A failed flush puts its rows back, a failed compaction changes nothing; the error comes out
    /// here.
    fn complete(&mut self, result: JobResult) -> Result<()>;

    /// What has to end before more rows may come.
    fn waits_for(&self) -> Option<JobKind> {
        None
    }

    /// All changes since the last call. An error while a flush is out or rows are not flushed. A compaction may be out: its
    /// result belongs to a later call.
    fn prepare_commit(&mut self) -> Result<BucketIncrement>;

    /// Files that came and went between two hand-overs, so that nothing refers to them: for deletion, at any time.
    fn take_obsolete(&mut self) -> Vec<FilePath> {
        Vec::new()
    }

    /// The files not handed over yet, for deletion.
    fn abandon(self: Box<Self>) -> Vec<FilePath>;
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobKind {
    /// Memory to files.
    Flush,
    /// Sorted runs to fewer sorted runs.
    Compact,
}

/// How much a compaction shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactMode {
    /// What the table's options find worth it.
    Auto,
    /// Everything into one run.
    Full,
}

/// Work with all it needs inside: frozen rows, options, paths. Runs anywhere, knows no bucket.
#[async_trait]
pub trait Work: Send {
    /// What it does.
    fn kind(&self) -> JobKind;
    /// Does it.
    async fn run(self: Box<Self>) -> JobResult;
}

/// A piece of work.
pub type Job = Box<dyn Work>;

/// What a job made, or why it did not. A failed flush carries its rows home, so that none is lost.
#[derive(Debug)]
pub struct JobResult {
    /// What it did.
    pub kind: JobKind,
    /// Files; or the error.
    pub outcome: Result<Produced, JobError>,
}

/// Files that a job wrote.
#[derive(Debug, Default)]
pub struct Produced {
    /// New data files; also files at a new level.
    pub added: Vec<DataFileMeta>,
    /// Data files that no longer count; also files at the level they had.
    pub removed: Vec<DataFileMeta>,
    /// New changelog files.
    pub changelog: Vec<DataFileMeta>,
}

/// A job that failed.
#[derive(Debug)]
pub struct JobError {
    /// Why.
    pub error: Error,
    /// The rows it was given.
    pub rows: Vec<BucketRows>,
    /// Files it wrote and could not take away.
    pub left: Vec<FilePath>,
}
