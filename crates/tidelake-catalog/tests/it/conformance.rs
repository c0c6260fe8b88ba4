use tidelake_catalog::{Options, conformance};

use crate::{context, open};

#[tokio::test]
async fn the_filesystem_catalog_keeps_its_promises_in_memory() {
    let (context, _) = context();
    let catalog = open(&Options::from([("warehouse", "memory://lake/warehouse")]), &context).await;
    conformance::all(catalog.as_ref()).await.unwrap();
}

#[tokio::test]
async fn the_filesystem_catalog_keeps_its_promises_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context();
    let warehouse = folder.path().join("warehouse");
    let catalog = open(&Options::from([("warehouse", warehouse.to_str().unwrap())]), &context).await;
    conformance::all(catalog.as_ref()).await.unwrap();
    // Nothing of the hostile names went anywhere.
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["warehouse"]);
}
