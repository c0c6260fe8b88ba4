//! A flush: from frozen rows to level-0 files, and to changelog files where the producer is `input`.
//!
//! ```text
//! frozen rows ─► sorted ─► windows ─┬─► merged ────► data files, level 0
//!                                   └─► as they are ► changelog files
//! ```

use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use tidelake_datafile::{BucketPlace, JobError, JobKind, JobResult, Produced, TableFiles, Work};
use tidelake_meta::{DataFileNames, FileSource};

use crate::{
    Decider, Gathered, Keep, MergeWindow, Plain, Result, WindowLimits, gather,
    gather::gather_unmerged,
    layout::RowLayout,
    memtable::{Block, SortedRows},
    output::{Destination, Failed, Output, OutputFiles},
};

/// What flushes of a bucket have in common.
#[derive(Debug)]
pub(crate) struct FlushPlan {
    pub(crate) layout: RowLayout,
    pub(crate) decider: Plain,
    /// Every row goes into changelog files, too: `changelog-producer` is `input`.
    pub(crate) changelog: bool,
    /// `_KEY_*`, `_SEQUENCE_NUMBER`, `_VALUE_KIND`, values.
    pub(crate) file_schema: SchemaRef,
}

/// Frozen rows on their way to files. The bucket holds the rows, too, until it is told how this went.
pub(crate) struct FlushJob {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    pub(crate) names: Arc<Mutex<DataFileNames>>,
    pub(crate) plan: Arc<FlushPlan>,
    pub(crate) frozen: Arc<Vec<Block>>,
}

#[async_trait]
impl Work for FlushJob {
    fn kind(&self) -> JobKind {
        JobKind::Flush
    }

    async fn run(self: Box<Self>) -> JobResult {
        JobResult { kind: JobKind::Flush, outcome: self.flush().await }
    }
}

impl FlushJob {
    async fn flush(&self) -> Result<Produced, JobError> {
        let destination = Destination {
            files: self.files.clone(),
            place: self.place.clone(),
            names: Arc::clone(&self.names),
            level: 0,
            source: FileSource::Append,
        };
        let mut output = destination.open(true, self.plan.changelog).map_err(|error| failed((error, Vec::new())))?;
        if let Err(error) = self.write(&mut output).await {
            return Err(failed((error, output.abort().await)));
        }
        let OutputFiles { data, changelog } = output.finish().await.map_err(failed)?;
        Ok(Produced { added: data, changelog, ..Produced::default() })
    }

    async fn write(&self, output: &mut Output) -> Result<()> {
        let runtime = &self.files.runtime;
        let (plan, frozen) = (Arc::clone(&self.plan), Arc::clone(&self.frozen));
        let limits = WindowLimits::default();
        let mut sorted = runtime.compute(move || SortedRows::new(&frozen, &plan.layout, limits)).await?;
        loop {
            let plan = Arc::clone(&self.plan);
            let (rest, columns) = runtime
                .compute(move || {
                    let columns = sorted.next_window().map(|window| plan.columns(&window));
                    (sorted, columns)
                })
                .await;
            sorted = rest;
            let Some(columns) = columns else { return Ok(()) };
            let (merged, unmerged) = columns?;
            for (writer, batches) in [(&mut output.data, merged), (&mut output.changelog, unmerged)] {
                let Some(writer) = writer else { continue };
                for batch in batches {
                    writer.write(batch).await?;
                }
            }
        }
    }
}

/// The bucket has the rows: none need to travel.
fn failed((error, left): Failed) -> JobError {
    JobError { error, rows: Vec::new(), left }
}

impl FlushPlan {
    /// A window as rows of the data file, and, where wanted, of the changelog file.
    fn columns(&self, window: &MergeWindow) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>)> {
        let decision = self.decider.decide(window)?;
        let num_columns = window.batches.first().map_or(0, |batch| batch.values.num_columns());
        let merged = gather(window, &decision, Keep::All, num_columns)?;
        let unmerged = if self.changelog { gather_unmerged(window)? } else { Vec::new() };
        let to_files =
            |pieces: Vec<Gathered>| pieces.into_iter().map(|piece| self.to_file(piece)).collect::<Result<Vec<_>>>();
        Ok((to_files(merged)?, to_files(unmerged)?))
    }

    /// Merged rows as rows of the data file.
    fn to_file(&self, rows: Gathered) -> Result<RecordBatch> {
        self.layout.to_file(&self.file_schema, &rows.columns, Arc::new(rows.sequence), Arc::new(rows.kind))
    }
}
