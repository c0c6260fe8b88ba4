//! A lake in a folder that goes away with the test.

use arrow_array::RecordBatch;
use datafusion::common::cast::as_string_array;
use futures::TryStreamExt;
use tidelake_format_parquet::ParquetFormat;
use tidelake_sql::{Result, SqlResult, SqlSession};
use tidelake_table::{Lake, Options};

pub(crate) struct Sql {
    session: SqlSession,
    lake: Lake,
    _folder: tempfile::TempDir,
}

impl Sql {
    pub(crate) async fn new() -> Self {
        Self::with_memory_bytes(1 << 30).await
    }

    pub(crate) async fn with_memory_bytes(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::builder().with_format(ParquetFormat).with_memory_bytes(bytes).build().unwrap();
        let options = Options::from([("warehouse", folder.path().to_str().unwrap())]);
        let catalog = lake.open_catalog(&options).await.unwrap();
        let session = SqlSession::new(&lake, &catalog);
        let sql = Self { session, lake, _folder: folder };
        sql.run("CREATE DATABASE db").await.unwrap();
        sql.run("USE db").await.unwrap();
        sql
    }

    /// All that a statement answers.
    pub(crate) async fn run(&self, statement: &str) -> Result<Vec<RecordBatch>> {
        match self.session.run(statement).await? {
            SqlResult::Rows { batches, .. } => batches.try_collect().await,
            SqlResult::Done(_) => Ok(Vec::new()),
        }
    }

    /// What of the budget is spent.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.lake.runtime().memory().used_bytes()
    }

    pub(crate) async fn pause(&self) {
        self.lake.runtime().clock().sleep(std::time::Duration::from_millis(20)).await;
    }

    /// The one text that a query answers, `-` for none.
    pub(crate) async fn text(&self, query: &str) -> String {
        let batches = self.run(query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        let text = batches.iter().find(|batch| batch.num_rows() > 0).and_then(|batch| {
            let texts =
                datafusion::arrow::compute::cast(batch.column(0), &datafusion::arrow::datatypes::DataType::Utf8);
            as_string_array(&texts.unwrap()).unwrap().iter().next().flatten().map(str::to_owned)
        });
        text.unwrap_or_else(|| "-".to_owned())
    }
}
