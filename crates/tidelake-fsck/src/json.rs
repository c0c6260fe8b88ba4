//! Schema and snapshot files.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// What is judged of a schema file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schema {
    pub(crate) id: i64,
    pub(crate) fields: Vec<Field>,
    #[serde(default)]
    pub(crate) partition_keys: Vec<String>,
    #[serde(default)]
    pub(crate) primary_keys: Vec<String>,
    #[serde(default)]
    pub(crate) options: IndexMap<String, Value>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Field {
    #[serde(rename = "id")]
    _id: i32,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) data_type: Value,
}

impl Schema {
    /// The primary key without the partition columns: what rows of a bucket are sorted by. Names and types.
    pub(crate) fn sort_key(&self) -> impl Iterator<Item = (&str, Option<&Value>)> {
        self.primary_keys.iter().filter(|name| !self.partition_keys.contains(name)).map(|name| {
            let field = self.fields.iter().find(|field| field.name == *name);
            (name.as_str(), field.map(|field| &field.data_type))
        })
    }

    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).and_then(Value::as_str)
    }
}

/// What is judged of a snapshot, tag or long-lived changelog file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    pub(crate) id: i64,
    pub(crate) schema_id: i64,
    pub(crate) base_manifest_list: String,
    pub(crate) base_manifest_list_size: Option<u64>,
    pub(crate) delta_manifest_list: String,
    pub(crate) delta_manifest_list_size: Option<u64>,
    pub(crate) changelog_manifest_list: Option<String>,
    pub(crate) changelog_manifest_list_size: Option<u64>,
    pub(crate) index_manifest: Option<String>,
    #[serde(rename = "commitUser")]
    _commit_user: String,
    #[serde(rename = "commitIdentifier")]
    _commit_identifier: i64,
    #[serde(rename = "commitKind")]
    pub(crate) commit_kind: String,
    pub(crate) time_millis: i64,
    pub(crate) total_record_count: Option<i64>,
    pub(crate) delta_record_count: Option<i64>,
    pub(crate) changelog_record_count: Option<i64>,
    pub(crate) statistics: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sort_key_leaves_the_partition_out() {
        let text = r#"{"id":0,"fields":[{"id":0,"name":"a","type":"INT NOT NULL"},{"id":1,"name":"p","type":"INT"}],
            "partitionKeys":["p"],"primaryKeys":["p","a"],"unknown":[1]}"#;
        let schema: Schema = serde_json::from_str(text).unwrap();
        let key: Vec<_> = schema.sort_key().collect();
        assert_eq!(key, [("a", Some(&Value::from("INT NOT NULL")))]);
    }
}
