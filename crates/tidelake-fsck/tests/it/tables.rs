//! Two small tables in a folder: `keys`, with deletes and two buckets, and `log`, which only grows.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{Int64Array, RecordBatch, StringArray};
use tempfile::TempDir;
use tidelake_catalog::{Identifier, TableSchema};
use tidelake_format_parquet::ParquetFormat;
use tidelake_fsck::{Report, check_table};
use tidelake_io::{FilePath, LocalFileIO};
use tidelake_runtime::Runtime;
use tidelake_table::{DataField, Lake, Options, Table, TypeKind};

pub(crate) struct World {
    folder: TempDir,
    tokio: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new() -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = Self { folder: tempfile::tempdir().unwrap(), tokio };
        world.tokio.block_on(world.write());
        world
    }

    async fn write(&self) {
        let lake = Lake::builder().with_format(ParquetFormat).build().unwrap();
        let warehouse = self.folder.path().to_str().unwrap();
        let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.unwrap();
        catalog.create_database("db", &Options::new()).await.unwrap();
        for (name, keys, options) in
            [("keys", vec!["k".to_owned()], Options::from([("bucket", "2")])), ("log", Vec::new(), Options::new())]
        {
            let key = if keys.is_empty() { TypeKind::BigInt.nullable() } else { TypeKind::BigInt.not_null() };
            let fields = vec![DataField::new(0, "k", key), DataField::new(1, "v", TypeKind::STRING.nullable())];
            let schema = TableSchema::create(fields, Vec::new(), keys, options, None, 0).unwrap();
            catalog.create_table(&Identifier::new("db", name).unwrap(), &schema).await.unwrap();
            let table = lake.table(&catalog, &format!("db.{name}")).await.unwrap();
            commit(&table, 0..300, None).await;
            commit(&table, 200..500, (name == "keys").then_some(50..90)).await;
            commit(&table, 900..901, None).await;
        }
    }

    pub(crate) fn table(&self, name: &str) -> PathBuf {
        self.folder.path().join("db.db").join(name)
    }

    pub(crate) fn check(&self, table: &Path) -> tidelake_fsck::Result<Report> {
        self.tokio.block_on(async {
            let runtime = Runtime::tokio(1, 1 << 30);
            let io = Arc::new(LocalFileIO::new(runtime.clone()));
            let location = FilePath::parse(table.to_str().unwrap()).unwrap();
            check_table(io, &location, &runtime).await
        })
    }

    /// The only, or first, file below the table whose name begins so, by age of the name.
    pub(crate) fn file(&self, table: &str, prefix: &str) -> PathBuf {
        let files = self.files(table, prefix);
        files.into_iter().next().unwrap_or_else(|| panic!("no {prefix} in {table}"))
    }

    pub(crate) fn files(&self, table: &str, prefix: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.table(table), &mut found);
        found.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
        found.sort();
        found
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

async fn commit(table: &Table, keys: std::ops::Range<i64>, deleted: Option<std::ops::Range<i64>>) {
    let mut writer = table.writer().build().unwrap();
    writer.write(rows(keys)).await.unwrap();
    if let Some(deleted) = deleted {
        writer.delete(rows(deleted)).await.unwrap();
    }
    let _ = writer.commit().await.unwrap();
}

fn rows(keys: std::ops::Range<i64>) -> RecordBatch {
    let values = StringArray::from_iter_values(keys.clone().map(|k| format!("value {k}")));
    let keys = Int64Array::from_iter_values(keys);
    RecordBatch::try_from_iter_with_nullable([
        ("k", Arc::new(keys) as Arc<dyn arrow_array::Array>, false),
        ("v", Arc::new(values), true),
    ])
    .unwrap()
}
