//! The file of a snapshot (metadata spec 3.1).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    CommitKind, Result, Snapshot,
    error::corrupt,
    json::{from_json, to_json},
};

/// The members of a snapshot's file, and those that a tag adds. A `null` is as good as absent; unknown ones are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Members {
    version: Option<i32>,
    uuid: Option<String>,
    id: i64,
    schema_id: i64,
    base_manifest_list: String,
    base_manifest_list_size: Option<u64>,
    delta_manifest_list: String,
    delta_manifest_list_size: Option<u64>,
    changelog_manifest_list: Option<String>,
    changelog_manifest_list_size: Option<u64>,
    index_manifest: Option<String>,
    commit_user: String,
    writer_version: Option<String>,
    commit_identifier: i64,
    commit_kind: String,
    time_millis: i64,
    total_record_count: Option<i64>,
    delta_record_count: Option<i64>,
    changelog_record_count: Option<i64>,
    watermark: Option<i64>,
    statistics: Option<String>,
    properties: Option<BTreeMap<String, Option<String>>>,
    next_row_id: Option<i64>,
    operation: Option<String>,
    pub(crate) tag_create_time: Option<Value>,
    pub(crate) tag_time_retained: Option<Value>,
}

impl Snapshot {
    /// From the bytes of a snapshot or tag file; `path` is for errors. Unknown members are ignored.
    pub fn from_json(bytes: &[u8], path: &str) -> Result<Self> {
        Members::from_json(bytes, "snapshot", path)?.into_snapshot("snapshot", path)
    }

    /// The bytes of a snapshot file: members in Java's order, absent ones omitted.
    pub fn to_json(&self) -> Bytes {
        to_json(&Value::Object(self.members())).into()
    }

    pub(crate) fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let text = |value: &Option<String>| value.clone().map(Value::from);
        put("version", Some(self.version.into()));
        put("uuid", text(&self.uuid));
        put("id", Some(self.id.into()));
        put("schemaId", Some(self.schema_id.into()));
        put("baseManifestList", Some(self.base_manifest_list.as_str().into()));
        put("baseManifestListSize", self.base_manifest_list_size.map(Value::from));
        put("deltaManifestList", Some(self.delta_manifest_list.as_str().into()));
        put("deltaManifestListSize", self.delta_manifest_list_size.map(Value::from));
        put("changelogManifestList", text(&self.changelog_manifest_list));
        put("changelogManifestListSize", self.changelog_manifest_list_size.map(Value::from));
        put("indexManifest", text(&self.index_manifest));
        put("commitUser", Some(self.commit_user.as_str().into()));
        put("writerVersion", text(&self.writer_version));
        put("commitIdentifier", Some(self.commit_identifier.into()));
        put("commitKind", Some(self.commit_kind.as_str().into()));
        put("timeMillis", Some(self.time_ms.into()));
        put("totalRecordCount", self.total_record_count.map(Value::from));
        put("deltaRecordCount", self.delta_record_count.map(Value::from));
        put("changelogRecordCount", self.changelog_record_count.map(Value::from));
        put("watermark", self.watermark.map(Value::from));
        put("statistics", text(&self.statistics));
        let properties = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
        };
        put("properties", self.properties.as_ref().map(|map| Value::Object(properties(map))));
        put("nextRowId", self.next_row_id.map(Value::from));
        put("operation", text(&self.operation));
        members
    }
}

impl Members {
    pub(crate) fn from_json(bytes: &[u8], what: &'static str, path: &str) -> Result<Self> {
        from_json(bytes, what, path)
    }

    pub(crate) fn into_snapshot(self, what: &'static str, path: &str) -> Result<Snapshot> {
        let Some(commit_kind) = CommitKind::from_text(&self.commit_kind) else {
            return Err(corrupt(what, path, format!("`commitKind` is `{}`", self.commit_kind)));
        };
        let names =
            [Some(&self.base_manifest_list), Some(&self.delta_manifest_list), self.changelog_manifest_list.as_ref()];
        if let Some(name) = names.into_iter().flatten().find(|name| name.contains('/')) {
            return Err(corrupt(what, path, format!("it names the file `{name}`, which has a `/`")));
        }
        let properties = |map: BTreeMap<String, Option<String>>| {
            map.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        };
        Ok(Snapshot {
            version: self.version.unwrap_or(1),
            uuid: self.uuid,
            id: self.id,
            schema_id: self.schema_id,
            base_manifest_list: self.base_manifest_list,
            base_manifest_list_size: self.base_manifest_list_size,
            delta_manifest_list: self.delta_manifest_list,
            delta_manifest_list_size: self.delta_manifest_list_size,
            changelog_manifest_list: self.changelog_manifest_list,
            changelog_manifest_list_size: self.changelog_manifest_list_size,
            index_manifest: self.index_manifest,
            commit_user: self.commit_user,
            writer_version: self.writer_version,
            commit_identifier: self.commit_identifier,
            commit_kind,
            time_ms: self.time_millis,
            total_record_count: self.total_record_count,
            delta_record_count: self.delta_record_count,
            changelog_record_count: self.changelog_record_count,
            watermark: self.watermark,
            statistics: self.statistics,
            properties: self.properties.map(properties),
            next_row_id: self.next_row_id,
            operation: self.operation,
        })
    }
}
