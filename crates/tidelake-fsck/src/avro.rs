//! Manifest lists, manifests and index manifests: Avro records looked at by field name.
//!
//! Old writers wrap records in `["null", record]`; every access here looks through such unions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use apache_avro::{Reader, types::Value};

/// A manifest's line in a manifest list.
#[derive(Debug, Clone)]
pub(crate) struct ManifestRecord {
    pub(crate) name: String,
    pub(crate) size: i64,
    pub(crate) added: i64,
    pub(crate) deleted: i64,
}

/// A data file's line in a manifest.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) is_delete: bool,
    pub(crate) id: FileId,
    pub(crate) total_buckets: i32,
    pub(crate) size: i64,
    pub(crate) rows: i64,
    pub(crate) min_key: Vec<u8>,
    pub(crate) max_key: Vec<u8>,
    pub(crate) min_sequence: i64,
    pub(crate) max_sequence: i64,
    pub(crate) schema_id: i64,
    pub(crate) delete_rows: Option<i64>,
}

/// What makes two entries speak of the same file: all seven parts, as readers compare them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId {
    pub(crate) name: String,
    pub(crate) partition: Vec<u8>,
    pub(crate) bucket: i32,
    pub(crate) level: i32,
    pub(crate) extra_files: Vec<String>,
    pub(crate) embedded_index: Option<Vec<u8>>,
    pub(crate) external_path: Option<String>,
}

/// An index file's line in an index manifest.
#[derive(Debug, Clone)]
pub(crate) struct IndexEntry {
    pub(crate) name: String,
    pub(crate) index_type: String,
    pub(crate) size: i64,
    pub(crate) external_path: Option<String>,
    /// Data file, offset and length of each deletion vector.
    pub(crate) vectors: Vec<(String, i64, i64)>,
}

/// The manifests of a list.
pub(crate) fn manifest_list(bytes: &[u8]) -> Result<Vec<ManifestRecord>, String> {
    records(bytes, |record| {
        version(record, 2)?;
        Ok(ManifestRecord {
            name: text(record, "_FILE_NAME")?,
            size: long(record, "_FILE_SIZE")?,
            added: long(record, "_NUM_ADDED_FILES")?,
            deleted: long(record, "_NUM_DELETED_FILES")?,
        })
    })
}

/// The entries of a manifest.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    records(bytes, |record| {
        version(record, 2)?;
        let kind = int(record, "_KIND")?;
        if !(0..=1).contains(&kind) {
            return Err(format!("an entry has the kind {kind}, neither ADD (0) nor DELETE (1)"));
        }
        let file = field(record, "_FILE").ok_or("an entry has no `_FILE`")?;
        let id = FileId {
            name: text(file, "_FILE_NAME")?,
            partition: binary(record, "_PARTITION")?,
            bucket: int(record, "_BUCKET")?,
            level: int(file, "_LEVEL")?,
            extra_files: texts(file, "_EXTRA_FILES")?,
            embedded_index: optional(file, "_EMBEDDED_FILE_INDEX", binary)?,
            external_path: optional(file, "_EXTERNAL_PATH", text)?,
        };
        Ok(Entry {
            is_delete: kind == 1,
            id,
            total_buckets: int(record, "_TOTAL_BUCKETS")?,
            size: long(file, "_FILE_SIZE")?,
            rows: long(file, "_ROW_COUNT")?,
            min_key: binary(file, "_MIN_KEY")?,
            max_key: binary(file, "_MAX_KEY")?,
            min_sequence: long(file, "_MIN_SEQUENCE_NUMBER")?,
            max_sequence: long(file, "_MAX_SEQUENCE_NUMBER")?,
            schema_id: long(file, "_SCHEMA_ID")?,
            delete_rows: optional(file, "_DELETE_ROW_COUNT", long)?,
        })
    })
}

/// The entries of an index manifest.
pub(crate) fn index_manifest(bytes: &[u8]) -> Result<Vec<IndexEntry>, String> {
    records(bytes, |record| {
        version(record, 1)?;
        Ok(IndexEntry {
            name: text(record, "_FILE_NAME")?,
            index_type: text(record, "_INDEX_TYPE")?,
            size: long(record, "_FILE_SIZE")?,
            external_path: optional(record, "_EXTERNAL_PATH", text)?,
            vectors: vectors(record)?,
        })
    })
}

fn vectors(record: &Value) -> Result<Vec<(String, i64, i64)>, String> {
    match field(record, "_DELETIONS_VECTORS_RANGES") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let items = items.iter().map(unwrap);
            items.map(|item| Ok((text(item, "f0")?, long(item, "f1")?, long(item, "f2")?))).collect()
        }
        Some(_) => Err(mistyped("_DELETIONS_VECTORS_RANGES", "an array")),
    }
}

/// Every record of an Avro container. A decoder that panics on bad bytes means bad bytes.
fn records<T>(bytes: &[u8], decode: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    let all = || {
        let reader = Reader::new(bytes).map_err(|error| format!("it is no Avro file: {error}"))?;
        reader
            .map(|value| decode(unwrap(&value.map_err(|error| format!("its records cannot be decoded: {error}"))?)))
            .collect()
    };
    catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|_| Err("its records cannot be decoded".to_owned()))
}

fn unwrap(value: &Value) -> &Value {
    match value {
        Value::Union(_, inner) => unwrap(inner),
        other => other,
    }
}

/// A field that is there and not null.
fn field<'v>(record: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Record(fields) = record else { return None };
    let (_, value) = fields.iter().find(|(field, _)| field == name)?;
    Some(unwrap(value)).filter(|value| !matches!(value, Value::Null))
}

fn mistyped(name: &str, expected: &str) -> String {
    format!("the field `{name}` is missing or not {expected}")
}

fn text(record: &Value, name: &str) -> Result<String, String> {
    match field(record, name) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(mistyped(name, "a string")),
    }
}

fn binary(record: &Value, name: &str) -> Result<Vec<u8>, String> {
    match field(record, name) {
        Some(Value::Bytes(bytes)) => Ok(bytes.clone()),
        _ => Err(mistyped(name, "bytes")),
    }
}

fn long(record: &Value, name: &str) -> Result<i64, String> {
    match field(record, name) {
        Some(Value::Long(number)) => Ok(*number),
        Some(Value::Int(number)) => Ok(i64::from(*number)),
        _ => Err(mistyped(name, "a number")),
    }
}

fn int(record: &Value, name: &str) -> Result<i32, String> {
    i32::try_from(long(record, name)?).map_err(|_| mistyped(name, "a 32-bit number"))
}

fn texts(record: &Value, name: &str) -> Result<Vec<String>, String> {
    let Some(Value::Array(items)) = field(record, name) else { return Err(mistyped(name, "an array")) };
    let text = |item| match unwrap(item) {
        Value::String(text) => Ok(text.clone()),
        _ => Err(mistyped(name, "an array of strings")),
    };
    items.iter().map(text).collect()
}

fn optional<T>(
    record: &Value,
    name: &str,
    get: impl Fn(&Value, &str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    field(record, name).map(|_| get(record, name)).transpose()
}

fn version(record: &Value, least: i32) -> Result<(), String> {
    let version = int(record, "_VERSION")?;
    if version < least {
        return Err(format!("a record has the version {version}, expected {least}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_container_are_told_not_panicked_about() {
        for bytes in [&b""[..], b"Obj", b"Obj\x01", b"Obj\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"PAR1 whatever"] {
            assert!(manifest_list(bytes).unwrap_err().starts_with("it"), "{bytes:?}");
        }
    }

    #[test]
    fn fields_are_seen_through_unions() {
        let inner = Value::Union(1, Box::new(Value::Long(7)));
        let record = Value::Record(vec![("a".to_owned(), inner), ("b".to_owned(), Value::Null)]);
        assert_eq!(long(&record, "a"), Ok(7));
        assert_eq!(optional(&record, "b", long), Ok(None));
        assert_eq!(long(&record, "c"), Err("the field `c` is missing or not a number".to_owned()));
    }
}
