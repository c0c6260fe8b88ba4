use bytes::Bytes;
use tidelake_catalog::{
    CatalogExt, CatalogRegistry, Classify, DataField, ErrorKind, FileIO, FilePath, Identifier, Options, SchemaChange,
    TableSchema, TypeKind,
};

use crate::{context, open};

fn schema(options: Options) -> TableSchema {
    let fields =
        vec![DataField::new(0, "k", TypeKind::Int.not_null()), DataField::new(1, "v", TypeKind::STRING.nullable())];
    TableSchema::create(fields, vec![], vec!["k".to_owned()], options, None, 0).unwrap()
}

#[tokio::test]
async fn defaults_of_the_catalog_become_options_of_new_tables_unless_they_have_their_own() {
    let (context, _) = context();
    let options = Options::from([
        ("warehouse", "memory://lake"),
        ("table-default.bucket", "4"),
        ("table-default.file.compression", "lz4"),
    ]);
    let catalog = open(&options, &context).await;
    catalog.ensure_database("d").await.unwrap();
    let own = Options::from([("bucket", "2")]);
    let entry = catalog.create_table(&Identifier::new("d", "t").unwrap(), &schema(own)).await.unwrap();
    assert_eq!(entry.schema.options.text("bucket"), Some("2"));
    assert_eq!(entry.schema.options.text("file.compression"), Some("lz4"));
    assert_eq!(catalog.table("d.t").await.unwrap().schema, entry.schema);
}

#[tokio::test]
async fn only_folders_with_a_schema_are_tables() {
    let (context, memory) = context();
    let catalog = open(&Options::from([("warehouse", "memory://lake/w")]), &context).await;
    catalog.ensure_database("d").await.unwrap();
    catalog.create_table(&Identifier::new("d", "real").unwrap(), &schema(Options::new())).await.unwrap();
    for path in ["w/d.db/junk/file", "w/d.db/empty/schema/README", "w/d.db/file", "w/other/t/schema/schema-0"] {
        let path = FilePath::parse(&format!("memory://lake/{path}")).unwrap();
        memory.overwrite(&path, Bytes::from_static(b"{}")).await.unwrap();
    }
    assert_eq!(catalog.list_tables("d").await.unwrap(), ["real"]);
    assert_eq!(catalog.list_databases().await.unwrap(), ["d"]);
    let error = catalog.table("d.junk").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn rows_of_a_table_dropped_halfway_do_not_come_back() {
    let (context, memory) = context();
    let catalog = open(&Options::from([("warehouse", "memory://lake")]), &context).await;
    catalog.ensure_database("d").await.unwrap();
    let left = FilePath::parse("memory://lake/d.db/t/snapshot/snapshot-3").unwrap();
    memory.overwrite(&left, Bytes::from_static(b"{}")).await.unwrap();
    let table = Identifier::new("d", "t").unwrap();
    let error = catalog.create_table(&table, &schema(Options::new())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains("memory://lake/d.db/t"), "{error}");
}

#[tokio::test]
async fn a_dropped_table_leaves_no_file() {
    use futures::TryStreamExt;
    let (context, memory) = context();
    let catalog = open(&Options::from([("warehouse", "memory://lake")]), &context).await;
    catalog.ensure_database("d").await.unwrap();
    let table = Identifier::new("d", "t").unwrap();
    let entry = catalog.create_table(&table, &schema(Options::new())).await.unwrap();
    for name in ["snapshot/snapshot-1", "bucket-0/data-0.parquet", "p=1/bucket-0/data-1.parquet", "loose"] {
        memory.overwrite(&entry.location.join(name).unwrap(), Bytes::from_static(b"x")).await.unwrap();
    }
    catalog.drop_table(&table).await.unwrap();
    let left: Vec<_> = memory.list(&entry.location).try_collect().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn tables_reach_the_roots_that_the_catalog_allows() {
    let (context, _) = context();
    let options =
        Options::from([("warehouse", "memory://lake"), ("tide.external-roots", "memory://elsewhere/a, memory://b")]);
    let catalog = open(&options, &context).await;
    catalog.ensure_database("d").await.unwrap();
    let table_options = Options::from([("data-file.external-paths", "memory://c")]);
    let entry = catalog.create_table(&Identifier::new("d", "t").unwrap(), &schema(table_options)).await.unwrap();
    for (path, kind) in [
        ("memory://elsewhere/a/x", ErrorKind::NotFound),
        ("memory://b/x", ErrorKind::NotFound),
        ("memory://elsewhere/b", ErrorKind::PermissionDenied),
        ("memory://c/x", ErrorKind::PermissionDenied),
        ("memory://lake/d.db/other", ErrorKind::PermissionDenied),
    ] {
        let error = entry.file_io.stat(&FilePath::parse(path).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{path}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_served_says_so() {
    let (context, _) = context();
    let catalog = open(&Options::from([("warehouse", "memory://lake")]), &context).await;
    let error = catalog.create_database("d", &Options::from([("comment", "x")])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    catalog.ensure_database("d").await.unwrap();
    let table = Identifier::new("d", "t").unwrap();
    catalog.create_table(&table, &schema(Options::new())).await.unwrap();
    let error = catalog.table("d.t$branch_b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let set = [SchemaChange::SetOption("bucket".to_owned(), "many".to_owned())];
    let error = catalog.alter_table(&table, &set).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");

    let none = CatalogRegistry::new().open(&Options::from([("metastore", "hive")]), &context).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Unsupported, "{none}");
    let mut registry = CatalogRegistry::new();
    registry.register(std::sync::Arc::new(tidelake_catalog::FilesystemCatalogFactory));
    let none = registry.open(&Options::new(), &context).await.unwrap_err();
    assert!(none.to_string().contains("`warehouse`"), "{none}");
}
