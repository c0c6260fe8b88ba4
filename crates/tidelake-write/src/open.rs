//! A bucket that is open for writing, and what it has handed over.
//!
//! What was handed over becomes part of the table later, in order, each half on its own, or not at all:
//!
//! ```text
//!  files known from a snapshot   + rows 1  + compaction 1  + rows 2  + compaction 2     what this bucket takes for its files
//!  ──────── snapshot ─────────────────────►                                             what is found when looked at again
//! ```
//!
//! As long as the files found are those known plus a beginning of what was handed over, nobody else was here and the bucket
//! goes on with its levels. Otherwise it is opened anew from what is found.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use tidelake_datafile::{Bucket, BucketPlace, CompactMode};
use tidelake_meta::{BucketIncrement, DataFileMeta, FileChanges};

use crate::{
    restore::{FileId, SeenSince, id_of},
    writers::written,
};

pub(crate) struct OpenBucket {
    pub(crate) bucket: Box<dyn Bucket>,
    pub(crate) place: BucketPlace,
    /// Whether it was told of its files.
    pub(crate) compacts: bool,
    pub(crate) flushing: bool,
    pub(crate) compacting: bool,
    /// A compaction to start as soon as a slot is free.
    pub(crate) wants: Option<CompactMode>,
    known: BTreeSet<FileId>,
    handed_over: Vec<Half>,
}

/// One half of a hand-over.
struct Half {
    /// Of the hand-over.
    number: u64,
    is_compaction: bool,
    changes: FileChanges,
    /// The committer said so.
    dropped: bool,
}

impl OpenBucket {
    pub(crate) fn new(bucket: Box<dyn Bucket>, place: BucketPlace, compacts: bool, known: BTreeSet<FileId>) -> Self {
        Self {
            bucket,
            place,
            compacts,
            flushing: false,
            compacting: false,
            wants: None,
            known,
            handed_over: Vec::new(),
        }
    }

    /// Keeps what was handed over until it is found in a snapshot.
    pub(crate) fn note_handed_over(&mut self, number: u64, increment: &BucketIncrement) {
        for (is_compaction, changes) in [(false, &increment.append), (true, &increment.compact)] {
            if !changes.is_empty() {
                self.handed_over.push(Half { number, is_compaction, changes: changes.clone(), dropped: false });
            }
        }
    }

    /// The compaction of a hand-over will not be part of the table.
    pub(crate) fn note_dropped(&mut self, number: u64) {
        for half in self.handed_over.iter_mut().filter(|half| half.is_compaction && half.number == number) {
            half.dropped = true;
        }
    }

    /// Whether all that was handed over is known to be in.
    pub(crate) fn is_settled(&self) -> bool {
        self.handed_over.is_empty()
    }

    /// Whether the files found are explained by what this bucket did. Forgets what is found.
    ///
    /// What is not found is still to come. It is not if it has been in and was replaced: then the bucket may look as it did
    /// before it came, and yet does not agree.
    pub(crate) fn agrees(&mut self, found: &IndexMap<FileId, DataFileMeta>, seen: &SeenSince) -> bool {
        if self.handed_over.iter().any(|half| half.dropped) {
            return false;
        }
        let mut files = self.known.clone();
        let same =
            |files: &BTreeSet<FileId>| files.len() == found.len() && files.iter().all(|id| found.contains_key(id));
        let mut explained = same(&files).then_some(0);
        for (place, half) in self.handed_over.iter().enumerate() {
            for file in &half.changes.removed {
                files.remove(&id_of(file));
            }
            files.extend(half.changes.added.iter().map(id_of));
            if same(&files) {
                explained = Some(place + 1);
            }
        }
        let Some(explained) = explained else { return false };
        let may_have_been_in = |half: &Half| {
            seen.as_ref().is_none_or(|seen| half.changes.added.iter().any(|file| seen.contains(&file.file_name)))
        };
        if self.handed_over[explained..].iter().any(may_have_been_in) {
            return false;
        }
        self.known = found.keys().cloned().collect();
        self.handed_over.drain(..explained);
        true
    }

    /// Of a bucket that does not agree: rows handed over that are not found yet. They may still come. `None` if there are
    /// some of which that cannot be said.
    pub(crate) fn rows_to_come(
        &self,
        found: &IndexMap<FileId, DataFileMeta>,
        seen: &SeenSince,
    ) -> Option<Vec<DataFileMeta>> {
        let rows = self.handed_over.iter().filter(|half| !half.is_compaction);
        let files = rows.flat_map(|half| &half.changes.added).filter(|file| !found.contains_key(&id_of(file)));
        let files: Vec<DataFileMeta> = files.cloned().collect();
        match seen {
            Some(seen) => Some(files.into_iter().filter(|file| !seen.contains(&file.file_name)).collect()),
            None => files.is_empty().then_some(files),
        }
    }

    /// Of a bucket that does not agree: the hand-overs whose compactions are certain never to be part of the table.
    pub(crate) fn lost_compactions(&self, found: &IndexMap<FileId, DataFileMeta>, seen: &SeenSince) -> Vec<u64> {
        self.lost(found, seen).map(|half| half.number).collect()
    }

    /// Of a bucket that does not agree: what those compactions wrote.
    pub(crate) fn useless_files(&self, found: &IndexMap<FileId, DataFileMeta>, seen: &SeenSince) -> Vec<DataFileMeta> {
        self.lost(found, seen).flat_map(|half| written(&half.changes)).cloned().collect()
    }

    /// Compactions that no snapshot has, and that were dropped, or lost an input, or were overtaken by rows handed over later.
    fn lost(&self, found: &IndexMap<FileId, DataFileMeta>, seen: &SeenSince) -> impl Iterator<Item = &Half> {
        let is_known = |id: &FileId| found.contains_key(id);
        let was_seen = move |file: &DataFileMeta| {
            seen.as_ref().is_none_or(|seen| seen.contains(&file.file_name)) || is_known(&id_of(file))
        };
        let is_in = move |half: &Half| half.changes.added.iter().any(was_seen);
        let newest_rows = self.handed_over.iter().rposition(|half| !half.is_compaction && is_in(half)).unwrap_or(0);
        let lost_input = move |half: &Half| {
            let mut inputs = half.changes.removed.iter().map(id_of);
            inputs.any(|id| self.known.contains(&id) && !is_known(&id))
        };
        self.handed_over
            .iter()
            .enumerate()
            .filter(move |(place, half)| {
                let is_over = half.dropped || *place < newest_rows || lost_input(half);
                // One that wrote no data file cannot be told from one that is in: its changelog may be needed.
                half.is_compaction && !half.changes.added.is_empty() && !is_in(half) && is_over
            })
            .map(|(_, half)| half)
    }
}
