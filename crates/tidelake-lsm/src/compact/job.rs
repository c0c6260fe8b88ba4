//! Carrying out a compaction: step by step, in key order.

use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::TryStreamExt;
use tidelake_datafile::{
    BucketPlace, DataFileWriter, FileContent, JobError, JobKind, JobResult, Produced, TableFiles, Work,
};
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};
use tidelake_types::arrow_schema_wide;

use super::plan::Step;
use crate::{Error, MergedBatch, Result, fault::internal, layout::RowLayout, read::read_to_rewrite};

/// A compaction on its way. It reads its inputs and never touches them; what it wrote is taken away if it fails.
pub(crate) struct CompactJob {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    pub(crate) names: Arc<Mutex<DataFileNames>>,
    pub(crate) output_level: i32,
    pub(crate) drop_deletes: bool,
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
                left.extend(delete(&self.files, &self.place, &written).await);
                Err(JobError { error, rows: Vec::new(), left })
            }
        };
        JobResult { kind: JobKind::Compact, outcome }
    }
}

/// An error, and the files that could not be taken away.
type Failed = (Error, Vec<FilePath>);

impl CompactJob {
    /// Finished files are in `written` also if a later step fails.
    async fn compact(&self, written: &mut Vec<DataFileMeta>) -> Result<Produced, Failed> {
        let rows = RowsOfFiles::try_new(&self.files).map_err(|error| (error, Vec::new()))?;
        let mut produced = Produced::default();
        for step in &self.steps {
            match step {
                Step::Upgrade(file) => {
                    produced.added.push(DataFileMeta { level: self.output_level, ..(**file).clone() });
                    produced.removed.push((**file).clone());
                }
                Step::Rewrite(inputs) => {
                    let outputs = self.rewrite(inputs, &rows).await?;
                    written.extend_from_slice(&outputs);
                    produced.added.extend(outputs);
                    produced.removed.extend_from_slice(inputs);
                }
            }
        }
        Ok(produced)
    }

    async fn rewrite(&self, inputs: &[DataFileMeta], rows: &RowsOfFiles) -> Result<Vec<DataFileMeta>, Failed> {
        let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
        let content = FileContent::KeyValue { level: self.output_level };
        let mut writer = DataFileWriter::new(files, place, names, content, FileSource::Compact)
            .map_err(|error| (error, Vec::new()))?;
        if let Err(error) = self.copy(inputs, rows, &mut writer).await {
            return Err((error, writer.abort().await));
        }
        writer.finish().await.map_err(|error| (error, Vec::new()))
    }

    async fn copy(&self, inputs: &[DataFileMeta], rows: &RowsOfFiles, writer: &mut DataFileWriter) -> Result<()> {
        let mut merged = read_to_rewrite(&self.files, &self.place, inputs.to_vec(), self.drop_deletes);
        while let Some(batch) = merged.try_next().await? {
            writer.write(rows.to_file(batch)?).await?;
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

/// Deletes finished files; gives those that would not go.
pub(crate) async fn delete(files: &TableFiles, place: &BucketPlace, written: &[DataFileMeta]) -> Vec<FilePath> {
    let mut left = Vec::new();
    for file in written {
        if let Ok(path) = files.layout.data_file(&place.path, file)
            && files.io.delete(&path).await.is_err()
        {
            left.push(path);
        }
    }
    left
}
