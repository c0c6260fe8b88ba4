//! A new table's schema: normalised, then checked, as CREATE TABLE does (metadata spec 2.5, data spec 3.6).

use tidelake_types::{DataField, Options, Scalar, TypeKind, cast_scalar, system_fields};

use crate::{
    BucketMode, ChangelogProducer, MergeEngine, Result, TableSchema,
    error::invalid,
    options::{
        BUCKET_KEY, DATA_FILE_PATH_DIRECTORY, DELETION_VECTORS_ENABLED, FILE_COMPRESSION_ZSTD_LEVEL, FILE_FORMAT,
        MANIFEST_TARGET_FILE_SIZE, PARTITION_DEFAULT_NAME, PARTITION_LEGACY_NAME, PRIMARY_KEY_NULLABLE, SEQUENCE_FIELD,
        SNAPSHOT_NUM_RETAINED_MAX, SNAPSHOT_NUM_RETAINED_MIN, STREAMING_READ_OVERWRITE,
    },
};

use super::json::checked_highest_id;

impl TableSchema {
    /// A new table's schema 0, checked and normalised as Java does at CREATE TABLE (spec 2.4, 2.5: options
    /// `primary-key` and `partition`, NOT NULL keys, field ids, bucket rules, reserved names).
    pub fn create(
        fields: Vec<DataField>,
        partition_keys: Vec<String>,
        primary_keys: Vec<String>,
        options: Options,
        comment: Option<String>,
        time_ms: i64,
    ) -> Result<Self> {
        let mut options = options;
        let primary_keys = keys_from_option(primary_keys, &mut options, "primary-key")?;
        let partition_keys = keys_from_option(partition_keys, &mut options, "partition")?;
        let highest_field_id = checked_highest_id(&fields).or_else(invalid)?;
        let mut schema = Self {
            version: Self::VERSION,
            id: 0,
            fields,
            highest_field_id,
            partition_keys,
            primary_keys,
            options,
            comment,
            time_ms,
        };
        schema.make_keys_not_null()?;
        schema.check()?;
        Ok(schema)
    }

    pub(super) fn make_keys_not_null(&mut self) -> Result<()> {
        if !self.options.get(&PRIMARY_KEY_NULLABLE)? {
            for field in self.fields.iter_mut().filter(|field| self.primary_keys.contains(&field.name)) {
                field.data_type.nullable = false;
            }
        }
        Ok(())
    }

    /// Everything that must hold of a schema before it is written.
    pub(super) fn check(&self) -> Result<()> {
        self.check_columns()?;
        self.check_keys("primary key", &self.primary_keys)?;
        self.check_keys("partition key", &self.partition_keys)?;
        if self.has_primary_key() && self.trimmed_primary_key_fields().is_empty() {
            return invalid(format!(
                "the primary key ({}) consists of partition keys only: each partition would hold one row; add a column to the key",
                self.primary_keys.join(", ")
            ));
        }
        self.check_buckets()?;
        self.check_merging()?;
        self.check_ranges()
    }

    fn check_columns(&self) -> Result<()> {
        if self.fields.is_empty() {
            return invalid("a table needs a column");
        }
        for field in &self.fields {
            let name = &field.name;
            if name.trim().is_empty() {
                return invalid("a column has no name");
            }
            if system_fields::is_reserved_name(name) {
                return invalid(format!("the column name `{name}` belongs to the table format: take another"));
            }
            if system_fields::is_system_id(field.id) || field.id < 0 {
                return invalid(format!(
                    "column `{name}` has the field id {}, expected 0 to {}",
                    field.id,
                    system_fields::KEY_ID_OFFSET - 1
                ));
            }
            if let Some(text) = &field.default_value {
                let text_type = TypeKind::STRING.nullable();
                if let Err(error) = cast_scalar(&Scalar::String(text.clone()), &text_type, &field.data_type) {
                    return invalid(format!(
                        "the default `{text}` of column `{name}` is no {}: {error}",
                        field.data_type
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_keys(&self, what: &str, keys: &[String]) -> Result<()> {
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].contains(key) {
                return invalid(format!("the {what} names `{key}` twice"));
            }
            let Some(field) = self.field(key) else {
                let columns = self.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
                return invalid(format!("the {what} names `{key}`, which is not a column (columns are {columns})"));
            };
            if field.data_type.kind.is_nested() || matches!(field.data_type.kind, TypeKind::Variant | TypeKind::Blob) {
                return invalid(format!("the {what} names `{key}`, whose type {} cannot be compared", field.data_type));
            }
        }
        Ok(())
    }

    fn check_buckets(&self) -> Result<()> {
        let mode = self.bucket_mode()?;
        let explicit = self.options.get(&BUCKET_KEY)?.is_some();
        match mode {
            BucketMode::HashFixed(_) if explicit => {}
            BucketMode::HashFixed(1) if self.version == 1 => {}
            BucketMode::HashFixed(buckets) if !self.has_primary_key() => {
                return invalid(format!(
                    "option `bucket` is {buckets}, but neither a primary key nor option `bucket-key` says which column chooses the bucket: \
                     set `bucket-key`, or `bucket` to -1"
                ));
            }
            BucketMode::HashFixed(_) if self.is_cross_partition() => {
                return invalid(format!(
                    "the primary key ({}) lacks a partition key of ({}), so a key may move to another partition, which fixed buckets \
                     cannot follow: add the partition keys to the primary key, or set `bucket` to -1",
                    self.primary_keys.join(", "),
                    self.partition_keys.join(", ")
                ));
            }
            BucketMode::HashFixed(_) => {}
            _ if explicit => {
                return invalid(
                    "option `bucket-key` needs a number of buckets: set `bucket` to one, or leave `bucket-key` out",
                );
            }
            _ => {}
        }
        let fields = if explicit { self.bucket_key_fields()? } else { Vec::new() };
        for field in fields {
            let name = &field.name;
            if self.partition_keys.contains(name) {
                return invalid(format!(
                    "option `bucket-key` names `{name}`, a partition key: all rows of a partition have the same"
                ));
            }
            if self.has_primary_key() && !self.primary_keys.contains(name) {
                return invalid(format!("option `bucket-key` names `{name}`, which is not of the primary key"));
            }
            if field.data_type.kind.is_nested() {
                return invalid(format!(
                    "option `bucket-key` names `{name}`, whose type {} cannot be hashed",
                    field.data_type
                ));
            }
        }
        Ok(())
    }

    fn check_merging(&self) -> Result<()> {
        let (engine, producer) = (self.merge_engine()?, self.changelog_producer()?);
        if producer != ChangelogProducer::None && !self.has_primary_key() {
            return invalid(format!("option `changelog-producer` is {producer}, which needs a primary key"));
        }
        if engine == MergeEngine::FirstRow && !matches!(producer, ChangelogProducer::None | ChangelogProducer::Lookup) {
            return invalid(format!(
                "option `merge-engine` is first-row, which goes with `changelog-producer` none or lookup, not {producer}"
            ));
        }
        if self.options.get(&DELETION_VECTORS_ENABLED)? && producer == ChangelogProducer::FullCompaction {
            return invalid(
                "option `deletion-vectors.enabled` goes with `changelog-producer` none, input or lookup, not full-compaction",
            );
        }
        if self.options.get(&STREAMING_READ_OVERWRITE)?
            && matches!(producer, ChangelogProducer::Lookup | ChangelogProducer::FullCompaction)
        {
            return invalid(format!(
                "option `streaming-read-overwrite` cannot be true with `changelog-producer` {producer}"
            ));
        }
        let Some(sequence) = self.options.get(&SEQUENCE_FIELD)? else { return Ok(()) };
        let names: Vec<&str> = sequence.split(',').map(str::trim).collect();
        for (index, name) in names.iter().enumerate() {
            if self.field(name).is_none() || names[..index].contains(name) {
                return invalid(format!(
                    "option `sequence.field` names `{name}`, which is not a column, or is named twice"
                ));
            }
        }
        if engine == MergeEngine::FirstRow || self.is_cross_partition() {
            return invalid(
                "option `sequence.field` goes neither with `merge-engine` first-row nor with keys that move between partitions",
            );
        }
        Ok(())
    }

    /// Options that are read later, by somebody else: a wrong one is better told now.
    fn check_ranges(&self) -> Result<()> {
        let options = &self.options;
        let format = options.get(&FILE_FORMAT)?;
        if format.is_empty() || !format.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return invalid(format!("option `file.format` is `{format}`, expected a name such as parquet"));
        }
        let level = options.get(&FILE_COMPRESSION_ZSTD_LEVEL)?;
        if !(1..=22).contains(&level) {
            return invalid(format!("option `file.compression.zstd-level` is {level}, expected 1 to 22"));
        }
        if options.get(&MANIFEST_TARGET_FILE_SIZE)?.0 == 0 {
            return invalid("option `manifest.target-file-size` is 0, expected a size such as `8 mb`");
        }
        options.get(&PARTITION_LEGACY_NAME)?;
        let default_name = options.get(&PARTITION_DEFAULT_NAME)?;
        if default_name.trim().is_empty() {
            return invalid("option `partition.default-name` is blank, expected a name for paths");
        }
        if let Some(folder) = options.get(&DATA_FILE_PATH_DIRECTORY)?
            && (folder.trim_matches('/').is_empty()
                || folder.trim_matches('/').split('/').any(|part| matches!(part, "" | "." | "..")))
        {
            return invalid(format!(
                "option `data-file.path-directory` is `{folder}`, expected a folder within the table"
            ));
        }
        let (least, most) = (options.get(&SNAPSHOT_NUM_RETAINED_MIN)?, options.get(&SNAPSHOT_NUM_RETAINED_MAX)?);
        if least < 1 || most < least {
            return invalid(format!(
                "options `snapshot.num-retained.min` and `.max` are {least} and {most}, expected 1 <= min <= max"
            ));
        }
        Ok(())
    }
}

/// Keys may be given as an option, separated by commas; not in both ways.
pub(super) fn keys_from_option(given: Vec<String>, options: &mut Options, name: &str) -> Result<Vec<String>> {
    match options.unset(name) {
        None => Ok(given),
        Some(text) if given.is_empty() => Ok(text.split(',').map(|key| key.trim().to_owned()).collect()),
        Some(text) => invalid(format!(
            "keys are given twice, as ({}) and as option `{name}` = `{text}`: leave one out",
            given.join(", ")
        )),
    }
}
