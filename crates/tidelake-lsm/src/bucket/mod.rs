//! The bucket of a key table.

mod compaction;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use arrow_array::{Array, Int8Array};
use tidelake_datafile::{
    Bucket, BucketPlace, BucketRows, CompactMode, Job, JobError, JobKind, JobResult, Produced, TableFiles,
    WRITE_BUFFER_SIZE,
};
use tidelake_io::FilePath;
use tidelake_meta::{
    BucketIncrement, ChangelogProducer, DELETION_VECTORS_ENABLED, DataFileMeta, DataFileNames, FileChanges, TableSchema,
};
use tidelake_types::{RowKind, arrow_schema};

use self::compaction::Tree;
use crate::{
    Plain, Result, SEQUENCE_SNAPSHOT_ORDERING,
    fault::{internal, invalid_rows, unsupported},
    flush::{FlushJob, FlushPlan},
    layout::RowLayout,
    memtable::{Block, Memtable},
};

/// One bucket with a primary key: a memtable, the files flushed and compacted since the last commit, and, if it was told of
/// them, all its files by level.
#[derive(Debug)]
pub struct LsmBucket {
    files: TableFiles,
    place: BucketPlace,
    names: Arc<Mutex<DataFileNames>>,
    plan: Arc<FlushPlan>,
    buffer_bytes: u64,
    memtable: Memtable,
    /// The rows of the flush that is out. They come back if it fails.
    frozen: Option<Arc<Vec<Block>>>,
    /// Of the next row.
    next_sequence: i64,
    /// Flushed and not handed over.
    flushed: FileChanges,
    /// Compacted and not handed over.
    compacted: FileChanges,
    /// Only of a bucket that was told of its files.
    tree: Option<Tree>,
    /// Files that were made and compacted again before anyone else knew of them.
    obsolete: Vec<FilePath>,
    /// Files of failed jobs that could not be taken away.
    left: Vec<FilePath>,
}

impl LsmBucket {
    /// Opens a bucket whose files hold sequence numbers up to `max_sequence` (-1 if there are none): rows continue from
    /// there. `Unsupported` for tables whose writing is not built yet.
    pub fn new(files: TableFiles, place: BucketPlace, max_sequence: i64) -> Result<Self> {
        let schema = Arc::clone(&files.schema);
        check_writable(&schema)?;
        let next_sequence = max_sequence.checked_add(1).ok_or_else(|| out_of_numbers(&place))?;
        let plan = FlushPlan {
            layout: RowLayout::try_new(&schema, &schema.fields)?,
            decider: Plain::for_table(&schema)?,
            changelog: schema.changelog_producer()? == ChangelogProducer::Input,
            file_schema: arrow_schema(&schema.key_value_fields(false))?,
        };
        Ok(Self {
            names: Arc::new(Mutex::new(DataFileNames::new(files.runtime.ids().uuid()))),
            buffer_bytes: schema.options.get(&WRITE_BUFFER_SIZE)?.0,
            plan: Arc::new(plan),
            memtable: Memtable::default(),
            frozen: None,
            next_sequence,
            flushed: FileChanges::default(),
            compacted: FileChanges::default(),
            tree: None,
            obsolete: Vec::new(),
            left: Vec::new(),
            files,
            place,
        })
    }

    /// Of the newest row taken in; what the bucket's files held, if there is none.
    pub fn max_sequence(&self) -> i64 {
        self.next_sequence - 1
    }

    /// Says by column what does not fit the table.
    fn check(&self, batch: &BucketRows) -> Result<()> {
        let fields = &self.files.schema.fields;
        if batch.rows.num_columns() != fields.len() {
            return Err(invalid_rows(format!(
                "rows have {} columns, the table has {}",
                batch.rows.num_columns(),
                fields.len()
            )));
        }
        let values = &self.plan.file_schema.fields()[self.plan.file_schema.fields().len() - fields.len()..];
        for (array, field) in batch.rows.columns().iter().zip(values) {
            if !array.data_type().equals_datatype(field.data_type()) {
                let (name, have, want) = (field.name(), array.data_type(), field.data_type());
                return Err(invalid_rows(format!("the column `{name}` is {have}, the table holds it as {want}")));
            }
        }
        for (place, field) in &self.plan.layout.keys {
            if !field.data_type.nullable && batch.rows.column(*place).null_count() > 0 {
                return Err(invalid_rows(format!("the key column `{}` is NOT NULL but has nulls", field.name)));
            }
        }
        let Some(kinds) = &batch.kinds else { return Ok(()) };
        let known = |&kind: &i8| RowKind::from_byte(kind).is_some();
        if kinds.len() != batch.rows.num_rows() || kinds.null_count() > 0 || !kinds.values().iter().all(known) {
            return Err(invalid_rows("row kinds are to be bytes from 0 to 3, one for each row"));
        }
        Ok(())
    }
}

impl Bucket for LsmBucket {
    fn add(&mut self, batch: BucketRows) -> Result<()> {
        self.check(&batch)?;
        let num_rows = batch.rows.num_rows();
        if num_rows == 0 {
            return Ok(());
        }
        let next = self.next_sequence.checked_add(num_rows as i64).ok_or_else(|| out_of_numbers(&self.place))?;
        let kinds = batch.kinds.unwrap_or_else(|| Int8Array::from(vec![RowKind::Insert.as_byte(); num_rows]));
        self.memtable.push(batch.rows, kinds, self.next_sequence)?;
        self.next_sequence = next;
        Ok(())
    }

    fn memory_bytes(&self) -> u64 {
        self.memtable.bytes()
    }

    fn needs_flush(&self) -> bool {
        self.memtable.bytes() >= self.buffer_bytes
    }

    fn flush_job(&mut self) -> Result<Option<Job>> {
        if self.frozen.is_some() {
            return Err(internal(format!("a flush of {} is out already", self.place.path)));
        }
        if self.memtable.is_empty() {
            return Ok(None);
        }
        let frozen = Arc::new(self.memtable.freeze()?);
        self.frozen = Some(Arc::clone(&frozen));
        Ok(Some(Box::new(FlushJob {
            files: self.files.clone(),
            place: self.place.clone(),
            names: Arc::clone(&self.names),
            plan: Arc::clone(&self.plan),
            frozen,
        })))
    }

    /// What the strategy picks, claimed until it completes; `None` while another compaction is out. An error in a bucket that
    /// was not told of its files.
    fn compact_job(&mut self, mode: CompactMode) -> Result<Option<Job>> {
        self.next_compaction(mode)
    }

    /// Takes in what a job made. Of a failed flush the rows are back with their sequence numbers, a failed compaction left
    /// the files as they were; its error is returned.
    fn complete(&mut self, result: JobResult) -> Result<()> {
        match result.kind {
            JobKind::Flush => self.complete_flush(result.outcome),
            JobKind::Compact => self.complete_compaction(result.outcome),
            other => Err(internal(format!("{} gave out no job of the kind {other:?}", self.place.path))),
        }
    }

    /// A compaction, if one is out and there are more sorted runs than `num-sorted-run.stop-trigger`.
    fn waits_for(&self) -> Option<JobKind> {
        let tree = self.tree.as_ref().filter(|tree| tree.compacting)?;
        (tree.levels.num_sorted_runs() > tree.rules.stop_trigger).then_some(JobKind::Compact)
    }

    fn prepare_commit(&mut self) -> Result<BucketIncrement> {
        if self.frozen.is_some() || !self.memtable.is_empty() {
            return Err(internal(format!("{} has rows that are not flushed", self.place.path)));
        }
        Ok(BucketIncrement { append: std::mem::take(&mut self.flushed), compact: std::mem::take(&mut self.compacted) })
    }

    fn take_obsolete(&mut self) -> Vec<FilePath> {
        std::mem::take(&mut self.obsolete)
    }

    fn abandon(self: Box<Self>) -> Vec<FilePath> {
        // An upgraded file was there before; if it is ours, it is among those flushed.
        let upgraded: BTreeSet<&str> = self.compacted.removed.iter().map(|file| file.file_name.as_str()).collect();
        let rewritten = self.compacted.added.iter().filter(|file| !upgraded.contains(file.file_name.as_str()));
        let changelog = self.flushed.changelog.iter().chain(&self.compacted.changelog);
        let written = self.flushed.added.iter().chain(changelog).chain(rewritten);
        let written = written.filter_map(|file| self.path(file));
        written.chain(self.obsolete.iter().cloned()).chain(self.left.iter().cloned()).collect()
    }
}

impl LsmBucket {
    fn complete_flush(&mut self, outcome: Result<Produced, JobError>) -> Result<()> {
        let frozen = self.frozen.take().ok_or_else(|| internal(format!("no flush of {} is out", self.place.path)))?;
        match outcome {
            Ok(produced) => {
                if let Some(tree) = &mut self.tree {
                    tree.levels.update(&[], &produced.added)?;
                }
                self.flushed.added.extend(produced.added);
                self.flushed.changelog.extend(produced.changelog);
                Ok(())
            }
            Err(failed) => {
                self.memtable.restore(Arc::unwrap_or_clone(frozen));
                self.left.extend(failed.left);
                Err(failed.error)
            }
        }
    }

    fn path(&self, file: &DataFileMeta) -> Option<FilePath> {
        self.files.layout.data_file(&self.place.path, file).ok()
    }
}

/// Level-0 files alone are not enough for every table: some are only right once compaction has run.
fn check_writable(schema: &TableSchema) -> Result<()> {
    check_readable(schema)?;
    match schema.changelog_producer()? {
        ChangelogProducer::None | ChangelogProducer::Input | ChangelogProducer::FullCompaction => Ok(()),
        other => Err(unsupported(format!(
            "the changelog producer {other:?} (option `changelog-producer`) is not supported yet"
        ))),
    }
}

/// What would silently be read wrong.
pub(crate) fn check_readable(schema: &TableSchema) -> Result<()> {
    if schema.options.get(&SEQUENCE_SNAPSHOT_ORDERING)? {
        return Err(unsupported("option `sequence.snapshot-ordering` is not supported yet"));
    }
    if schema.options.get(&DELETION_VECTORS_ENABLED)? {
        return Err(unsupported(
            "option `deletion-vectors.enabled` is not supported yet for tables with a primary key",
        ));
    }
    Ok(())
}

#[track_caller]
fn out_of_numbers(place: &BucketPlace) -> crate::Error {
    internal(format!("the sequence numbers of {} are used up", place.path))
}
