//! The walk over a table: hints, schemas, snapshots, tags.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::de::DeserializeOwned;
use tidelake_io::{FileIO, FileIOExt as _, FilePath};
use tidelake_runtime::Runtime;

use crate::{
    avro::Entry,
    error::{NoTableSnafu, Result},
    json::{Schema, Snapshot},
    live::Live,
    report::Report,
    store::{Store, about_file},
};

const MAX_JSON_BYTES: u64 = 64 << 20;

/// Reads all that the snapshots and tags of the table at `location` refer to, and says what does not fit.
///
/// Every row of every live Parquet file is decoded once: the work is that of a full scan. Manifest entries of all kept
/// snapshots are held in memory. A snapshot that expires while it is being checked is left out of the judgement.
///
/// # Errors
///
/// [`NoTable`](crate::Error::NoTable) if there is no table, [`Storage`](crate::Error::Storage) if the storage does not
/// answer. What is wrong with files is no error: it is in the report.
pub async fn check_table(io: Arc<dyn FileIO>, location: &FilePath, runtime: &Runtime) -> Result<Report> {
    // What is published first names only files that are there already: so snapshots and tags are listed first.
    let first = Store::open(Arc::clone(&io), &child(location, "snapshot")).await?;
    let tags = Store::open(Arc::clone(&io), &child(location, "tag")).await?;
    let store = Store::open(io, location).await?;
    let snapshots = store.numbered("snapshot", "snapshot-");
    let schemas = store.numbered("schema", "schema-");
    if schemas.is_empty() && snapshots.is_empty() {
        return NoTableSnafu { path: location.to_string() }.fail();
    }
    let mut check = Check {
        store,
        runtime: runtime.clone(),
        report: Report::default(),
        schemas: BTreeMap::new(),
        manifests: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    check.check_schemas(schemas).await?;
    let snapshots = snapshots.into_iter().filter(|(_, path)| first.size(path).is_some()).collect();
    check.check_snapshots(snapshots).await?;
    check.check_tags(&tags).await?;
    check.check_changelogs().await?;
    Ok(check.report.without_repetition())
}

/// A folder of the table; the names are our own, so this is always a path.
pub(crate) fn child(location: &FilePath, name: &str) -> FilePath {
    location.child(name).unwrap_or_else(|_| location.clone())
}

/// What is known while checking.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) store: Store,
    pub(crate) runtime: Runtime,
    pub(crate) report: Report,
    pub(crate) schemas: BTreeMap<i64, Schema>,
    /// Decoded manifests by name; `None` for one that has a problem.
    pub(crate) manifests: BTreeMap<String, Option<Vec<Arc<Entry>>>>,
    /// Files that were judged already, by path.
    pub(crate) seen: BTreeSet<String>,
}

impl Check {
    /// A JSON file; `None` if it has a problem, which is then told.
    async fn json<T: DeserializeOwned>(&mut self, path: &FilePath) -> Result<Option<T>> {
        let parsed =
            self.store.read(path, MAX_JSON_BYTES).await?.and_then(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| format!("it cannot be parsed: {error}"))
            });
        Ok(parsed.map_err(|message| self.report.problem(path, message)).ok())
    }

    async fn check_schemas(&mut self, schemas: BTreeMap<i64, FilePath>) -> Result<()> {
        if schemas.is_empty() {
            self.report.problem(child(&self.store.location, "schema"), "there is no schema");
        }
        for (id, path) in schemas {
            self.report.schemas += 1;
            let Some(schema) = self.json::<Schema>(&path).await? else { continue };
            if schema.id != id {
                self.report.problem(&path, format!("it says that its id is {}", schema.id));
            }
            for key in schema.primary_keys.iter().chain(&schema.partition_keys) {
                if !schema.fields.iter().any(|field| field.name == *key) {
                    self.report.problem(&path, format!("its key column `{key}` is none of its columns"));
                }
            }
            self.schemas.insert(id, schema);
        }
        Ok(())
    }

    async fn check_snapshots(&mut self, mut snapshots: BTreeMap<i64, FilePath>) -> Result<()> {
        let latest = snapshots.keys().next_back().copied().unwrap_or(0);
        let earliest_hint = self.hint("EARLIEST").await?;
        if let Some(hint) = self.hint("LATEST").await?
            && hint > latest
        {
            let path = child(&child(&self.store.location, "snapshot"), "LATEST");
            self.report.problem(path, format!("it names snapshot {hint}, the latest is {latest}"));
        }
        self.check_density(&mut snapshots, earliest_hint);
        let mut before: Option<(Snapshot, Option<Live>)> = None;
        for (id, path) in snapshots {
            self.report.snapshots += 1;
            let found = self.report.problems.len();
            let Some(snapshot) = self.json::<Snapshot>(&path).await? else {
                before = None;
                continue;
            };
            if snapshot.id != id {
                self.report.problem(&path, format!("it says that its id is {}", snapshot.id));
            }
            let live = self.check_snapshot(&path, &snapshot, before.as_ref()).await?;
            self.unless_gone(&path, found, "it expired while being checked").await?;
            before = Some((snapshot, live));
        }
        Ok(())
    }

    /// Snapshots are numbered without a gap. What lies below the run that ends with the latest was left by an expiry
    /// that was cut short, unless the hint says that it still counts.
    fn check_density(&mut self, snapshots: &mut BTreeMap<i64, FilePath>, earliest_hint: Option<i64>) {
        let ids: Vec<i64> = snapshots.keys().copied().collect();
        let run = ids.windows(2).rev().find(|pair| pair[0] + 1 != pair[1]);
        let Some(first_of_run) = run.map(|pair| pair[1]) else { return };
        let folder = child(&self.store.location, "snapshot");
        for pair in ids.windows(2).filter(|pair| pair[0] + 1 != pair[1]) {
            if earliest_hint.is_some_and(|hint| hint <= pair[0]) {
                let missing = child(&folder, &format!("snapshot-{}", pair[0] + 1));
                self.report.problem(missing, format!("it is missing, between {} and {}", pair[0], pair[1]));
            }
        }
        for id in ids.into_iter().filter(|id| *id < first_of_run && earliest_hint.is_none_or(|hint| *id < hint)) {
            if let Some(path) = snapshots.remove(&id) {
                self.report.note(path, "a leftover of an expiry, not checked");
            }
        }
    }

    async fn hint(&mut self, name: &str) -> Result<Option<i64>> {
        let path = child(&child(&self.store.location, "snapshot"), name);
        if self.store.size(&path).is_none() {
            return Ok(None);
        }
        let text = about_file(&path, self.store.io.read_file_text(&path, 1024).await)?;
        let hint = text.ok().and_then(|text| text.trim().parse().ok());
        if hint.is_none() {
            self.report.note(path, "it is no number; readers list the folder instead");
        }
        Ok(hint)
    }

    /// Takes back the problems since `found` if their snapshot was deleted meanwhile, and its files with it. What it
    /// shared with others is looked at again with them.
    async fn unless_gone(&mut self, path: &FilePath, found: usize, note: &str) -> Result<()> {
        if self.report.problems.len() > found && about_file(path, self.store.io.stat(path).await)?.is_err() {
            self.report.problems.truncate(found);
            self.report.note(path, note);
            self.manifests.clear();
            self.seen.clear();
        }
        Ok(())
    }

    async fn check_tags(&mut self, listed: &Store) -> Result<()> {
        for (path, _) in self.store.in_folder("tag", "tag-") {
            if listed.size(&path).is_none() {
                continue;
            }
            self.report.tags += 1;
            let found = self.report.problems.len();
            if let Some(mut snapshot) = self.json::<Snapshot>(&path).await? {
                // A tag keeps a version of the table; the changelog that led to it goes with the snapshot's own file.
                snapshot.changelog_manifest_list = None;
                self.check_snapshot(&path, &snapshot, None).await?;
            }
            self.unless_gone(&path, found, "it was deleted while being checked").await?;
        }
        Ok(())
    }

    /// Long-lived changelog: only the changelog's own files are promised to be there still.
    async fn check_changelogs(&mut self) -> Result<()> {
        for (id, path) in self.store.numbered("changelog", "changelog-") {
            let found = self.report.problems.len();
            if let Some(snapshot) = self.json::<Snapshot>(&path).await? {
                if snapshot.id != id {
                    self.report.problem(&path, format!("it says that its id is {}", snapshot.id));
                }
                self.check_changelog(&path, &snapshot).await?;
            }
            self.unless_gone(&path, found, "it expired while being checked").await?;
        }
        Ok(())
    }
}
