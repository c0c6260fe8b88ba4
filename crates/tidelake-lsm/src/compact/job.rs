//! Carrying out a compaction: step by step, in key order.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::TryStreamExt;
use tidelake_datafile::{JobError, JobKind, JobResult, Produced, TableFiles, Work};
use tidelake_meta::DataFileMeta;
use tidelake_types::arrow_schema_wide;

use super::plan::Step;
use crate::{
    Decider, MergedBatch, Result,
    fault::internal,
    layout::RowLayout,
    output::{Destination, Failed, Output, OutputFiles, delete},
    read::{Piece, read_to_rewrite},
};

/// A compaction on its way. It reads its inputs and never touches them; what it wrote is taken away if it fails.
pub(crate) struct CompactJob {
    pub(crate) destination: Destination,
    pub(crate) drop_deletes: bool,
    pub(crate) decider: Arc<dyn Decider>,
    /// Whether the decider tells of changes.
    pub(crate) changelog: bool,
    pub(crate) steps: Vec<Step>,
}

#[async_trait]
impl Work for CompactJob {
    fn kind(&self) -> JobKind {
        JobKind::Compact
    }

    async fn run(self: Box<Self>) -> JobResult {
        let mut written = Vec::new();
        let outcome = match self.compact(&mut written).await {
            Ok(produced) => Ok(produced),
            Err((error, mut left)) => {
                left.extend(delete(&self.destination.files, &self.destination.place, &written).await);
                Err(JobError { error, rows: Vec::new(), left })
            }
        };
        JobResult { kind: JobKind::Compact, outcome }
    }
}

impl CompactJob {
    /// Finished files are in `written` also if a later step fails.
    async fn compact(&self, written: &mut Vec<DataFileMeta>) -> Result<Produced, Failed> {
        let rows = RowsOfFiles::try_new(&self.destination.files).map_err(|error| (error, Vec::new()))?;
        let mut produced = Produced::default();
        for step in &self.steps {
            // What is moved is only read where there is something to tell of it.
            let (inputs, is_rewritten) = match step {
                Step::Rewrite(inputs) => (inputs.as_slice(), true),
                Step::Upgrade(file) => (std::slice::from_ref(&**file), false),
            };
            if is_rewritten || self.changelog {
                let OutputFiles { data, changelog } = self.write(inputs, &rows, is_rewritten).await?;
                written.extend(data.iter().chain(&changelog).cloned());
                produced.added.extend(data);
                produced.changelog.extend(changelog);
            }
            if let Step::Upgrade(file) = step {
                produced.added.push(DataFileMeta { level: self.destination.level, ..(**file).clone() });
            }
            produced.removed.extend_from_slice(inputs);
        }
        Ok(produced)
    }

    async fn write(&self, inputs: &[DataFileMeta], rows: &RowsOfFiles, data: bool) -> Result<OutputFiles, Failed> {
        let mut output = self.destination.open(data, self.changelog).map_err(|error| (error, Vec::new()))?;
        if let Err(error) = self.copy(inputs, rows, &mut output).await {
            return Err((error, output.abort().await));
        }
        output.finish().await
    }

    async fn copy(&self, inputs: &[DataFileMeta], rows: &RowsOfFiles, output: &mut Output) -> Result<()> {
        let Destination { files, place, .. } = &self.destination;
        let mut merged = read_to_rewrite(files, place, inputs.to_vec(), self.drop_deletes, Arc::clone(&self.decider));
        while let Some(piece) = merged.try_next().await? {
            let (writer, batch) = match piece {
                Piece::Rows(batch) => (&mut output.data, batch),
                Piece::Changes(batch) => (&mut output.changelog, batch),
            };
            if let Some(writer) = writer {
                writer.write(rows.to_file(batch)?).await?;
            }
        }
        Ok(())
    }
}

/// Merged rows as data files have them.
struct RowsOfFiles {
    layout: RowLayout,
    schema: SchemaRef,
}

impl RowsOfFiles {
    fn try_new(files: &TableFiles) -> Result<Self> {
        let schema = &files.schema;
        Ok(Self {
            layout: RowLayout::try_new(schema, &schema.fields)?,
            schema: arrow_schema_wide(&schema.key_value_fields(false))?,
        })
    }

    /// The last column holds the sequence numbers, which rows keep.
    fn to_file(&self, batch: MergedBatch) -> Result<RecordBatch> {
        let Some((sequence, values)) = batch.rows.columns().split_last() else {
            return Err(internal("rows to be written anew have no column"));
        };
        self.layout.to_file(&self.schema, values, Arc::clone(sequence), Arc::new(batch.kinds))
    }
}
