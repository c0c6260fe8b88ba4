//! Writing the rows of a query, in one commit.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::SchemaRef,
    common::Result,
    datasource::sink::DataSink,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{DisplayAs, DisplayFormatType},
};
use futures::TryStreamExt;
use tidelake_table::{CommitOutcome, Table, TableWriter};

use crate::Error;

/// Takes rows into a table.
#[derive(Debug)]
pub(crate) struct TableSink {
    table: Table,
    schema: SchemaRef,
}

impl TableSink {
    pub(crate) fn new(table: Table, schema: SchemaRef) -> Self {
        Self { table, schema }
    }
}

impl DisplayAs for TableSink {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TidelakeSink: table={}", self.table.identifier())
    }
}

#[async_trait]
impl DataSink for TableSink {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(&self, rows: SendableRecordBatchStream, _: &Arc<TaskContext>) -> Result<u64> {
        let writer = self.table.writer().build().map_err(Error::from)?;
        let (count, _) = store(writer, rows).await?;
        Ok(count)
    }
}

/// Commits the rows of a query, and says how many they are and how the commit ended. If the query fails, nothing is committed,
/// and what was written for it goes.
pub(crate) async fn store(
    mut writer: TableWriter,
    mut rows: SendableRecordBatchStream,
) -> crate::Result<(u64, CommitOutcome)> {
    match fill(&mut writer, &mut rows).await {
        Ok(count) => Ok((count, writer.commit().await?)),
        Err(error) => {
            writer.abandon().await;
            Err(error)
        }
    }
}

async fn fill(writer: &mut TableWriter, rows: &mut SendableRecordBatchStream) -> crate::Result<u64> {
    let mut count = 0;
    while let Some(batch) = rows.try_next().await? {
        count += batch.num_rows() as u64;
        writer.write(batch).await?;
    }
    Ok(count)
}
