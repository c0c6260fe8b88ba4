//! A catalog that is not ours: a crate that knows `tidelake-catalog` alone is registered, and tables live in it.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use futures::TryStreamExt;
use stranger_catalog::AlbumCatalogFactory;
use tidelake::{Identifier, Lake, Options, arrow_array::RecordBatch, sql::SqlSession};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::builder().with_catalog(AlbumCatalogFactory).build()?;
    let warehouse = folder.path().to_string_lossy();
    let catalog = lake.open_catalog(&Options::from([("metastore", "album"), ("warehouse", &*warehouse)])).await?;

    // SQL and tables ask the catalog for entries, and never how it keeps them.
    let sql = SqlSession::new(lake.inner(), &catalog);
    sql.run("CREATE TABLE shop.orders (id BIGINT, total DOUBLE, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '2')")
        .await?;
    sql.run("INSERT INTO shop.orders VALUES (1, 10.0), (2, 20.0)").await?;
    sql.run("INSERT INTO shop.orders VALUES (2, 25.0), (3, 30.0)").await?;

    // What a catalog of folders cannot do: the name moves, the files stay.
    let (from, to) = (Identifier::parse("shop.orders")?, Identifier::parse("shop.sales")?);
    let before = catalog.load_table(&from).await?.location;
    catalog.rename_table(&from, &to).await?;
    assert_eq!(catalog.load_table(&to).await?.location, before);
    assert_eq!(catalog.list_tables("shop").await?, ["sales"]);

    let table = lake.table(&catalog, "shop.sales").await?;
    let rows: Vec<RecordBatch> = table.scan().read().await?.try_collect().await?;
    let found: usize = rows.iter().map(RecordBatch::num_rows).sum();
    println!("{found} sales in {}", table.location());
    assert_eq!(found, 3);
    Ok(())
}
