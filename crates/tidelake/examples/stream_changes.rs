//! Following a table: a plan for each snapshot, rows with their kinds, and a checkpoint to resume from.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use futures::{StreamExt, TryStreamExt};
use tidelake::{Lake, Options, StreamStart, sql::SqlSession};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::builder().build()?;
    let catalog = lake.open_catalog(&Options::from([("warehouse", folder.path().to_string_lossy())])).await?;
    let sql = SqlSession::new(lake.inner(), &catalog);
    sql.run("CREATE TABLE shop.events (id BIGINT, what STRING)").await?;
    sql.run("INSERT INTO shop.events VALUES (1, 'open'), (2, 'close')").await?;
    let table = lake.table(&catalog, "shop.events").await?;

    let mut stream = table.stream(StreamStart::LatestFull).build().await?;
    let mut plan = stream.next().await.ok_or("the stream has ended")??;
    let mut rows = 0;
    while let Some(batch) = plan.changes.try_next().await? {
        rows += batch.rows.num_rows();
    }
    println!("plan {}: {rows} rows, next is snapshot {}", plan.number, plan.next_snapshot);
    assert_eq!(rows, 2);
    let checkpoint = plan.checkpoint;
    drop(stream);

    // Later, perhaps in another process: what came since.
    sql.run("INSERT INTO shop.events VALUES (3, 'open')").await?;
    let mut resumed = table.stream(StreamStart::LatestFull).resume(checkpoint).build().await?;
    let plan = resumed.next().await.ok_or("the stream has ended")??;
    let batches: Vec<_> = plan.changes.try_collect().await?;
    println!("plan {}: {} rows", plan.number, batches[0].rows.num_rows());
    assert_eq!((plan.number, batches[0].rows.num_rows()), (2, 1));
    Ok(())
}
