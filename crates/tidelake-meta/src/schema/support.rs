//! What this build can do with a table, told before anything wrong is read or written.

use tidelake_types::arrow_type;

use crate::{
    BucketMode, ChangelogProducer, MergeEngine, Result, TableSchema, error::unsupported,
    options::DELETION_VECTORS_ENABLED,
};

/// `Unsupported`, with the option's name, for a table whose rows this build would not read as they are meant.
pub fn unsupported_for_reading(schema: &TableSchema) -> Result<()> {
    for field in &schema.fields {
        if let Err(error) = arrow_type(&field.data_type) {
            return unsupported(format!("column `{}` cannot be read: {error}", field.name));
        }
    }
    let kind = schema.options.text("type").unwrap_or("table");
    if !matches!(kind, "table" | "materialized-table") {
        return refuse(schema, "type");
    }
    if schema.options.get(&DELETION_VECTORS_ENABLED)? {
        return refuse(schema, DELETION_VECTORS_ENABLED.name());
    }
    refuse_if_true(
        schema,
        &["data-evolution.enabled", "chain-table.enabled", "query-auth.enabled", "pk-clustering-override"],
    )?;
    refuse_if_set(schema, &["scan.fallback-branch", "record-level.expire-time"])?;
    if schema.options.text("branch").is_some_and(|branch| branch != "main") {
        return refuse(schema, "branch");
    }
    if schema.bucket_mode()? == BucketMode::Postpone {
        return refuse(schema, "bucket");
    }
    if schema.options.text("bucket-function.type").is_some_and(|function| !function.eq_ignore_ascii_case("default")) {
        return refuse(schema, "bucket-function.type");
    }
    if !schema.has_primary_key() {
        return Ok(());
    }
    if schema.merge_engine()? != MergeEngine::Deduplicate {
        return refuse(schema, "merge-engine");
    }
    refuse_if_true(schema, &["sequence.snapshot-ordering", "ignore-update-before"])
}

/// `Unsupported`, with the option's name, for a table that this build would not write as it is meant. Which file formats
/// there are is not known here.
pub fn unsupported_for_writing(schema: &TableSchema) -> Result<()> {
    unsupported_for_reading(schema)?;
    match schema.bucket_mode()? {
        BucketMode::HashFixed(_) | BucketMode::Unaware => {}
        BucketMode::HashDynamic | BucketMode::KeyDynamic | BucketMode::Postpone => {
            return unsupported(
                "option `bucket` is -1 for a table with a primary key: dynamic buckets cannot be written yet, set a number of buckets",
            );
        }
    }
    if !matches!(
        schema.changelog_producer()?,
        ChangelogProducer::None | ChangelogProducer::Input | ChangelogProducer::FullCompaction
    ) {
        return refuse(schema, "changelog-producer");
    }
    if schema.options.text("manifest.format").is_some_and(|format| !format.eq_ignore_ascii_case("avro")) {
        return refuse(schema, "manifest.format");
    }
    for (name, harmless) in [
        ("metadata.iceberg.storage", "disabled"),
        ("tag.automatic-creation", "none"),
        ("data-file.external-paths.strategy", "none"),
    ] {
        if schema.options.text(name).is_some_and(|value| !value.eq_ignore_ascii_case(harmless)) {
            return refuse(schema, name);
        }
    }
    refuse_if_set(schema, &["file.format.per.level", "file.compression.per.level", "rowkind.field"])?;
    refuse_if_true(schema, &["row-tracking.enabled"])?;
    let index = schema.options.with_prefix("file-index.").find(|(name, _)| name.ends_with(".columns"));
    index.map_or(Ok(()), |(name, _)| refuse(schema, name))
}

fn refuse_if_true(schema: &TableSchema, names: &[&str]) -> Result<()> {
    let on = |name: &&&str| schema.options.text(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    names.iter().find(on).map_or(Ok(()), |name| refuse(schema, name))
}

fn refuse_if_set(schema: &TableSchema, names: &[&str]) -> Result<()> {
    names.iter().find(|name| schema.options.text(name).is_some()).map_or(Ok(()), |name| refuse(schema, name))
}

fn refuse(schema: &TableSchema, name: &str) -> Result<()> {
    unsupported(format!("option `{name}` = `{}` is not supported yet", schema.options.text(name).unwrap_or_default()))
}
