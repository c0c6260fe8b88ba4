//! A file format that is not ours: a crate that knows `tidelake-format` alone is registered, and tables are written in it.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use futures::TryStreamExt;
use stranger_format::RunsFormat;
use tidelake::{
    Lake, Options,
    arrow_array::{RecordBatch, cast::AsArray, types::Int64Type},
    col,
    sql::SqlSession,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::builder().with_format(RunsFormat).build()?;
    let catalog = lake.open_catalog(&Options::from([("warehouse", folder.path().to_string_lossy())])).await?;
    let sql = SqlSession::new(lake.inner(), &catalog);
    sql.run(
        "CREATE TABLE shop.visits (id BIGINT, city STRING, seen TIMESTAMP(9), PRIMARY KEY (id) NOT ENFORCED)
         WITH ('bucket' = '1', 'file.format' = 'runs')",
    )
    .await?;
    sql.run(
        "INSERT INTO shop.visits VALUES
           (1, 'Oslo', TIMESTAMP '2026-01-31 23:59:59.123456789'), (2, 'Oslo', NULL), (3, 'Rome', NULL)",
    )
    .await?;
    sql.run("INSERT INTO shop.visits VALUES (2, 'Lima', NULL)").await?;

    // The rows of two files are merged by key, as in any format.
    let table = lake.table(&catalog, "shop.visits").await?;
    let rows: Vec<RecordBatch> =
        table.scan().filter(col("city").eq("Oslo")).project(["id"]).read().await?.try_collect().await?;
    let ids: Vec<i64> =
        rows.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values()).copied().collect();
    println!("in Oslo: {ids:?}");
    assert_eq!(ids, [1]);

    // The files have the format's name as their extension.
    let files = sql.collect("SELECT file_path FROM shop.visits$files WHERE file_format = 'runs'").await?;
    let files: Vec<&str> = files.iter().flat_map(|batch| batch.column(0).as_string::<i32>()).flatten().collect();
    println!("{files:#?}");
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|path| path.ends_with(".runs")));
    Ok(())
}
