//! Reading a bucket: merged, or file by file as stored.
//!
//! The files of a bucket fall into *sections* whose key ranges do not overlap, and each section into sorted runs:
//!
//! ```text
//!  keys ─────────────────────────────────►
//!  [ run ]        [── run ──][─ run ─]        section 1 and 3: one run, passed through
//!          [──── run ────]                    section 2: merged
//!             [── run ──]
//!  section 1 │ section 2 │ section 3 …
//! ```

mod columns;
mod merger;
mod run;
mod section;

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch};
use futures::{
    StreamExt, TryStreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use tidelake_datafile::{BucketPlace, TableFiles};
use tidelake_expr::Predicate;
use tidelake_meta::{DataFileMeta, sections};
use tidelake_types::{DataField, DataType, system_fields};

use crate::{Decider, Plain, Result, bucket::check_readable, read::columns::ReadColumns};

/// Rows of a file decoded at once where it is written anew.
const REWRITE_BATCH_ROWS: usize = 8192;

/// What is wanted of a bucket.
#[derive(Debug, Clone)]
pub struct MergeReadRequest {
    /// The columns, in output order: fields of today's schema; also `_SEQUENCE_NUMBER` and `_VALUE_KIND`.
    pub fields: Vec<DataField>,
    /// Conjuncts on key columns only: rows that fail it may be left out of any file.
    pub key_predicate: Option<Predicate>,
    /// Other conjuncts: used only where nothing has to be merged. Test the rows again.
    pub value_predicate: Option<Predicate>,
    /// Whether `-U` and `-D` come out, too.
    pub keep_deletes: bool,
    /// Whether TIMESTAMP(7..9) comes in the wide form.
    pub wide_timestamps: bool,
    /// At most so many rows of a file are decoded at once.
    pub batch_rows: usize,
}

/// Rows and what each does.
#[derive(Debug, Clone)]
pub struct MergedBatch {
    /// The columns wanted.
    pub rows: RecordBatch,
    /// The kinds as stored.
    pub kinds: Int8Array,
}

/// What comes out of a merge.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Rows.
    Rows(MergedBatch),
    /// What the changelog tells of them. Comes after the rows of the same keys.
    Changes(MergedBatch),
}

/// What every part of one reading shares.
#[derive(Debug)]
struct Reading {
    files: TableFiles,
    place: BucketPlace,
    request: MergeReadRequest,
}

/// Reads a bucket as the rows it holds, keys ascending: files are split into sections, each merged by the table's merge
/// engine. Memory is bounded by a few batches of each run of one section. `Corrupt` where the keys of a file do not ascend.
pub fn read_bucket(
    files: &TableFiles,
    place: &BucketPlace,
    data_files: Vec<DataFileMeta>,
    request: &MergeReadRequest,
) -> BoxStream<'static, Result<MergedBatch>> {
    let reading = Reading { files: files.clone(), place: place.clone(), request: request.clone() };
    let decider = match Plain::for_table(&files.schema) {
        Ok(plain) => Arc::new(plain),
        Err(error) => return stream::once(async { Err(error) }).boxed(),
    };
    let rows = |piece| match piece {
        Piece::Rows(batch) => Some(batch),
        Piece::Changes(_) => None,
    };
    let pieces = read_parts(Arc::new(reading), data_files, Lone::PassThrough, decider);
    pieces.try_filter_map(move |piece| ready(Ok(rows(piece)))).boxed()
}

/// Reads files to write them anew: all columns as files hold them and `_SEQUENCE_NUMBER` after them; deletes, unless they are
/// to be dropped; and what the decider tells of changes. Files that overlap no other are looked at as closely as the rest.
pub(crate) fn read_to_rewrite(
    files: &TableFiles,
    place: &BucketPlace,
    data_files: Vec<DataFileMeta>,
    drop_deletes: bool,
    decider: Arc<dyn Decider>,
) -> BoxStream<'static, Result<Piece>> {
    let request = MergeReadRequest {
        fields: [files.schema.fields.as_slice(), &[system_fields::sequence_number()]].concat(),
        key_predicate: None,
        value_predicate: None,
        keep_deletes: !drop_deletes,
        wide_timestamps: true,
        batch_rows: REWRITE_BATCH_ROWS,
    };
    let reading = Reading { files: files.clone(), place: place.clone(), request };
    read_parts(Arc::new(reading), data_files, Lone::Merge, decider)
}

/// Reads files one after another as they are, neither merged nor ordered, in the order given: changes of a stream,
/// changelogs, raw splits. Retracts are dropped unless wanted, whatever the metadata says of them: some writers record none
/// where there are some.
pub fn read_unmerged(
    files: &TableFiles,
    place: &BucketPlace,
    data_files: Vec<DataFileMeta>,
    request: &MergeReadRequest,
) -> BoxStream<'static, Result<MergedBatch>> {
    let reading = Arc::new(Reading { files: files.clone(), place: place.clone(), request: request.clone() });
    section::pass_through(reading, data_files)
}

/// What becomes of files that overlap no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lone {
    /// They come as they are.
    PassThrough,
    /// They are merged, in case one repeats a key, and their order is checked.
    Merge,
}

/// A section, or neighbouring ones that need no merging.
enum Part {
    /// Files one after another: nothing to merge.
    Run(Vec<DataFileMeta>),
    /// Several runs, from old to new.
    Merge(Vec<Vec<DataFileMeta>>),
}

fn read_parts(
    reading: Arc<Reading>,
    data_files: Vec<DataFileMeta>,
    lone: Lone,
    decider: Arc<dyn Decider>,
) -> BoxStream<'static, Result<Piece>> {
    let planned = plan(&reading, data_files)
        .and_then(|parts| Ok((parts, ReadColumns::to_merge(&reading.files.schema, &reading.request.fields)?)));
    let (parts, columns) = match planned {
        Ok(planned) => planned,
        Err(error) => return stream::once(async { Err(error) }).boxed(),
    };
    let read = move |part| {
        let reading = Arc::clone(&reading);
        match part {
            Part::Run(files) if lone == Lone::PassThrough => {
                section::pass_through(reading, files).map_ok(Piece::Rows).boxed()
            }
            Part::Run(files) => section::merge(reading, vec![files], Arc::clone(&decider), columns.clone()),
            Part::Merge(runs) => section::merge(reading, runs, Arc::clone(&decider), columns.clone()),
        }
    };
    stream::iter(parts).map(read).flatten().boxed()
}

fn plan(reading: &Reading, data_files: Vec<DataFileMeta>) -> Result<Vec<Part>> {
    let schema = &reading.files.schema;
    check_readable(schema)?;
    let key_types: Vec<DataType> =
        schema.trimmed_primary_key_fields().into_iter().map(|field| field.data_type).collect();
    let mut parts = Vec::new();
    for mut runs in sections(data_files, &key_types)? {
        if runs.len() > 1 {
            runs.sort_by_cached_key(|run| age(run));
            parts.push(Part::Merge(runs));
            continue;
        }
        // Neighbours that need no merging are read as one run: the next file is fetched while one is read.
        let files = runs.into_iter().flatten();
        match parts.last_mut() {
            Some(Part::Run(run)) => run.extend(files),
            _ => parts.push(Part::Run(files.collect())),
        }
    }
    Ok(parts)
}

/// Orders runs from old to new where sequence numbers say nothing: higher levels are older. The name makes it total.
fn age(run: &[DataFileMeta]) -> (i32, i64, String) {
    let level = run.iter().map(|file| file.level).max().unwrap_or(0);
    let newest = run.iter().map(|file| file.max_sequence_number).max().unwrap_or(0);
    (-level, newest, run.first().map(|file| file.file_name.clone()).unwrap_or_default())
}
