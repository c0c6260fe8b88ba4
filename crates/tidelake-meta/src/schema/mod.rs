//! Numbered versions of columns, keys and options.
use std::{collections::BTreeMap, sync::Arc};

use tidelake_io::{FileIO, Publish};
use tidelake_types::{DataField, Options};

use crate::{Result, TableLayout};

/// One numbered version of a table's columns, keys and options: a file `schema/schema-N`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSchema {
    /// Version of the file's own format: 1 to 3.
    pub version: i32,
    /// The number in the file's name.
    pub id: i64,
    /// The columns.
    pub fields: Vec<DataField>,
    /// The highest id ever given to a field, nested ones too.
    pub highest_field_id: i32,
    /// Names, in order.
    pub partition_keys: Vec<String>,
    /// Names, in order; with the partition keys among them.
    pub primary_keys: Vec<String>,
    /// The explicit options.
    pub options: Options,
    /// The table's comment.
    pub comment: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub time_ms: i64,
}

/// How rows find their bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Paimon's own")]
pub enum BucketMode {
    HashFixed(i32),
    HashDynamic,
    KeyDynamic,
    Unaware,
    Postpone,
}

/// Option `merge-engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Paimon's own")]
pub enum MergeEngine {
    Deduplicate,
    PartialUpdate,
    Aggregation,
    FirstRow,
}

/// Option `changelog-producer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Paimon's own")]
pub enum ChangelogProducer {
    None,
    Input,
    Lookup,
    FullCompaction,
}

/// A change of a schema. More kinds follow with schema evolution.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// Sets an option.
    SetOption(String, String),
    /// Removes an option.
    UnsetOption(String),
}

impl TableSchema {
    /// A new table's schema 0, checked and normalised as Java does at CREATE TABLE (spec 2.4, 2.5: options
    /// `primary-key` and `partition`, NOT NULL keys, field ids, bucket rules, reserved names).
    pub fn create(
        _fields: Vec<DataField>,
        _partition_keys: Vec<String>,
        _primary_keys: Vec<String>,
        _options: Options,
        _comment: Option<String>,
        _time_ms: i64,
    ) -> Result<Self> {
        todo!()
    }
    /// From the bytes of a schema file; `path` is for errors. Applies the fix-ups of old versions.
    pub fn from_json(_bytes: &[u8], _path: &str) -> Result<Self> {
        todo!()
    }
    /// The bytes of a schema file, pretty-printed as Java's.
    pub fn to_json(&self) -> Vec<u8> {
        todo!()
    }
    /// A column by name.
    pub fn field(&self, _name: &str) -> Option<&DataField> {
        todo!()
    }
    /// The columns of `partition_keys`, in order.
    pub fn partition_fields(&self) -> Vec<DataField> {
        todo!()
    }
    /// Primary keys without partition keys, in primary key order: what sorts an LSM tree.
    pub fn trimmed_primary_key_fields(&self) -> Vec<DataField> {
        todo!()
    }
    /// The columns that choose the bucket (option `bucket-key`, else the trimmed primary key).
    pub fn bucket_key_fields(&self) -> Result<Vec<DataField>> {
        todo!()
    }
    /// Whether there is a primary key.
    pub fn has_primary_key(&self) -> bool {
        !self.primary_keys.is_empty()
    }
    /// Where rows go.
    pub fn bucket_mode(&self) -> Result<BucketMode> {
        todo!()
    }
    /// Option `merge-engine`.
    pub fn merge_engine(&self) -> Result<MergeEngine> {
        todo!()
    }
    /// Option `changelog-producer`.
    pub fn changelog_producer(&self) -> Result<ChangelogProducer> {
        todo!()
    }
    /// All columns of a key-value data file in file order: `_KEY_*`, sequence, kind, values (spec 1.1); `thin` leaves out `_KEY_*`.
    pub fn key_value_fields(&self, _thin: bool) -> Vec<DataField> {
        todo!()
    }
    /// This schema with a call's options over its own.
    pub fn with_options(&self, _options: &Options) -> Self {
        todo!()
    }
    /// What the next schema is after these changes. Conflicts with options that cannot change are `Invalid`.
    pub fn changed(&self, _changes: &[SchemaChange], _time_ms: i64) -> Result<Self> {
        todo!()
    }
}

/// Reads and lists `schema/`; keeps what it has read (schema files never change).
#[derive(Debug, Clone)]
pub struct SchemaStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
    #[expect(dead_code, reason = "placeholder")]
    cache: BTreeMap<i64, Arc<TableSchema>>,
}

impl SchemaStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout, cache: BTreeMap::new() }
    }
    /// A schema by number, cached.
    pub async fn load(&self, _id: i64) -> Result<Arc<TableSchema>> {
        let _ = (&self.io, &self.layout);
        todo!()
    }
    /// The numbers there are, ascending.
    pub async fn list_ids(&self) -> Result<Vec<i64>> {
        todo!()
    }
    /// The newest; `None` if there is none: no table.
    pub async fn latest(&self) -> Result<Option<Arc<TableSchema>>> {
        todo!()
    }
    /// Publishes a new schema file.
    pub async fn publish(&self, _schema: &TableSchema) -> Result<Publish> {
        todo!()
    }
}
