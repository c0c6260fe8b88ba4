//! One half of a commit: its changes, and the snapshot made of them on a base.

use std::collections::BTreeMap;

use tidelake_meta::{
    CommitIdentity, CommitKind, CommitMessage, FileChanges, FileKind, ManifestEntry, Snapshot, TableSchema,
};

use crate::{PreparedCommit, SnapshotPublication, overwrite::Scope, staged::WrittenList};

/// What of a commit becomes one snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Half {
    pub(crate) identity: CommitIdentity,
    /// In the order they were handed over.
    pub(crate) changes: Vec<ManifestEntry>,
    /// What is deleted before, of whatever the base holds.
    pub(crate) replaced: Option<Scope>,
    pub(crate) changelog: Vec<ManifestEntry>,
    pub(crate) watermark: Option<i64>,
    pub(crate) properties: BTreeMap<String, String>,
}

impl Half {
    /// The rows. Where files are deleted beside, the kind is OVERWRITE.
    pub(crate) fn rows(user: &str, prepared: &PreparedCommit, replaced: Option<Scope>) -> Self {
        let deletes = prepared.messages.iter().any(|message| !message.increment.append.removed.is_empty());
        let kind = if deletes || replaced.is_some() { CommitKind::Overwrite } else { CommitKind::Append };
        let mut half = Self::of(user, prepared, kind, |message| &message.increment.append);
        half.replaced = replaced;
        half
    }

    /// The compaction.
    pub(crate) fn compaction(user: &str, prepared: &PreparedCommit) -> Self {
        Self::of(user, prepared, CommitKind::Compact, |message| &message.increment.compact)
    }

    fn of(
        user: &str,
        prepared: &PreparedCommit,
        kind: CommitKind,
        changes: impl Fn(&CommitMessage) -> &FileChanges,
    ) -> Self {
        let mut half = Self {
            identity: CommitIdentity { user: user.to_owned(), identifier: prepared.identifier, kind },
            changes: Vec::new(),
            replaced: None,
            changelog: Vec::new(),
            watermark: prepared.watermark,
            properties: prepared.properties.clone(),
        };
        for message in &prepared.messages {
            let FileChanges { added, removed, changelog } = changes(message);
            let entry = |kind, file: &tidelake_meta::DataFileMeta| ManifestEntry {
                kind,
                partition: message.partition.as_row().clone(),
                bucket: message.bucket,
                total_buckets: message.total_buckets,
                file: file.clone(),
            };
            half.changes.extend(removed.iter().map(|file| entry(FileKind::Delete, file)));
            half.changes.extend(added.iter().map(|file| entry(FileKind::Add, file)));
            if prepared.overwrite.is_none() {
                half.changelog.extend(changelog.iter().map(|file| entry(FileKind::Add, file)));
            }
        }
        half
    }

    /// Whether it must be compared with the files alive: new files alone fit always.
    pub(crate) fn needs_check(&self) -> bool {
        self.identity.kind != CommitKind::Append
    }
}

/// The lists that a snapshot names.
#[derive(Debug)]
pub(crate) struct Lists<'c> {
    pub(crate) base: &'c WrittenList,
    pub(crate) delta: &'c WrittenList,
    pub(crate) changelog: Option<&'c WrittenList>,
}

/// Of the properties, what every snapshot hands on to the next: the highest sequence number given at commit time.
const CARRIED_PROPERTY: &str = "sequence.generation.max-sequence-number";

/// The snapshot on top of `base`, its bytes frozen (metadata spec 3.3). Only members that the oldest readers of such a table
/// know: no `uuid`; the names of its lists tell it from every other.
pub(crate) fn publication(
    half: &Half,
    changes: &[ManifestEntry],
    base: Option<&Snapshot>,
    schema: &TableSchema,
    lists: &Lists<'_>,
    now_ms: i64,
) -> SnapshotPublication {
    let delta_record_count = record_count(changes);
    let mut properties = half.properties.clone();
    if let Some(value) = base.and_then(|base| base.properties.as_ref()?.get(CARRIED_PROPERTY)) {
        properties.entry(CARRIED_PROPERTY.to_owned()).or_insert_with(|| value.clone());
    }
    let snapshot = Snapshot {
        version: 3,
        uuid: None,
        id: base.map_or(0, |base| base.id) + 1,
        schema_id: schema.id,
        base_manifest_list: lists.base.name.clone(),
        base_manifest_list_size: Some(lists.base.size_bytes),
        delta_manifest_list: lists.delta.name.clone(),
        delta_manifest_list_size: Some(lists.delta.size_bytes),
        changelog_manifest_list: lists.changelog.map(|list| list.name.clone()),
        changelog_manifest_list_size: lists.changelog.map(|list| list.size_bytes),
        // With all files gone nothing is left to index.
        index_manifest: base
            .filter(|_| !matches!(half.replaced, Some(Scope::Whole)))
            .and_then(|base| base.index_manifest.clone()),
        commit_user: half.identity.user.clone(),
        writer_version: None,
        commit_identifier: half.identity.identifier,
        commit_kind: half.identity.kind,
        time_ms: base.map_or(now_ms, |base| now_ms.max(base.time_ms.saturating_add(1))),
        total_record_count: Some(base.and_then(|base| base.total_record_count).unwrap_or(0) + delta_record_count),
        delta_record_count: Some(delta_record_count),
        changelog_record_count: lists.changelog.map(|_| record_count(&half.changelog)),
        watermark: watermark(base.and_then(|base| base.watermark), half.watermark),
        statistics: base.filter(|base| base.schema_id == schema.id).and_then(|base| base.statistics.clone()),
        properties: (!properties.is_empty()).then_some(properties),
        next_row_id: base.and_then(|base| base.next_row_id),
        operation: None,
    };
    SnapshotPublication {
        identity: half.identity.clone(),
        bytes: snapshot.to_json(),
        snapshot,
        branch: "main".to_owned(),
        base_uuid: base.and_then(|base| base.uuid.clone()),
    }
}

/// Rows of files added without those of files deleted.
fn record_count(entries: &[ManifestEntry]) -> i64 {
    entries
        .iter()
        .map(|entry| match entry.kind {
            FileKind::Add => entry.file.row_count,
            FileKind::Delete => -entry.file.row_count,
        })
        .sum()
}

/// Never goes back; `i64::MIN` is Java's "unknown".
fn watermark(base: Option<i64>, given: Option<i64>) -> Option<i64> {
    base.into_iter().chain(given).filter(|watermark| *watermark != i64::MIN).max()
}
