//! Every commit is a snapshot that can be read again.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use tidelake::{Lake, Options, arrow_array::cast::AsArray, arrow_array::types::Int64Type, sql::SqlSession};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::builder().build()?;
    let catalog = lake.open_catalog(&Options::from([("warehouse", folder.path().to_string_lossy())])).await?;
    let sql = SqlSession::new(lake.inner(), &catalog);
    sql.run(
        "CREATE TABLE shop.stock (item BIGINT, pieces BIGINT, PRIMARY KEY (item) NOT ENFORCED) WITH ('bucket' = '1')",
    )
    .await?;
    sql.run("INSERT INTO shop.stock VALUES (1, 10), (2, 20)").await?;
    sql.run("INSERT INTO shop.stock VALUES (1, 7), (3, 30)").await?;

    for (query, expected) in [
        ("SELECT sum(pieces) FROM shop.stock", 57),
        ("SELECT sum(pieces) FROM shop.stock VERSION AS OF 1", 30),
        ("SELECT sum(pieces) FROM shop.stock@v1", 30),
        ("SELECT count(*) FROM shop.stock$snapshots", 2),
    ] {
        let answer = sql.collect(query).await?[0].column(0).as_primitive::<Int64Type>().value(0);
        println!("{query}: {answer}");
        assert_eq!(answer, expected);
    }
    Ok(())
}
