//! Tidelake's side: tables made, written, read and followed through the crate `tidelake-table`.

use std::sync::Arc;

use integration_tests::answers::{changes_from_first, sorted, text};
use serde_json::{Value, json};
use tidelake_format_parquet::ParquetFormat;
use tidelake_table::{Catalog, Filter, Identifier, Lake, Options, ReadFrom, Table, TableSchema};
use tidelake_types::{CanonicalReader, DataField, parse_ddl_type};

/// Fails are texts here: the test collects them.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// What a table is made of.
#[derive(Clone, Default)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) partitions: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) options: Vec<(String, String)>,
}

impl Shape {
    /// `"k INT NOT NULL; v STRING"`, then names and options separated by blanks.
    pub(crate) fn new(name: &str, columns: &str, keys: &str, partitions: &str, options: &str) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Self {
            name: name.to_owned(),
            columns: columns
                .split(';')
                .map(|column| column.trim().split_once(' ').expect("name and type"))
                .map(|(name, data_type)| (name.to_owned(), data_type.to_owned()))
                .collect(),
            partitions: words(partitions),
            keys: words(keys),
            options: words(options)
                .iter()
                .map(|pair| pair.split_once('=').expect("key=value"))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// As the oracle's `--create` takes it.
    pub(crate) fn json(&self) -> String {
        let fields: Vec<_> =
            self.columns.iter().map(|(name, data_type)| json!({ "name": name, "type": data_type })).collect();
        let options: serde_json::Map<_, _> =
            self.options.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        json!({ "fields": fields, "primaryKeys": self.keys, "partitionKeys": self.partitions, "options": options })
            .to_string()
    }

    pub(crate) fn fields(&self) -> Vec<DataField> {
        let mut next_id = self.columns.len() as i32;
        (self.columns.iter().zip(0..))
            .map(|((name, text), id)| DataField::new(id, name, parse_ddl_type(text, &mut next_id).expect("a type")))
            .collect()
    }
}

/// A warehouse as Tidelake has it open.
pub(crate) struct Ours {
    lake: Lake,
    catalog: Arc<dyn Catalog>,
}

impl Ours {
    pub(crate) async fn open(warehouse: &str) -> Self {
        let lake = Lake::builder().with_format(ParquetFormat).build().expect("a lake");
        let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.expect("a catalog");
        let _ = catalog.create_database("db", &Options::new()).await;
        Self { lake, catalog }
    }

    pub(crate) async fn create(&self, shape: &Shape) -> Result<()> {
        let mut options = Options::new();
        for (key, value) in &shape.options {
            options.set(key, value);
        }
        let now = self.lake.runtime().clock().now_ms();
        let schema =
            TableSchema::create(shape.fields(), shape.partitions.clone(), shape.keys.clone(), options, None, now)
                .map_err(text)?;
        let name = Identifier::parse(&format!("db.{}", shape.name)).map_err(text)?;
        self.catalog.create_table(&name, &schema).await.map_err(text)?;
        Ok(())
    }

    pub(crate) async fn table(&self, name: &str) -> Result<Table> {
        self.lake.table(&self.catalog, &format!("db.{name}")).await.map_err(text)
    }

    /// One commit.
    pub(crate) async fn write(&self, name: &str, lines: &[String]) -> Result<()> {
        let table = self.table(name).await?;
        let rows = CanonicalReader::new(&table.schema().fields)
            .and_then(|reader| reader.read_text(&lines.join("\n")))
            .map_err(text)?;
        let mut writer = table.writer().build().map_err(text)?;
        match &rows.kinds {
            Some(kinds) => writer.write_kinds(rows.batch, kinds).await,
            None => writer.write(rows.batch).await,
        }
        .map_err(text)?;
        let _ = writer.commit().await.map_err(text)?;
        Ok(())
    }

    /// All rows, sorted by their bytes.
    pub(crate) async fn dump(&self, name: &str, from: Option<i64>, filter: Option<Filter>) -> Result<Vec<String>> {
        let table = self.table(name).await?;
        let mut scan = table.scan();
        if let Some(id) = from {
            scan = scan.from(ReadFrom::Snapshot(id));
        }
        if let Some(filter) = filter {
            scan = scan.filter(filter);
        }
        sorted(&table, scan).await
    }

    pub(crate) async fn latest(&self, name: &str) -> Result<i64> {
        Ok(self.table(name).await?.snapshots().latest_id().await.map_err(text)?.unwrap_or(0))
    }

    /// Rows with kinds in reading order and a line after each plan, from the first snapshot to the newest.
    pub(crate) async fn stream(&self, name: &str) -> Result<Vec<String>> {
        changes_from_first(&self.table(name).await?).await
    }
}
