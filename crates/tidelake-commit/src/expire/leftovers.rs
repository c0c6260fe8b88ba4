//! The files that snapshots leave when they go.

use futures::{FutureExt, StreamExt, stream};
use indexmap::{IndexMap, IndexSet};
use tidelake_io::FilePath;
use tidelake_meta::{FileKind, ManifestEntry, ManifestFileMeta, Snapshot, live_entries};
use tidelake_types::PartitionValues;

use crate::{CommitTable, Result, error::UnsupportedSnafu};

use super::ExpireOutcome;

/// How many files are deleted together.
const DELETES_AT_ONCE: usize = 16;

/// Files that may go, by path; each until something is found to need it.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    data: IndexMap<FilePath, DataFile>,
    metadata: IndexMap<FilePath, u64>,
    /// Index manifests: what they name cannot be read yet.
    indexes: IndexSet<String>,
}

#[derive(Debug)]
struct DataFile {
    /// As manifests name it, without its folders.
    name: String,
    bytes: u64,
    extra_files: Vec<FilePath>,
}

impl Leftovers {
    /// The data files that a snapshot took away. One that it only moved to another level is there still.
    pub(super) async fn take_deleted(&mut self, table: &CommitTable, snapshot: &Snapshot) -> Result<()> {
        let manifests = list(table, &snapshot.delta_manifest_list, snapshot.delta_manifest_list_size).await?;
        let entries = entries(table, &manifests).await?;
        for entry in entries.iter().filter(|entry| entry.kind == FileKind::Delete) {
            self.take_data_file(table, entry)?;
        }
        for entry in entries.iter().filter(|entry| entry.kind == FileKind::Add) {
            self.data.swap_remove(&path(table, entry)?.1);
        }
        Ok(())
    }

    /// The data files alive in a snapshot.
    pub(super) async fn take_alive(&mut self, table: &CommitTable, snapshot: &Snapshot) -> Result<()> {
        let manifests = table.manifests.manifests_of(snapshot).await?;
        for entry in live_entries(entries(table, &manifests).await?) {
            self.take_data_file(table, &entry)?;
        }
        Ok(())
    }

    /// A snapshot's metadata files and its changelog.
    pub(super) async fn take_named(&mut self, table: &CommitTable, snapshot: &Snapshot) -> Result<()> {
        for entry in changelog(table, snapshot).await? {
            self.take_data_file(table, &entry)?;
        }
        self.metadata.extend(metadata(table, snapshot).await?);
        self.indexes.extend(snapshot.index_manifest.clone());
        Ok(())
    }

    /// What a snapshot that stays needs, stays. External files are never taken: who may delete them is not known here.
    pub(super) async fn spare(&mut self, table: &CommitTable, snapshot: &Snapshot) -> Result<()> {
        for (path, _) in metadata(table, snapshot).await? {
            self.metadata.swap_remove(&path);
        }
        if let Some(index) = &snapshot.index_manifest {
            self.indexes.swap_remove(index);
        }
        if self.data.is_empty() {
            return Ok(());
        }
        let names: IndexSet<&str> = self.data.values().map(|file| file.name.as_str()).collect();
        let mut found = Vec::new();
        for manifest in table.manifests.manifests_of(snapshot).await? {
            let entries = table.manifests.read_manifest(&manifest).await?;
            found.extend(entries.iter().filter(|entry| names.contains(&*entry.file.file_name)).cloned());
        }
        let mut needed = live_entries(found);
        needed.extend(changelog(table, snapshot).await?);
        for entry in needed {
            self.data.swap_remove(&path(table, &entry)?.1);
        }
        Ok(())
    }

    /// # Errors
    ///
    /// `Unsupported` if index files would go.
    pub(super) fn refuse_indexes(&self, table: &CommitTable) -> Result<()> {
        match self.indexes.first() {
            Some(name) => {
                let message = format!(
                    "{} has index files ({name}): its snapshots cannot expire here yet, since these would stay behind",
                    table.layout.root()
                );
                UnsupportedSnafu { message }.fail()
            }
            None => Ok(()),
        }
    }

    pub(super) fn outcome(&self) -> ExpireOutcome {
        ExpireOutcome {
            data_files: self.data.len() as u64,
            manifests: self.metadata.len() as u64,
            bytes: self.data.values().map(|file| file.bytes).chain(self.metadata.values().copied()).sum(),
            ..ExpireOutcome::default()
        }
    }

    /// Data files first. Gives how many stayed: nothing refers to them.
    pub(super) async fn delete(self, table: &CommitTable) -> u64 {
        let data = self.data.into_iter().flat_map(|(path, file)| file.extra_files.into_iter().chain([path]));
        let mut failed = 0;
        for paths in [data.collect::<Vec<_>>(), self.metadata.into_keys().collect()] {
            let deletes = paths.into_iter().map(|path| {
                let io = std::sync::Arc::clone(&table.io);
                async move { io.delete(&path).await.is_err() }.boxed()
            });
            let mut deletes = stream::iter(deletes.collect::<Vec<_>>()).buffered(DELETES_AT_ONCE);
            while let Some(is_left) = deletes.next().await {
                failed += u64::from(is_left);
            }
        }
        failed
    }

    fn take_data_file(&mut self, table: &CommitTable, entry: &ManifestEntry) -> Result<()> {
        if entry.file.external_path.is_some() {
            return Ok(());
        }
        let (bucket_path, path) = path(table, entry)?;
        let extra = |name: &String| table.layout.extra_file(&bucket_path, &entry.file, name);
        let file = DataFile {
            name: entry.file.file_name.clone(),
            bytes: entry.file.file_size,
            extra_files: entry.file.extra_files.iter().map(extra).collect::<Result<_, _>>()?,
        };
        self.data.insert(path, file);
        Ok(())
    }
}

/// The folder of an entry's bucket and the path of its file.
fn path(table: &CommitTable, entry: &ManifestEntry) -> Result<(String, FilePath)> {
    let partition = PartitionValues::from_row(&table.schema.partition_fields(), &entry.partition)?;
    let bucket_path = table.layout.bucket_path(&table.schema, &partition, entry.bucket)?;
    let path = table.layout.data_file(&bucket_path, &entry.file)?;
    Ok((bucket_path, path))
}

/// Lists, manifests and statistics that a snapshot names, with their sizes as far as they are recorded.
async fn metadata(table: &CommitTable, snapshot: &Snapshot) -> Result<Vec<(FilePath, u64)>> {
    let layout = &table.layout;
    let lists = [
        (Some(&snapshot.base_manifest_list), snapshot.base_manifest_list_size),
        (Some(&snapshot.delta_manifest_list), snapshot.delta_manifest_list_size),
        (snapshot.changelog_manifest_list.as_ref(), snapshot.changelog_manifest_list_size),
    ];
    let mut files = Vec::new();
    for (name, size_bytes) in lists {
        let Some(name) = name else { continue };
        for manifest in list(table, name, size_bytes).await? {
            files.push((layout.manifest(&manifest.file_name)?, manifest.file_size));
        }
        files.push((layout.manifest(name)?, size_bytes.unwrap_or_default()));
    }
    if let Some(name) = &snapshot.statistics {
        files.push((layout.statistics(name)?, 0));
    }
    Ok(files)
}

async fn changelog(table: &CommitTable, snapshot: &Snapshot) -> Result<Vec<ManifestEntry>> {
    let Some(name) = &snapshot.changelog_manifest_list else { return Ok(Vec::new()) };
    entries(table, &list(table, name, snapshot.changelog_manifest_list_size).await?).await
}

async fn list(table: &CommitTable, name: &str, size_bytes: Option<u64>) -> Result<Vec<ManifestFileMeta>> {
    Ok(table.manifests.read_list(name, size_bytes).await?.to_vec())
}

async fn entries(table: &CommitTable, manifests: &[ManifestFileMeta]) -> Result<Vec<ManifestEntry>> {
    let mut entries = Vec::new();
    for manifest in manifests {
        entries.extend(table.manifests.read_manifest(manifest).await?.iter().cloned());
    }
    Ok(entries)
}
