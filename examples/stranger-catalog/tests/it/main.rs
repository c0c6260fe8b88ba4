//! The album from outside: the contract's suite, and what only an album promises.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use stranger_catalog::AlbumCatalogFactory;
use tidelake_catalog::{
    Bytes, Catalog, CatalogContext, CatalogRegistry, Classify, DataField, ErrorKind, FileIO, FileIORegistry, FilePath,
    Identifier, Options, Runtime, TableSchema, TypeKind, conformance,
    io::{MemoryFileIO, stream},
};

/// Catalogs opened with this share one memory, as processes share a disk.
fn context() -> (CatalogContext, MemoryFileIO) {
    let runtime = Runtime::tokio(1, 64 << 20);
    let memory = MemoryFileIO::new(runtime.clone());
    let file_ios = FileIORegistry::with_defaults(&runtime).with(Arc::new(memory.clone()));
    (CatalogContext { runtime, file_ios }, memory)
}

async fn open(warehouse: &str, context: &CatalogContext) -> Arc<dyn Catalog> {
    let mut catalogs = CatalogRegistry::new();
    catalogs.register(Arc::new(AlbumCatalogFactory));
    catalogs.open(&Options::from([("metastore", "album"), ("warehouse", warehouse)]), context).await.unwrap()
}

fn schema() -> TableSchema {
    let fields = vec![DataField::new(0, "id", TypeKind::BigInt.not_null())];
    TableSchema::create(fields, vec![], vec!["id".into()], Options::from([("bucket", "1")]), None, 0).unwrap()
}

fn name(text: &str) -> Identifier {
    Identifier::parse(text).unwrap()
}

#[tokio::test]
async fn the_album_keeps_the_promises_of_a_catalog_in_memory() {
    let (context, _) = context();
    conformance::all(open("memory://lake/w", &context).await.as_ref()).await.unwrap();
}

#[tokio::test]
async fn the_album_keeps_the_promises_of_a_catalog_on_disk() {
    let (context, _) = context();
    let folder = std::env::temp_dir().join(format!("album-{}", context.runtime.ids().uuid()));
    conformance::all(open(folder.to_str().unwrap(), &context).await.as_ref()).await.unwrap();
    let left = std::fs::read_dir(folder.join("tables")).unwrap().count();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(left, 0, "dropped tables and lost races leave no folder behind");
}

#[tokio::test]
async fn the_suite_finds_a_catalog_that_breaks_a_promise() {
    let (context, _) = context();
    let catalog = open("memory://lake/w", &context).await;
    // A database that cannot be made, because it is there already.
    catalog.create_database("conformance", &Options::new()).await.unwrap();
    assert_eq!(conformance::all(catalog.as_ref()).await.unwrap_err().promise, "a database can be made");
}

#[tokio::test]
async fn a_rename_moves_the_name_and_not_the_table() {
    let (context, _) = context();
    let catalog = open("memory://lake/w", &context).await;
    for database in ["a", "b"] {
        catalog.create_database(database, &Options::new()).await.unwrap();
    }
    let made = catalog.create_table(&name("a.t"), &schema()).await.unwrap();
    catalog.rename_table(&name("a.t"), &name("b.u")).await.unwrap();
    let renamed = catalog.load_table(&name("b.u")).await.unwrap();
    assert_eq!((renamed.uuid, renamed.location), (made.uuid, made.location));
    assert!(catalog.list_tables("a").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_several_change_at_once_is_all_there() {
    use stream::{StreamExt, TryStreamExt};
    let (context, memory) = context();
    let catalogs = [open("memory://lake/w", &context).await, open("memory://lake/w", &context).await];
    catalogs[0].create_database("db", &Options::new()).await.unwrap();
    let names: Vec<String> = (10..30).map(|number| format!("t{number}")).collect();
    let made = stream::iter(names.iter().zip(catalogs.iter().cycle()))
        .map(|(table, catalog)| async move { catalog.create_table(&name(&format!("db.{table}")), &schema()).await });
    let made: Vec<_> = made.buffer_unordered(8).try_collect().await.unwrap();
    assert_eq!(made.len(), 20);
    for catalog in &catalogs {
        assert_eq!(catalog.list_tables("db").await.unwrap(), names);
    }
    let pages: Vec<_> = memory.list(&FilePath::parse("memory://lake/w/album").unwrap()).try_collect().await.unwrap();
    assert_eq!(pages.len(), 21, "one page for each change");
}

#[tokio::test]
async fn a_broken_page_is_an_error_with_its_path() {
    let (context, memory) = context();
    let catalog = open("memory://lake/w", &context).await;
    catalog.create_database("db", &Options::new()).await.unwrap();
    let page = FilePath::parse("memory://lake/w/album/page-2").unwrap();
    memory.publish(&page, Bytes::from("album\t1\nby\tme\ndatabase\n")).await.unwrap();
    let error = catalog.list_databases().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("album/page-2"), "{error}");
}
