//! From entries to the files alive.

use indexmap::IndexSet;
use tidelake_types::BinaryRow;

use crate::{FileKind, ManifestEntry};

/// The files alive after these entries, whatever their order: ADDs without a DELETE of the same identity (spec 4.7), in
/// the order of the ADDs. An ADD twice is kept once.
pub fn live_entries(mut entries: Vec<ManifestEntry>) -> Vec<ManifestEntry> {
    let alive = {
        let deletes = entries.iter().filter(|entry| entry.kind == FileKind::Delete).count();
        let mut gone: IndexSet<Identity<'_>> = IndexSet::with_capacity(deletes);
        gone.extend(entries.iter().filter(|entry| entry.kind == FileKind::Delete).map(identity));
        let mut seen: IndexSet<Identity<'_>> = IndexSet::with_capacity(entries.len() - deletes);
        let mut alive = Vec::with_capacity(entries.len());
        for entry in &entries {
            let identity = identity(entry);
            alive.push(entry.kind == FileKind::Add && !gone.contains(&identity) && seen.insert(identity));
        }
        alive
    };
    let mut alive = alive.into_iter();
    entries.retain(|_| alive.next() == Some(true));
    entries
}

/// [`crate::FileIdentity`], borrowed.
type Identity<'e> = (&'e str, i32, i32, &'e BinaryRow, &'e [String], Option<&'e [u8]>, Option<&'e str>);

fn identity(entry: &ManifestEntry) -> Identity<'_> {
    let file = &entry.file;
    (
        &file.file_name,
        entry.bucket,
        file.level,
        &entry.partition,
        &file.extra_files,
        file.embedded_index.as_deref(),
        file.external_path.as_deref(),
    )
}
