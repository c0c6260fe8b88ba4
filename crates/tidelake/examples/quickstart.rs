//! A lake in a folder: create a table, write rows, read some of them back.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::sync::Arc;

use futures::TryStreamExt;
use tidelake::{
    DataField, Identifier, Lake, Options, Result, TableSchema, TypeKind,
    arrow_array::{Float64Array, Int64Array, RecordBatch},
    arrow_schema::{DataType, Field, Schema},
    col,
};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder for the example");
    let lake = Lake::builder().build()?;
    let catalog = lake.open_catalog(&Options::from([("warehouse", folder.path().to_string_lossy())])).await?;

    let fields = vec![
        DataField::new(0, "id", TypeKind::BigInt.not_null()),
        DataField::new(1, "total", TypeKind::Double.nullable()),
    ];
    let options = Options::from([("bucket", "2")]);
    let schema = TableSchema::create(fields, vec![], vec!["id".into()], options, None, 0)?;
    catalog.create_database("shop", &Options::new()).await?;
    catalog.create_table(&Identifier::parse("shop.orders")?, &schema).await?;

    let table = lake.table(&catalog, "shop.orders").await?;
    let mut writer = table.writer().build()?;
    writer.write(orders(&[(1, 10.0), (2, 20.0), (3, 30.0)])).await?;
    println!("{:?}", writer.commit().await?);

    let rows: Vec<_> = table.scan().filter(col("total").gt(15.0)).project(["id"]).read().await?.try_collect().await?;
    let found: usize = rows.iter().map(RecordBatch::num_rows).sum();
    println!("{found} orders above 15");
    assert_eq!(found, 2);
    Ok(())
}

fn orders(rows: &[(i64, f64)]) -> RecordBatch {
    let schema =
        Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("total", DataType::Float64, true)]);
    let ids: Int64Array = rows.iter().map(|row| Some(row.0)).collect();
    let totals: Float64Array = rows.iter().map(|row| Some(row.1)).collect();
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(ids), Arc::new(totals)]).expect("columns of one length")
}
