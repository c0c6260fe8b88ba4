//! The manifests and lists that a commit writes, from their names to their removal.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use indexmap::{IndexMap, IndexSet};
use tidelake_io::{FileIO, FilePath};
use tidelake_meta::{ManifestFileMeta, TableLayout};

use crate::Result;

/// Names of new metadata files, unlike any other's: a UUID of this committer and a number.
#[derive(Debug)]
pub(crate) struct Names {
    uuid: String,
    manifests: AtomicU64,
    lists: AtomicU64,
}

impl Names {
    pub(crate) fn new(uuid: String) -> Self {
        Self { uuid, manifests: AtomicU64::new(0), lists: AtomicU64::new(0) }
    }

    fn manifest(&self) -> String {
        format!("manifest-{}-{}", self.uuid, self.manifests.fetch_add(1, Ordering::Relaxed))
    }

    fn list(&self) -> String {
        format!("manifest-list-{}-{}", self.uuid, self.lists.fetch_add(1, Ordering::Relaxed))
    }
}

/// The metadata files of one commit, over all its attempts. A name is kept before its file is begun, so that nothing that may
/// exist is forgotten. Files go only when somebody says [`Staged::discard_except`]; a dropped `Staged` deletes nothing.
#[derive(Debug)]
pub(crate) struct Staged<'c> {
    io: &'c Arc<dyn FileIO>,
    layout: &'c TableLayout,
    names: &'c Names,
    /// Each name, and whether its file is whole and not synced yet.
    files: IndexMap<String, bool>,
}

impl<'c> Staged<'c> {
    pub(crate) fn new(io: &'c Arc<dyn FileIO>, layout: &'c TableLayout, names: &'c Names) -> Self {
        Self { io, layout, names, files: IndexMap::new() }
    }

    pub(crate) fn new_manifest(&mut self) -> String {
        let name = self.names.manifest();
        self.files.insert(name.clone(), false);
        name
    }

    pub(crate) fn new_list(&mut self) -> String {
        let name = self.names.list();
        self.files.insert(name.clone(), false);
        name
    }

    /// These files are written whole.
    pub(crate) fn written<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            if let Some(unsynced) = self.files.get_mut(name) {
                *unsynced = true;
            }
        }
    }

    /// Makes everything written durable, and `more` with it, in one call.
    pub(crate) async fn sync(&mut self, more: &[FilePath]) -> Result<()> {
        let mut paths = more.to_vec();
        for (name, _) in self.files.iter().filter(|(_, unsynced)| **unsynced) {
            paths.push(self.layout.manifest(name)?);
        }
        self.io.sync(&paths).await?;
        self.files.values_mut().for_each(|unsynced| *unsynced = false);
        Ok(())
    }

    /// Deletes all but `kept`, best effort: what stays is an orphan, which harms nobody.
    pub(crate) async fn discard_except(&mut self, kept: &IndexSet<String>) {
        let (stay, gone): (IndexMap<_, _>, IndexMap<_, _>) =
            std::mem::take(&mut self.files).into_iter().partition(|(name, _)| kept.contains(name));
        self.files = stay;
        for name in gone.into_keys() {
            if let Ok(path) = self.layout.manifest(&name) {
                let _ = self.io.delete(&path).await;
            }
        }
    }

    pub(crate) async fn discard_all(&mut self) {
        self.discard_except(&IndexSet::new()).await;
    }
}

/// A manifest list in its file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrittenList {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    pub(crate) manifests: Vec<ManifestFileMeta>,
}
