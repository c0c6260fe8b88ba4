//! Merging manifests, so that a table of many commits is not one of many manifests.
//!
//! ```text
//! before   [8 MB] [8 MB -] [1] [1 -] [1] … [1]        - has DELETE entries
//!
//! minor    neighbours up to the target size become one manifest; a DELETE whose ADD lies further left stays a DELETE.
//!          The tail waits until it has `manifest.merge-min-count` members.
//! full     when what is small or deletes weighs `manifest.full-compaction-threshold-size`: every DELETE is applied, and
//!          only manifests that one of them hits are rewritten. No DELETE is left.
//! ```
//!
//! Both leave the same files alive ([`tidelake_meta::live_entries`]). Which manifests to touch is planned by pure functions
//! ([`plan_minor`], [`full_candidates`]); [`merge_entries`] is what a minor merge does to a group.

use indexmap::{IndexMap, IndexSet};
use tidelake_meta::{
    FileIdentity, FileKind, MANIFEST_TARGET_FILE_SIZE, ManifestEntry, ManifestFileMeta, ManifestStore,
};
use tidelake_types::{DataType, Options};

use crate::{
    MANIFEST_FULL_COMPACTION_THRESHOLD, MANIFEST_MERGE_MIN_COUNT, Result, error::InconsistentSnafu, staged::Staged,
};

/// The sizes that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// `manifest.target-file-size`
    pub target_bytes: u64,
    /// `manifest.full-compaction-threshold-size`
    pub full_threshold_bytes: u64,
    /// `manifest.merge-min-count`
    pub merge_min_count: usize,
}

impl MergeOptions {
    /// From a table's options.
    pub fn from_options(options: &Options) -> Result<Self> {
        Ok(Self {
            target_bytes: options.get(&MANIFEST_TARGET_FILE_SIZE)?.0,
            full_threshold_bytes: options.get(&MANIFEST_FULL_COMPACTION_THRESHOLD)?.0,
            merge_min_count: options.get(&MANIFEST_MERGE_MIN_COUNT)? as usize,
        })
    }
}

/// Groups neighbours, in order, up to the target size: what one group holds becomes one manifest (or several, should they be
/// larger than they look); a group of one stays as it is.
pub fn plan_minor(manifests: &[ManifestFileMeta], options: &MergeOptions) -> Vec<Vec<ManifestFileMeta>> {
    let mut groups = Vec::new();
    let mut group: Vec<ManifestFileMeta> = Vec::new();
    let mut group_bytes = 0;
    for manifest in manifests {
        group_bytes += manifest.file_size;
        group.push(manifest.clone());
        if group_bytes >= options.target_bytes {
            groups.push(std::mem::take(&mut group));
            group_bytes = 0;
        }
    }
    if group.len() >= options.merge_min_count {
        groups.push(group);
    } else {
        groups.extend(group.into_iter().map(|manifest| vec![manifest]));
    }
    groups
}

/// Which manifests make a full merge due, one answer for each; `None` while they weigh too little.
pub fn full_candidates(manifests: &[ManifestFileMeta], options: &MergeOptions) -> Option<Vec<bool>> {
    let candidate =
        |manifest: &ManifestFileMeta| manifest.num_deleted_files > 0 || manifest.file_size < options.target_bytes;
    let candidates: Vec<bool> = manifests.iter().map(candidate).collect();
    let weight: u64 = manifests.iter().filter(|manifest| candidate(manifest)).map(|manifest| manifest.file_size).sum();
    (weight >= options.full_threshold_bytes).then_some(candidates)
}

/// What is left of the entries of neighbouring manifests: a DELETE takes its ADD with it, one without stays.
///
/// # Errors
///
/// The file that is added twice.
pub fn merge_entries(entries: impl IntoIterator<Item = ManifestEntry>) -> Result<Vec<ManifestEntry>, String> {
    let mut places: IndexMap<FileIdentity, usize> = IndexMap::new();
    let mut merged: Vec<Option<ManifestEntry>> = Vec::new();
    for entry in entries {
        let identity = entry.identity();
        match (entry.kind, places.get(&identity)) {
            (FileKind::Add, Some(_)) => return Err(entry.file.file_name),
            (FileKind::Add, None) => {
                places.insert(identity, merged.len());
                merged.push(Some(entry));
            }
            (FileKind::Delete, Some(&place)) => {
                merged[place] = None;
                places.swap_remove(&identity);
            }
            (FileKind::Delete, None) => merged.push(Some(entry)),
        }
    }
    Ok(merged.into_iter().flatten().collect())
}

/// A merge that was carried out: what went in, and what came out for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    inputs: Vec<String>,
    outputs: Vec<ManifestFileMeta>,
}

impl Merged {
    pub(crate) fn outputs(&self) -> &[ManifestFileMeta] {
        &self.outputs
    }

    /// The outputs in place of the inputs, if `manifests` still has these together; else nothing. Lets a commit that lost a
    /// race keep the merge it has paid for.
    pub(crate) fn apply(&self, manifests: &[ManifestFileMeta]) -> Option<Vec<ManifestFileMeta>> {
        let first = self.inputs.first()?;
        let start = manifests.iter().position(|manifest| manifest.file_name == *first)?;
        let there = manifests.get(start..start + self.inputs.len())?;
        let same = there.iter().map(|manifest| &manifest.file_name).eq(&self.inputs);
        same.then(|| [&manifests[..start], &self.outputs, &manifests[start + self.inputs.len()..]].concat())
    }
}

/// Reads and writes what the plans say.
#[derive(Debug)]
pub(crate) struct Merger<'c> {
    pub(crate) store: &'c ManifestStore,
    pub(crate) partition_types: &'c [DataType],
    pub(crate) table_options: &'c Options,
    pub(crate) options: MergeOptions,
    /// For messages.
    pub(crate) table: String,
}

impl Merger<'_> {
    /// The manifests with the same files alive as `manifests`, perhaps fewer of them.
    pub(crate) async fn merge(&self, manifests: Vec<ManifestFileMeta>, staged: &mut Staged<'_>) -> Result<Merged> {
        let inputs = manifests.iter().map(|manifest| manifest.file_name.clone()).collect();
        if let Some(candidates) = full_candidates(&manifests, &self.options)
            && let Some(outputs) = self.full(&manifests, &candidates, staged).await?
        {
            return Ok(Merged { inputs, outputs });
        }
        let mut outputs = Vec::with_capacity(manifests.len());
        for group in plan_minor(&manifests, &self.options) {
            match group.len() {
                1 => outputs.extend(group),
                _ => outputs.extend(self.minor(&group, staged).await?),
            }
        }
        Ok(Merged { inputs, outputs })
    }

    async fn minor(&self, group: &[ManifestFileMeta], staged: &mut Staged<'_>) -> Result<Vec<ManifestFileMeta>> {
        let mut entries = Vec::new();
        for manifest in group {
            entries.extend(self.store.read_manifest(manifest).await?.iter().cloned());
        }
        let merged = match merge_entries(entries) {
            Ok(merged) => merged,
            Err(file) => {
                return InconsistentSnafu { table: &self.table, reason: format!("file {file} is added twice") }.fail();
            }
        };
        self.write(&merged, staged).await
    }

    /// `None`: not worth it, one manifest at most would be rewritten.
    async fn full(
        &self,
        manifests: &[ManifestFileMeta],
        candidates: &[bool],
        staged: &mut Staged<'_>,
    ) -> Result<Option<Vec<ManifestFileMeta>>> {
        let mut deleted: IndexSet<FileIdentity> = IndexSet::new();
        for manifest in manifests.iter().filter(|manifest| manifest.num_deleted_files > 0) {
            let entries = self.store.read_manifest(manifest).await?;
            deleted.extend(entries.iter().filter(|entry| entry.kind == FileKind::Delete).map(ManifestEntry::identity));
        }
        let rewritten: Vec<bool> = manifests
            .iter()
            .zip(candidates)
            .map(|(manifest, candidate)| *candidate || may_hold(manifest, &deleted))
            .collect();
        if rewritten.iter().filter(|rewritten| **rewritten).count() <= 1 {
            return Ok(None);
        }
        let mut kept = Vec::new();
        let mut survivors = Vec::new();
        for ((manifest, rewritten), candidate) in manifests.iter().zip(rewritten).zip(candidates) {
            if !rewritten {
                kept.push(manifest.clone());
                continue;
            }
            let entries = self.store.read_manifest(manifest).await?;
            let survives = |entry: &&ManifestEntry| entry.kind == FileKind::Add && !deleted.contains(&entry.identity());
            if *candidate
                || entries.iter().any(|entry| entry.kind == FileKind::Add && deleted.contains(&entry.identity()))
            {
                survivors.extend(entries.iter().filter(survives).cloned());
            } else {
                kept.push(manifest.clone());
            }
        }
        kept.extend(self.write(&survivors, staged).await?);
        Ok(Some(kept))
    }

    async fn write(&self, entries: &[ManifestEntry], staged: &mut Staged<'_>) -> Result<Vec<ManifestFileMeta>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut names = || staged.new_manifest();
        let metas = self.store.write_manifests(&mut names, entries, self.partition_types, self.table_options).await?;
        staged.written(metas.iter().map(|meta| meta.file_name.as_str()));
        Ok(metas)
    }
}

/// Whether a manifest may add one of these files, by the buckets and levels it spans.
fn may_hold(manifest: &ManifestFileMeta, deleted: &IndexSet<FileIdentity>) -> bool {
    let within = |value: i32, min: Option<i32>, max: Option<i32>| {
        min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
    };
    manifest.num_added_files > 0
        && deleted.iter().any(|file| {
            within(file.bucket, manifest.min_bucket, manifest.max_bucket)
                && within(file.level, manifest.min_level, manifest.max_level)
        })
}
