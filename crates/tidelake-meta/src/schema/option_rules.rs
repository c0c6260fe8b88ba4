//! Options when a schema changes: which may change, and which name columns.

use tidelake_types::{OptionValue, Options};

use crate::{
    Result, TableSchema,
    error::invalid,
    options::{BUCKET, DELETION_VECTORS_ENABLED, DELETION_VECTORS_MODIFIABLE},
};

/// Options that decide what the files of a table mean: they stay as they were when the first was written.
const IMMUTABLE: [&str; 21] = [
    "bucket-key",
    "bucket-function.type",
    "data-file.path-directory",
    "merge-engine",
    "sequence.snapshot-ordering",
    "aggregation.remove-record-on-delete",
    "partial-update.remove-record-on-delete",
    "partial-update.remove-record-on-sequence-group",
    "rowkind.field",
    "primary-key",
    "primary-key.nullable",
    "partition",
    "dynamic-bucket.initial-buckets",
    "force-lookup",
    "row-tracking.enabled",
    "data-evolution.enabled",
    "index-file-in-data-file-dir",
    "blob-field",
    "blob-descriptor-field",
    "blob-view-field",
    "pk-clustering-override",
];

/// Whether an option has this value already. Keys were moved out of the options at creation.
pub(super) fn is_same(schema: &TableSchema, name: &str, value: &str) -> bool {
    let keys = |keys: &[String]| value.split(',').map(str::trim).filter(|key| !key.is_empty()).eq(keys);
    match (name, schema.options.text(name)) {
        ("type", old) => value.eq_ignore_ascii_case(old.unwrap_or("table")),
        ("primary-key", None) => keys(&schema.primary_keys),
        ("partition", None) => keys(&schema.partition_keys),
        (_, old) => old == Some(value),
    }
}

/// Whether an option may get another value, or none.
pub(super) fn check_change(schema: &TableSchema, name: &str, value: Option<&str>, has_snapshots: bool) -> Result<()> {
    let fixed = |why: &str| invalid(format!("option `{name}` cannot change {why}"));
    if name == "type" {
        return fixed("once a table is there");
    }
    if !has_snapshots {
        return Ok(());
    }
    if IMMUTABLE.contains(&name) {
        return fixed("once a table has snapshots: create another table with it");
    }
    let flag = |text: Option<&str>| text.and_then(bool::parse).unwrap_or(false);
    let (before, after) = (flag(schema.options.text(name)), flag(value));
    match name {
        _ if name == BUCKET.name() => {
            let after = value.and_then(i32::parse).unwrap_or(-1);
            let before = schema.options.get(&BUCKET)?;
            if before == -1 || after == -1 {
                return fixed(&format!(
                    "from {before} to {}: only numbers of buckets can be exchanged",
                    value.unwrap_or("none")
                ));
            }
            Ok(())
        }
        _ if name == DELETION_VECTORS_ENABLED.name()
            && before != after
            && !schema.options.get(&DELETION_VECTORS_MODIFIABLE)? =>
        {
            fixed(
                "unless option `deletion-vectors.modifiable` is true and the table is compacted fully, or rows double",
            )
        }
        "ignore-delete" | "ignore-update-before" if before && !after && value.is_some() => fixed("from true to false"),
        _ => Ok(()),
    }
}

/// The first option that names a column.
pub(super) fn naming<'a>(options: &'a Options, column: &str) -> Option<&'a str> {
    // A name that no column has.
    let other = format!("{column}\0");
    options
        .iter()
        .find(|(name, value)| renamed_in(name, value, column, &other) != pair(name, value))
        .map(|(name, _)| name)
}

/// The options after a column got another name.
pub(super) fn renamed(options: &Options, old: &str, new: &str) -> Result<Options> {
    for name in FOREVER {
        if options.text(name) == Some(old) {
            return invalid(format!("column `{old}` is named by option `{name}` and cannot be renamed"));
        }
    }
    Ok(options.iter().map(|(name, value)| renamed_in(name, value, old, new)).collect())
}

/// Options whose value is a column for good.
const FOREVER: [&str; 2] = ["rowkind.field", "record-level.time-field"];
/// Options whose value is a list of columns.
const LISTS: [&str; 3] = ["bucket-key", "sequence.field", "changelog-producer.row-deduplicate-ignore-fields"];
/// Options of columns (`fields.<columns>.<suffix>`), with columns in the value too.
const GROUPS: [&str; 2] = ["sequence-group", "nested-key"];

/// One option after a rename: `fields.a.ignore-retract` follows `a`, and so does `fields.x,a.sequence-group` = `a,b`.
fn renamed_in(name: &str, value: &str, old: &str, new: &str) -> (String, String) {
    let list = |text: &str| {
        let names =
            text.split(',').map(|name| if name.trim() == old { name.replace(old, new) } else { name.to_owned() });
        names.collect::<Vec<_>>().join(",")
    };
    if LISTS.contains(&name) || FOREVER.contains(&name) {
        return (name.to_owned(), list(value));
    }
    let Some(of_columns) = name.strip_prefix("fields.") else { return pair(name, value) };
    for suffix in GROUPS {
        if let Some(columns) = of_columns.strip_suffix(suffix).and_then(|columns| columns.strip_suffix('.')) {
            return (format!("fields.{}.{suffix}", list(columns)), list(value));
        }
    }
    match of_columns.strip_prefix(old).filter(|rest| rest.starts_with('.')) {
        Some(rest) => (format!("fields.{new}{rest}"), value.to_owned()),
        None => pair(name, value),
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_follow_a_renamed_column() {
        let before = Options::from([
            ("bucket-key", "a,b"),
            ("sequence.field", "b, a"),
            ("fields.a.aggregate-function", "sum"),
            ("fields.ab.ignore-retract", "true"),
            ("fields.x,a.sequence-group", "b,a"),
            ("fields.default-aggregate-function", "a"),
            ("file.format", "a"),
        ]);
        let after = Options::from([
            ("bucket-key", "c,b"),
            ("sequence.field", "b, c"),
            ("fields.c.aggregate-function", "sum"),
            ("fields.ab.ignore-retract", "true"),
            ("fields.x,c.sequence-group", "b,c"),
            ("fields.default-aggregate-function", "a"),
            ("file.format", "a"),
        ]);
        assert_eq!(renamed(&before, "a", "c").unwrap(), after);
        assert_eq!(naming(&before, "a"), Some("bucket-key"));
        assert_eq!(naming(&before, "x"), Some("fields.x,a.sequence-group"));
        assert_eq!(naming(&before, "format"), None);
        assert!(renamed(&Options::from([("rowkind.field", "a")]), "a", "c").is_err());
    }
}
