//! A table with a primary key: rows replace rows, deletes take them away, and a repeated commit changes nothing.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use futures::TryStreamExt;
use tidelake::{
    CommitOutcome, Lake, Options,
    arrow_array::{Int64Array, RecordBatch, StringArray},
    sql::SqlSession,
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::builder().build()?;
    let catalog = lake.open_catalog(&Options::from([("warehouse", folder.path().to_string_lossy())])).await?;
    let sql = SqlSession::new(lake.inner(), &catalog);
    sql.run("CREATE TABLE shop.people (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '1')")
        .await?;
    let table = lake.table(&catalog, "shop.people").await?;

    // A named user with ascending numbers: what a job that may be restarted uses.
    let committer = table.committer("loader")?;
    let mut writer = table.writer().build()?;
    writer.write(people(&[(1, "Ada"), (2, "Grace")])?).await?;
    let first = writer.prepare_commit(1).await?;
    println!("{:?}", committer.commit(first.clone()).await?);
    assert!(matches!(committer.commit(first).await?, CommitOutcome::AlreadyCommitted { .. }));

    writer.write(people(&[(2, "Grace Hopper"), (3, "Barbara")])?).await?;
    writer.delete(people(&[(1, "Ada")])?).await?;
    println!("{:?}", committer.commit(writer.prepare_commit(2).await?).await?);

    let rows: Vec<RecordBatch> = table.scan().read().await?.try_collect().await?;
    let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
    println!("{count} people");
    assert_eq!(count, 2);
    Ok(())
}

fn people(rows: &[(i64, &str)]) -> Result<RecordBatch, Failure> {
    let ids: Int64Array = rows.iter().map(|row| Some(row.0)).collect();
    let names: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    Ok(RecordBatch::try_from_iter([("id", std::sync::Arc::new(ids) as _), ("name", std::sync::Arc::new(names) as _)])?)
}
