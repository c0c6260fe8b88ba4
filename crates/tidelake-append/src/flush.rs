//! From rows in memory to data files.

use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use async_trait::async_trait;
use tidelake_datafile::{
    BucketPlace, BucketRows, DataFileWriter, Error, FileContent, JobError, JobKind, JobResult, Produced, Result,
    TableFiles, Work,
};
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};

/// Small batches are joined until they have so many rows.
const BATCH_ROWS: usize = 8192;

/// Frozen rows and what they need to become files.
pub(crate) struct Flush {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    pub(crate) names: Arc<Mutex<DataFileNames>>,
    pub(crate) content: FileContent,
    pub(crate) rows: Vec<BucketRows>,
}

#[async_trait]
impl Work for Flush {
    fn kind(&self) -> JobKind {
        JobKind::Flush
    }

    async fn run(self: Box<Self>) -> JobResult {
        let outcome = match self.write().await {
            Ok(added) => Ok(Produced { added, ..Produced::default() }),
            Err((error, left)) => Err(JobError { error, rows: self.rows, left }),
        };
        JobResult { kind: JobKind::Flush, outcome }
    }
}

impl Flush {
    async fn write(&self) -> Result<Vec<DataFileMeta>, (Error, Vec<FilePath>)> {
        let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
        let mut writer = DataFileWriter::new(files, place, names, self.content, FileSource::Append)
            .map_err(|error| (error, Vec::new()))?;
        match self.write_all(&mut writer).await {
            Ok(()) => writer.finish().await.map_err(|error| (error, Vec::new())),
            Err(error) => Err((error, writer.abort().await)),
        }
    }

    async fn write_all(&self, writer: &mut DataFileWriter) -> Result<()> {
        let mut rest = self.rows.as_slice();
        while !rest.is_empty() {
            let (joined, after) = rest.split_at(joined(rest));
            rest = after;
            let batches: Vec<RecordBatch> = joined.iter().map(|rows| rows.rows.clone()).collect();
            let batch = match <[_; 1]>::try_from(batches) {
                Ok([single]) => single,
                Err(batches) => {
                    let schema = batches[0].schema();
                    self.files.runtime.compute(move || concat_batches(&schema, &batches)).await?
                }
            };
            writer.write(batch).await?;
        }
        Ok(())
    }
}

/// How many batches from the first on make up one of a good size; at least one.
fn joined(batches: &[BucketRows]) -> usize {
    let mut rows = 0;
    let fits = batches.iter().take_while(|batch| {
        rows += batch.rows.num_rows();
        rows <= BATCH_ROWS && batch.rows.schema_ref() == batches[0].rows.schema_ref()
    });
    fits.count().max(1)
}
