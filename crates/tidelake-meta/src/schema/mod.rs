//! Numbered versions of columns, keys and options.

mod change;
mod create;
mod evolve;
mod json;
mod option_rules;
mod store;
mod support;

use tidelake_types::{DataField, Options, option_enum, system_fields};

use crate::{
    Result,
    error::invalid,
    options::{BUCKET, BUCKET_KEY, CHANGELOG_PRODUCER, MERGE_ENGINE, NUM_LEVELS, NUM_SORTED_RUN_COMPACTION_TRIGGER},
};

pub use change::{Place, SchemaChange, column_path};
pub use store::SchemaStore;
pub use support::{unsupported_for_reading, unsupported_for_writing};

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

option_enum!(MergeEngine {
    Deduplicate = "deduplicate",
    PartialUpdate = "partial-update",
    Aggregation = "aggregation",
    FirstRow = "first-row",
});
option_enum!(ChangelogProducer { None = "none", Input = "input", Lookup = "lookup", FullCompaction = "full-compaction" });

impl BucketMode {
    /// The number of the bucket that holds rows whose bucket is not decided yet.
    pub const POSTPONE_BUCKET: i32 = -2;
}

impl TableSchema {
    /// A column by name.
    pub fn field(&self, name: &str) -> Option<&DataField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The columns of `partition_keys`, in order.
    pub fn partition_fields(&self) -> Vec<DataField> {
        self.partition_keys.iter().filter_map(|name| self.field(name)).cloned().collect()
    }

    /// Primary keys without partition keys, in primary key order: what sorts an LSM tree.
    pub fn trimmed_primary_key_fields(&self) -> Vec<DataField> {
        self.primary_keys
            .iter()
            .filter(|name| !self.partition_keys.contains(name))
            .filter_map(|name| self.field(name))
            .cloned()
            .collect()
    }

    /// The columns that choose the bucket (option `bucket-key`, else the trimmed primary key). None for a table of the
    /// oldest format version with one bucket.
    pub fn bucket_key_fields(&self) -> Result<Vec<DataField>> {
        let Some(names) = self.options.get(&BUCKET_KEY)? else { return Ok(self.trimmed_primary_key_fields()) };
        // Names are not trimmed: a space belongs to the name, as in Java.
        let fields = names.split(',').map(|name| match self.field(name) {
            Some(field) => Ok(field.clone()),
            None => invalid(format!("option `bucket-key` names `{name}`, which is not a column")),
        });
        fields.collect()
    }

    /// Whether there is a primary key.
    pub fn has_primary_key(&self) -> bool {
        !self.primary_keys.is_empty()
    }

    /// Whether a key may move to another partition: some partition key is not of the primary key.
    pub fn is_cross_partition(&self) -> bool {
        self.has_primary_key() && self.partition_keys.iter().any(|name| !self.primary_keys.contains(name))
    }

    /// Where rows go.
    pub fn bucket_mode(&self) -> Result<BucketMode> {
        match (self.options.get(&BUCKET)?, self.has_primary_key()) {
            (buckets @ 1.., _) => Ok(BucketMode::HashFixed(buckets)),
            (-1, false) => Ok(BucketMode::Unaware),
            (-1, true) if self.is_cross_partition() => Ok(BucketMode::KeyDynamic),
            (-1, true) => Ok(BucketMode::HashDynamic),
            (-2, true) => Ok(BucketMode::Postpone),
            (-2, false) => {
                invalid("option `bucket` is -2 (postponed), which needs a primary key: use -1, or a number of buckets")
            }
            (other, _) => invalid(format!("option `bucket` is {other}, expected a number of buckets, -1 or -2")),
        }
    }

    /// Option `merge-engine`.
    pub fn merge_engine(&self) -> Result<MergeEngine> {
        Ok(self.options.get(&MERGE_ENGINE)?)
    }

    /// Option `changelog-producer`.
    pub fn changelog_producer(&self) -> Result<ChangelogProducer> {
        Ok(self.options.get(&CHANGELOG_PRODUCER)?)
    }

    /// The number of the last level of a bucket, by the options `num-levels` and `num-sorted-run.compaction-trigger`.
    pub fn max_level(&self) -> Result<i32> {
        match self.options.get(&NUM_LEVELS)? {
            Some(levels) => Ok(levels.saturating_sub(1)),
            None => Ok(self.options.get(&NUM_SORTED_RUN_COMPACTION_TRIGGER)?),
        }
    }

    /// All columns of a key-value data file in file order: `_KEY_*`, sequence, kind, values (spec 1.1); `thin` leaves out `_KEY_*`.
    pub fn key_value_fields(&self, thin: bool) -> Vec<DataField> {
        let keys = if thin { Vec::new() } else { self.trimmed_primary_key_fields() };
        let mut fields: Vec<DataField> = keys.iter().map(system_fields::key_field).collect();
        fields.push(system_fields::sequence_number());
        fields.push(system_fields::value_kind());
        fields.extend(self.fields.iter().cloned());
        fields
    }

    /// This schema with a call's options over its own.
    pub fn with_options(&self, options: &Options) -> Self {
        Self { options: self.options.overlaid(options), ..self.clone() }
    }
}
