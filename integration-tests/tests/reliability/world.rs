//! Tables over a store of the test's, and what is in them.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, Int8Array, RecordBatch, cast::AsArray, types::Int32Type};
use futures::TryStreamExt;
use tidelake_format_parquet::ParquetFormat;
use tidelake_io::{FileIO, FileIOFactory, FilePath};
use tidelake_runtime::Runtime;
use tidelake_table::{Catalog, DataField, Identifier, Lake, Options, Result, StreamPlan, Table, TableSchema, TypeKind};
use tidelake_testing::{batch, ints, texts};

/// The store under test, in place of the local disk.
#[derive(Debug)]
struct Given(Arc<dyn FileIO>);

impl FileIOFactory for Given {
    fn schemes(&self) -> &[&str] {
        &["file"]
    }

    fn build(&self, _root: &FilePath, _options: &Options) -> tidelake_io::Result<Arc<dyn FileIO>> {
        Ok(Arc::clone(&self.0))
    }
}

/// A process: a lake and its catalog.
pub(crate) struct World {
    pub(crate) lake: Lake,
    pub(crate) catalog: Arc<dyn Catalog>,
}

impl World {
    /// Over a store of the test's; the warehouse is `/lake`.
    pub(crate) async fn over(io: Arc<dyn FileIO>, runtime: Runtime) -> Result<Self> {
        let lake = Lake::builder().with_runtime(runtime).with_file_io(Given(io)).with_format(ParquetFormat);
        Self::opened(lake.build()?, "/lake").await
    }

    /// On the local disk.
    pub(crate) async fn on_disk(warehouse: &str, runtime: Runtime) -> Result<Self> {
        Self::opened(Lake::builder().with_runtime(runtime).with_format(ParquetFormat).build()?, warehouse).await
    }

    async fn opened(lake: Lake, warehouse: &str) -> Result<Self> {
        let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await?;
        Ok(Self { lake, catalog })
    }

    /// `db.t`.
    pub(crate) async fn table(&self) -> Result<Table> {
        self.lake.table(&self.catalog, "db.t").await
    }

    /// Makes `db` if it is not there.
    pub(crate) async fn database(&self) -> Result<()> {
        if !self.catalog.list_databases().await?.iter().any(|name| name == "db") {
            self.catalog.create_database("db", &Options::default()).await?;
        }
        Ok(())
    }

    /// Makes `db.name`.
    pub(crate) async fn create(&self, name: &str, schema: &TableSchema) -> Result<()> {
        self.catalog.create_table(&Identifier::new("db", name)?, schema).await?;
        Ok(())
    }
}

/// `k INT, token STRING`; with `key`, `k` is the primary key.
pub(crate) fn schema(key: bool, options: &[(&str, &str)]) -> TableSchema {
    let fields = vec![
        DataField::new(0, "k", if key { TypeKind::Int.not_null() } else { TypeKind::Int.nullable() }),
        DataField::new(1, "token", TypeKind::STRING.nullable()),
    ];
    let keys = if key { vec!["k".to_owned()] } else { Vec::new() };
    let options = options.iter().map(|(name, value)| (*name, *value)).collect();
    TableSchema::create(fields, Vec::new(), keys, options, None, 0).unwrap()
}

/// A row and what it does.
pub(crate) type Change = (i8, i32, String);

/// Rows with their kinds, as a writer takes them.
pub(crate) fn rows(changes: &[Change]) -> (RecordBatch, Int8Array) {
    let columns = [
        ("k", ints(changes.iter().map(|change| change.1))),
        ("token", texts(changes.iter().map(|change| change.2.as_str()))),
    ];
    (batch(columns), Int8Array::from_iter_values(changes.iter().map(|change| change.0)))
}

fn changes_of(rows: &RecordBatch, kinds: &Int8Array, into: &mut Vec<Change>) {
    let (keys, tokens) = (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_string::<i32>());
    for row in 0..rows.num_rows() {
        let key = if keys.is_null(row) { i32::MIN } else { keys.value(row) };
        let token = if tokens.is_null(row) { "NULL".to_owned() } else { tokens.value(row).to_owned() };
        into.push((kinds.value(row), key, token));
    }
}

/// An independent reader of all files finds nothing wrong.
pub(crate) async fn clean(table: &Table) {
    let report = tidelake_fsck::check_table(table.file_io(), table.location(), table.lake().runtime()).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

/// All rows of the latest snapshot, sorted.
pub(crate) async fn contents(table: &Table) -> Result<Vec<(i32, String)>> {
    let batches: Vec<RecordBatch> = table.scan().read().await?.try_collect().await?;
    Ok(rows_of(&batches))
}

/// The rows of batches, sorted.
pub(crate) fn rows_of(batches: &[RecordBatch]) -> Vec<(i32, String)> {
    let mut changes = Vec::new();
    for rows in batches {
        changes_of(rows, &Int8Array::from_value(0, rows.num_rows()), &mut changes);
    }
    let mut rows: Vec<_> = changes.into_iter().map(|(_, key, token)| (key, token)).collect();
    rows.sort();
    rows
}

/// The rows of a plan, in reading order.
pub(crate) async fn changes_of_plan(plan: StreamPlan) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut batches = plan.changes;
    while let Some(batch) = batches.try_next().await? {
        changes_of(&batch.rows, &batch.kinds, &mut changes);
    }
    Ok(changes)
}

/// What a key table holds after these commits.
pub(crate) fn merged(commits: &[Vec<Change>]) -> Vec<(i32, String)> {
    let mut state = BTreeMap::new();
    for (kind, key, token) in commits.iter().flatten() {
        match kind {
            0 | 2 => state.insert(*key, token.clone()),
            _ => state.remove(key),
        };
    }
    state.into_iter().collect()
}

/// What an append table holds after these commits.
pub(crate) fn appended(commits: &[Vec<Change>]) -> Vec<(i32, String)> {
    let mut rows: Vec<_> = commits.iter().flatten().map(|(_, key, token)| (*key, token.clone())).collect();
    rows.sort();
    rows
}
