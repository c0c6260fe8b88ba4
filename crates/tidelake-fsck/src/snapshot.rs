//! What one snapshot refers to.

use std::{collections::BTreeSet, sync::Arc};

use snafu::ResultExt;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FilePath;

use crate::{
    avro::{self, Entry, IndexEntry},
    check::{Check, child},
    data::{Fault, check_parquet},
    error::{Result, StorageSnafu},
    json::Snapshot,
    live::{Live, live, overlaps},
    rows::Expected,
};

const MAX_MANIFEST_BYTES: u64 = 256 << 20;
const MAX_STATISTICS_BYTES: u64 = 64 << 20;

impl Check {
    /// One snapshot or tag and all below it. The live files, if its manifests could be read.
    pub(crate) async fn check_snapshot(
        &mut self,
        path: &FilePath,
        snapshot: &Snapshot,
        before: Option<&(Snapshot, Option<Live>)>,
    ) -> Result<Option<Live>> {
        if !self.schemas.contains_key(&snapshot.schema_id) {
            self.report.problem(path, format!("its schema {} is missing or broken", snapshot.schema_id));
        }
        if !["APPEND", "COMPACT", "OVERWRITE", "ANALYZE"].contains(&snapshot.commit_kind.as_str()) {
            self.report.problem(path, format!("its commit kind `{}` is unknown", snapshot.commit_kind));
        }
        let base = self.entries(&snapshot.base_manifest_list, snapshot.base_manifest_list_size).await?;
        let delta = self.entries(&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await?;
        if let Some(delta) = &delta {
            let changed = delta.iter().map(|entry| if entry.is_delete { -entry.rows } else { entry.rows });
            self.check_count(path, "deltaRecordCount", snapshot.delta_record_count, changed);
        }
        if let Some((before, live_before)) = before {
            self.check_succession(path, snapshot, before, live_before.as_ref(), base.as_deref());
        }
        let live = match (base, delta) {
            (Some(base), Some(delta)) => Some(self.check_live(path, snapshot, &base, delta).await?),
            _ => None,
        };
        self.check_changelog(path, snapshot).await?;
        self.check_index(snapshot, live.as_ref()).await?;
        self.check_statistics(snapshot).await?;
        Ok(live)
    }

    /// Against the snapshot before: nothing was lost or added in between.
    fn check_succession(
        &mut self,
        path: &FilePath,
        snapshot: &Snapshot,
        before: &Snapshot,
        live_before: Option<&Live>,
        base: Option<&[Arc<Entry>]>,
    ) {
        if snapshot.time_millis < before.time_millis {
            self.report.problem(path, format!("it is older than snapshot {}", before.id));
        }
        if let (Some(total), Some(total_before), Some(delta)) =
            (snapshot.total_record_count, before.total_record_count, snapshot.delta_record_count)
            && total_before.checked_add(delta) != Some(total)
        {
            let message =
                format!("its totalRecordCount {total} is not {total_before} of the one before and {delta} more");
            self.report.problem(path, message);
        }
        if let (Some(live_before), Some(base)) = (live_before, base) {
            let (base, _) = live(base);
            if let Some(id) = live_before.keys().find(|id| !base.contains_key(id)) {
                let list = &snapshot.base_manifest_list;
                self.report.problem(path, format!("{} of the snapshot before is not in its base list {list}", id.name));
            }
            if let Some(id) = base.keys().find(|id| !live_before.contains_key(id)) {
                let list = &snapshot.base_manifest_list;
                self.report.problem(path, format!("{} in its base list {list} is not in the snapshot before", id.name));
            }
        }
    }

    fn check_count(&mut self, path: &FilePath, name: &str, recorded: Option<i64>, rows: impl Iterator<Item = i64>) {
        let sum = rows.fold(0_i64, i64::saturating_add);
        if recorded.is_some_and(|recorded| recorded != sum) {
            let recorded = recorded.unwrap_or_default();
            self.report.problem(path, format!("its {name} is {recorded}, its manifests have {sum} rows"));
        }
    }

    async fn check_live(
        &mut self,
        path: &FilePath,
        snapshot: &Snapshot,
        base: &[Arc<Entry>],
        delta: Vec<Arc<Entry>>,
    ) -> Result<Live> {
        let entries: Vec<_> = base.iter().cloned().chain(delta).collect();
        let (live, unbalanced) = live(&entries);
        for (name, message) in unbalanced.into_iter().chain(overlaps(&live, &self.schemas)) {
            self.report.problem(path, format!("{name}: {message}"));
        }
        self.check_count(path, "totalRecordCount", snapshot.total_record_count, live.values().map(|entry| entry.rows));
        for entry in live.values() {
            self.check_data_file(entry, false).await?;
        }
        Ok(live)
    }

    /// The changelog of a snapshot, if it has one.
    pub(crate) async fn check_changelog(&mut self, path: &FilePath, snapshot: &Snapshot) -> Result<()> {
        let Some(list) = &snapshot.changelog_manifest_list else { return Ok(()) };
        let Some(entries) = self.entries(list, snapshot.changelog_manifest_list_size).await? else { return Ok(()) };
        let rows = entries.iter().map(|entry| entry.rows);
        self.check_count(path, "changelogRecordCount", snapshot.changelog_record_count, rows);
        for entry in entries.iter().filter(|entry| !entry.is_delete) {
            self.check_data_file(entry, true).await?;
        }
        Ok(())
    }

    /// The entries of all manifests of a list; `None` if one of these files has a problem, which is then told.
    async fn entries(&mut self, list: &str, recorded: Option<u64>) -> Result<Option<Vec<Arc<Entry>>>> {
        let recorded = recorded.map(|size| i64::try_from(size).unwrap_or(i64::MAX));
        let Some(manifests) = self.metadata(list, recorded, avro::manifest_list).await? else { return Ok(None) };
        let mut all = Some(Vec::new());
        for record in manifests {
            if !self.manifests.contains_key(&record.name) {
                let entries = self.metadata(&record.name, Some(record.size), avro::manifest).await?;
                let entries = entries.map(|entries| entries.into_iter().map(Arc::new).collect());
                self.manifests.insert(record.name.clone(), entries);
            }
            let Some(Some(entries)) = self.manifests.get(&record.name) else {
                all = None;
                continue;
            };
            let deleted = entries.iter().filter(|entry| entry.is_delete).count() as i64;
            let added = entries.len() as i64 - deleted;
            if let Some(all) = &mut all {
                all.extend(entries.iter().cloned());
            }
            if (added, deleted) != (record.added, record.deleted) {
                let (said_added, said_deleted) = (record.added, record.deleted);
                let path = child(&child(&self.store.location, "manifest"), &record.name);
                let message = format!(
                    "it has {added} added and {deleted} deleted files, {list} says {said_added} and {said_deleted}"
                );
                self.report.problem(path, message);
            }
        }
        Ok(all)
    }

    /// A decoded file of the folder `manifest`; `None` if it has a problem, which is then told.
    async fn metadata<T: Send + 'static>(
        &mut self,
        name: &str,
        recorded: Option<i64>,
        decode: fn(&[u8]) -> Result<Vec<T>, String>,
    ) -> Result<Option<Vec<T>>> {
        let folder = child(&self.store.location, "manifest");
        let Ok(path) = folder.child(name) else {
            self.report.problem(folder, format!("`{name}` is named, which is no file name"));
            return Ok(None);
        };
        if self.seen.insert(path.to_string()) {
            self.report.manifests += 1;
        }
        let Some(size) = self.store.size(&path) else {
            self.report.problem(path, "it is missing");
            return Ok(None);
        };
        if let Some(recorded) = recorded.filter(|recorded| u64::try_from(*recorded) != Ok(size)) {
            self.report.problem(&path, format!("it has {size} bytes, {recorded} are recorded"));
        }
        let decoded = match self.store.read(&path, MAX_MANIFEST_BYTES).await? {
            // other formats were possible once; their content is beyond this judge
            Ok(bytes) if bytes.starts_with(b"ORC") || bytes.starts_with(b"PAR1") => {
                self.report.note(&path, "it is no Avro file, not looked into");
                return Ok(None);
            }
            Ok(bytes) => self.runtime.compute(move || decode(&bytes)).await,
            Err(message) => Err(message),
        };
        Ok(decoded.map_err(|message| self.report.problem(&path, message)).ok())
    }

    async fn check_data_file(&mut self, entry: &Entry, is_changelog: bool) -> Result<()> {
        let name = &entry.id.name;
        let Some((path, size)) = self.find(entry).await? else { return Ok(()) };
        if !self.seen.insert(path.to_string()) {
            return Ok(());
        }
        self.report.data_files += 1;
        if !self.schemas.contains_key(&entry.schema_id) {
            self.report.problem(&path, format!("its schema {} is missing or broken", entry.schema_id));
        }
        if entry.total_buckets > 0 && entry.id.bucket >= entry.total_buckets {
            let message = format!("its bucket {} is none of {}", entry.id.bucket, entry.total_buckets);
            self.report.problem(&path, message);
        }
        if name.contains('$') {
            return Ok(()); // a part of a file that many buckets share
        }
        if u64::try_from(entry.size) != Ok(size) {
            self.report.problem(&path, format!("it has {size} bytes, its manifest says {}", entry.size));
        }
        for extra in &entry.id.extra_files {
            if entry.id.external_path.is_none() && self.store.named(extra).is_empty() {
                self.report.problem(&path, format!("its companion {extra} is missing"));
            }
        }
        if !name.ends_with(".parquet") {
            self.report.note(&path, "its format is beyond this check: only its size was looked at");
            return Ok(());
        }
        let expected = self.expected(entry, is_changelog);
        let (rows, found) = check_parquet(&self.store.io, &path, size, expected, &self.runtime).await?;
        self.report.rows += rows;
        match found {
            Ok(()) => {}
            Err(Fault::Broken(message)) => self.report.problem(&path, message),
            Err(Fault::Beyond(message)) => self.report.note(&path, message),
        }
        Ok(())
    }

    fn expected(&self, entry: &Entry, is_changelog: bool) -> Expected {
        let schema = self.schemas.get(&entry.schema_id);
        let clustered = schema.is_some_and(|schema| schema.option("pk-clustering-override") == Some("true"));
        // a changelog and files not yet in a bucket keep the order of arrival
        let is_sorted = !is_changelog && !clustered && entry.id.bucket >= 0;
        let sort_key = schema.filter(|_| is_sorted).into_iter().flat_map(|schema| schema.sort_key());
        Expected {
            rows: entry.rows,
            sequence: entry.min_sequence..=entry.max_sequence,
            delete_rows: entry.delete_rows,
            sort_key: sort_key.map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// Where a data file is and how long; `None` if it is not there, which is then told.
    ///
    /// Names are unique, so that a file is found by its name; its folders must then be those of its bucket.
    async fn find(&mut self, entry: &Entry) -> Result<Option<(FilePath, u64)>> {
        let name = real_name(&entry.id.name);
        if let Some(external) = &entry.id.external_path {
            return self.find_external(external).await;
        }
        let bucket = match entry.id.bucket {
            -2 => "bucket-postpone".to_owned(),
            bucket => format!("bucket-{bucket}"),
        };
        let is_home = |path: &&FilePath| {
            let folders = path.segments();
            name != entry.id.name || folders.iter().rev().nth(1).is_some_and(|folder| *folder == bucket)
        };
        let candidates = self.store.named(&name);
        if let Some(path) = candidates.iter().find(is_home) {
            return Ok(self.store.size(path).map(|size| (path.clone(), size)));
        }
        match candidates.first().cloned() {
            Some(elsewhere) => self.report.problem(elsewhere, format!("it does not lie in the folder {bucket}")),
            None => self.report.problem(format!("{}/…/{bucket}/{name}", self.store.location), "it is missing"),
        }
        Ok(None)
    }

    async fn find_external(&mut self, external: &str) -> Result<Option<(FilePath, u64)>> {
        let Ok(path) = FilePath::parse(external) else {
            self.report.problem(external, "an external path is none");
            return Ok(None);
        };
        match self.store.io.stat(&path).await {
            Ok(status) => Ok(Some((path, status.size_bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.report.problem(path, "it is missing");
                Ok(None)
            }
            // another store, or a root that this one must not touch
            Err(error) if error.kind() != ErrorKind::Unavailable => {
                self.report.note(path, format!("not checked: {error}"));
                Ok(None)
            }
            Err(error) => Err(error).context(StorageSnafu { path: path.to_string() }),
        }
    }

    async fn check_index(&mut self, snapshot: &Snapshot, live: Option<&Live>) -> Result<()> {
        let Some(name) = &snapshot.index_manifest else { return Ok(()) };
        let Some(entries) = self.metadata(name, None, avro::index_manifest).await? else { return Ok(()) };
        let live = live.map(|live| live.keys().map(|id| id.name.as_str()).collect());
        for entry in entries {
            self.check_index_file(name, &entry, live.as_ref());
        }
        Ok(())
    }

    fn check_index_file(&mut self, manifest: &str, entry: &IndexEntry, live: Option<&BTreeSet<&str>>) {
        if entry.external_path.is_none() {
            match self.store.named(&entry.name).first().cloned() {
                None => {
                    let path = child(&child(&self.store.location, "index"), &entry.name);
                    self.report.problem(path, format!("it is missing, but named by {manifest}"));
                }
                Some(path) => {
                    let size = self.store.size(&path).unwrap_or(0);
                    if u64::try_from(entry.size) != Ok(size) {
                        let recorded = entry.size;
                        self.report.problem(&path, format!("it has {size} bytes, {manifest} says {recorded}"));
                    }
                    let is_inside = |(_, from, length): &&(String, i64, i64)| {
                        *from >= 0 && *length >= 0 && from.saturating_add(*length) <= entry.size
                    };
                    if let Some((file, ..)) = entry.vectors.iter().find(|vector| !is_inside(vector)) {
                        self.report
                            .problem(path, format!("{manifest} places the deletion vector of {file} outside of it"));
                    }
                }
            }
        }
        let Some(live) = live.filter(|_| entry.index_type == "DELETION_VECTORS") else { return };
        for (file, ..) in &entry.vectors {
            if !live.contains(file.as_str()) {
                let path = child(&child(&self.store.location, "manifest"), manifest);
                self.report.note(path, format!("it has a deletion vector for {file}, which is not live"));
            }
        }
    }

    async fn check_statistics(&mut self, snapshot: &Snapshot) -> Result<()> {
        let Some(name) = &snapshot.statistics else { return Ok(()) };
        let folder = child(&self.store.location, "statistics");
        let Ok(path) = folder.child(name) else {
            self.report.problem(folder, format!("`{name}` is named, which is no file name"));
            return Ok(());
        };
        let parsed = self.store.read(&path, MAX_STATISTICS_BYTES).await?.and_then(|bytes| {
            serde_json::from_slice::<serde_json::Value>(&bytes).map_err(|error| format!("it cannot be parsed: {error}"))
        });
        if let Err(message) = parsed {
            self.report.problem(path, message);
        }
        Ok(())
    }
}

/// Where the bytes of a compacted changelog are: `x$b-len-offset-len2.cc-f` is a part of `x$b-len.cc-f`.
fn real_name(name: &str) -> String {
    let Some((stem, rest)) = name.split_once('$') else { return name.to_owned() };
    let (numbers, format) = rest.split_once('.').unwrap_or((rest, ""));
    let numbers: Vec<&str> = numbers.split('-').take(2).collect();
    format!("{stem}${}.{format}", numbers.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_compacted_changelog_names_the_whole() {
        assert_eq!(real_name("compacted-changelog-u$1-9-4-5.cc-parquet"), "compacted-changelog-u$1-9.cc-parquet");
        assert_eq!(real_name("compacted-changelog-u$1-9.cc-orc"), "compacted-changelog-u$1-9.cc-orc");
        assert_eq!(real_name("data-1.parquet"), "data-1.parquet");
    }
}
