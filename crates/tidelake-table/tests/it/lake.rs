//! A key table in a folder that goes away with the test, and a model of its rows.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    ArrayRef, Int8Array, Int32Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use futures::TryStreamExt;
use tidelake_format_parquet::ParquetFormat;
use tidelake_table::{
    Catalog, CommitOutcome, DataField, Identifier, Lake, Options, ReadFrom, RowKind, Table, TableSchema, TableWriter,
    TypeKind,
};

/// Of each partition and key the value.
pub(crate) type Model = BTreeMap<(i32, i32), String>;

pub(crate) struct Folder {
    folder: tempfile::TempDir,
    pub(crate) lake: Lake,
    pub(crate) catalog: Arc<dyn Catalog>,
}

/// `p` (partition), `k`, `v`.
pub(crate) fn fields() -> Vec<DataField> {
    vec![
        DataField::new(0, "p", TypeKind::Int.not_null()),
        DataField::new(1, "k", TypeKind::Int.not_null()),
        DataField::new(2, "v", TypeKind::STRING.nullable()),
    ]
}

impl Folder {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::builder().with_format(ParquetFormat).build().unwrap();
        let warehouse = folder.path().to_str().unwrap();
        let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.unwrap();
        catalog.create_database("db", &Options::new()).await.unwrap();
        Self { folder, lake, catalog }
    }

    /// A new table, partitioned by `p` and with the key `(p, k)`, or without a key.
    pub(crate) async fn create(&self, keyed: bool, options: &[(&str, &str)]) -> Table {
        let keys = if keyed { vec!["p".to_owned(), "k".to_owned()] } else { Vec::new() };
        let options: Options = options.iter().copied().collect();
        let schema = TableSchema::create(fields(), vec!["p".to_owned()], keys, options, None, 0).unwrap();
        self.catalog.create_table(&Identifier::parse("db.t").unwrap(), &schema).await.unwrap();
        self.open().await
    }

    pub(crate) async fn open(&self) -> Table {
        self.lake.table(&self.catalog, "db.t").await.unwrap()
    }

    /// The files in its buckets, whether or not anything refers to them.
    pub(crate) fn stored_files(&self) -> usize {
        let entries = |path: &std::path::Path| {
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        let partitions = entries(&self.folder.path().join("db.db/t"));
        let partitions = partitions.iter().filter(|path| path.to_string_lossy().contains("/p="));
        partitions.flat_map(|path| entries(path)).map(|bucket| entries(&bucket).len()).sum()
    }
}

/// One commit of `(p, k, value or delete)` without compaction, told to the model too.
pub(crate) async fn write(table: &Table, model: &mut Model, rows: &[Row]) {
    let never = [("num-sorted-run.compaction-trigger", "1000"), ("compaction.min.file-num", "1000")];
    let mut writer = table.with_options(&Options::from(never)).writer().build().unwrap();
    add(&mut writer, table, model, rows).await;
    assert!(matches!(writer.commit().await.unwrap(), CommitOutcome::Committed { append: Some(_), .. }));
}

/// `(p, k, value or delete)`.
pub(crate) type Row = (i32, i32, Option<String>);

/// Rows into a writer, told to the model too.
pub(crate) async fn add(writer: &mut TableWriter, table: &Table, model: &mut Model, rows: &[Row]) {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| Some(row.0)).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| Some(row.1)).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| row.2.as_deref()).collect::<StringArray>()),
    ];
    let batch = RecordBatch::try_new(table.arrow_schema().unwrap(), columns).unwrap();
    let kind = |row: &Row| if row.2.is_some() { RowKind::Insert } else { RowKind::Delete };
    let kinds = Int8Array::from_iter_values(rows.iter().map(|row| kind(row).as_byte()));
    writer.write_kinds(batch, &kinds).await.unwrap();
    for (p, k, value) in rows {
        match value {
            Some(value) => drop(model.insert((*p, *k), value.clone())),
            None => drop(model.remove(&(*p, *k))),
        }
    }
}

/// All rows; each key once, or it panics.
pub(crate) async fn read(table: &Table, from: Option<i64>) -> Model {
    let scan = table.scan();
    let scan = if let Some(id) = from { scan.from(ReadFrom::Snapshot(id)) } else { scan };
    let batches: Vec<RecordBatch> = scan.read().await.unwrap().try_collect().await.unwrap();
    let mut rows = Model::new();
    for batch in batches {
        let number = |column: usize, i| batch.column(column).as_primitive::<Int32Type>().value(i);
        for i in 0..batch.num_rows() {
            let (key, value) = ((number(0, i), number(1, i)), batch.column(2).as_string::<i32>().value(i).to_owned());
            assert_eq!(rows.insert(key, value), None, "{key:?} twice");
        }
    }
    rows
}

/// Level and rows of each file alive, in order.
pub(crate) async fn files(table: &Table) -> Vec<(i32, i64)> {
    let batch = table.system("files").await.unwrap();
    let column = |name| batch.column_by_name(name).unwrap();
    let levels = column("level").as_primitive::<Int32Type>();
    let counts = column("record_count").as_primitive::<Int64Type>();
    let mut files: Vec<_> = (0..batch.num_rows()).map(|i| (levels.value(i), counts.value(i))).collect();
    files.sort_unstable();
    files
}

pub(crate) async fn check(table: &Table) {
    let report = tidelake_fsck::check_table(table.file_io(), table.location(), table.lake().runtime()).await.unwrap();
    assert_eq!(report.problems, Vec::new());
}

/// Numbers that look random and are the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Rows of two partitions with 60 keys each; a fourth of them are deletes.
    pub(crate) fn rows(&mut self, commit: usize) -> Vec<(i32, i32, Option<String>)> {
        let count = 1 + self.below(40);
        let row = |_| {
            let (p, k) = (self.below(2) as i32, self.below(60) as i32);
            (p, k, (self.below(4) > 0).then(|| format!("v{commit}")))
        };
        (0..count).map(row).collect()
    }
}
