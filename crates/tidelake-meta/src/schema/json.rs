//! The file of a schema (metadata spec 2.1).

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidelake_types::{DataField, DataType, TypeKind, parse_fields, system_fields};

use crate::{
    Result, TableSchema,
    error::corrupt,
    json::{from_json, to_json},
    options::{BUCKET, FILE_FORMAT},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    version: Option<i32>,
    id: i64,
    fields: Value,
    highest_field_id: Option<i32>,
    // Required, as in Java: a table whose keys were lost would show each version of a row.
    partition_keys: Vec<String>,
    primary_keys: Vec<String>,
    options: IndexMap<String, Value>,
    comment: Option<String>,
    time_millis: Option<i64>,
}

impl TableSchema {
    /// The version that is written.
    pub(super) const VERSION: i32 = 3;

    /// From the bytes of a schema file; `path` is for errors. Applies the fix-ups of old versions.
    pub fn from_json(bytes: &[u8], path: &str) -> Result<Self> {
        let members: Members = from_json(bytes, "schema", path)?;
        let broken = |reason: String| corrupt("schema", path, reason);
        let fields = parse_fields(&members.fields).map_err(|error| corrupt("schema", path, error))?;
        let highest = checked_highest_id(&fields).map_err(broken)?;
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Null => None,
            other => Some((name, other.to_string())),
        };
        let mut schema = Self {
            version: members.version.unwrap_or(1),
            id: members.id,
            highest_field_id: members.highest_field_id.unwrap_or(highest).max(highest),
            fields,
            partition_keys: members.partition_keys,
            primary_keys: members.primary_keys,
            options: members.options.into_iter().filter_map(text).collect(),
            // Java reads a JSON null as this text, and may have written it back.
            comment: members.comment.filter(|comment| comment != "null"),
            time_ms: members.time_millis.unwrap_or(0),
        };
        if !(1..=Self::VERSION).contains(&schema.version) {
            return Err(broken(format!("its format version is {}, known are 1 to {}", schema.version, Self::VERSION)));
        }
        if let Some(key) =
            schema.partition_keys.iter().chain(&schema.primary_keys).find(|key| schema.field(key).is_none())
        {
            return Err(broken(format!("its key `{key}` is not a column")));
        }
        schema.fix_up();
        Ok(schema)
    }

    /// What older versions meant without saying so: one bucket up to version 1, ORC up to version 2.
    fn fix_up(&mut self) {
        if self.version < 2 && self.options.text(BUCKET.name()).is_none() {
            self.options.set(BUCKET.name(), "1");
        }
        if self.version < 3 && self.options.text(FILE_FORMAT.name()).is_none() {
            self.options.set(FILE_FORMAT.name(), "orc");
        }
    }

    /// The bytes of a schema file, pretty-printed as Java's.
    pub fn to_json(&self) -> Vec<u8> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("version", self.version.into());
        put("id", self.id.into());
        put("fields", self.fields.iter().map(DataField::to_json).collect());
        put("highestFieldId", self.highest_field_id.into());
        put("partitionKeys", self.partition_keys.iter().map(String::as_str).collect());
        put("primaryKeys", self.primary_keys.iter().map(String::as_str).collect());
        put(
            "options",
            Value::Object(self.options.iter().map(|(name, value)| (name.to_owned(), value.into())).collect()),
        );
        if let Some(comment) = &self.comment {
            put("comment", comment.as_str().into());
        }
        put("timeMillis", self.time_ms.into());
        to_json(&Value::Object(members))
    }
}

/// The highest id of a user's field at any depth, -1 without fields. Ids and top-level names must be unique.
pub(super) fn checked_highest_id(fields: &[DataField]) -> Result<i32, String> {
    let mut ids = BTreeSet::new();
    collect_ids(fields, &mut ids)?;
    let mut names = BTreeSet::new();
    match fields.iter().find(|field| !names.insert(&field.name)) {
        Some(field) => Err(format!("the column `{}` is there twice", field.name)),
        None => Ok(ids.into_iter().rev().find(|id| !system_fields::is_system_id(*id)).unwrap_or(-1)),
    }
}

fn collect_ids(fields: &[DataField], ids: &mut BTreeSet<i32>) -> Result<(), String> {
    for field in fields {
        if !ids.insert(field.id) {
            return Err(format!("the field id {} is given twice, the second time to `{}`", field.id, field.name));
        }
        collect_type_ids(&field.data_type, ids)?;
    }
    Ok(())
}

fn collect_type_ids(data_type: &DataType, ids: &mut BTreeSet<i32>) -> Result<(), String> {
    match &data_type.kind {
        TypeKind::Row(fields) => collect_ids(fields, ids),
        TypeKind::Array(element) | TypeKind::Multiset(element) | TypeKind::Vector(element, _) => {
            collect_type_ids(element, ids)
        }
        TypeKind::Map(key, value) => {
            collect_type_ids(key, ids)?;
            collect_type_ids(value, ids)
        }
        _ => Ok(()),
    }
}
