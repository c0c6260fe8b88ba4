//! Whether changes fit the files that are alive. A pure function of both.
//!
//! A plain append of new files fits always and is not checked. What deletes files (a compaction, an overwrite) was planned
//! on an older snapshot; since then others may have taken its inputs away:
//!
//! ```text
//! base     a  b  c            alive at the snapshot to build on
//! changes     -b -c +d        fits: a d
//!             -b -x +d        conflict: x is gone, someone compacted it
//! ```

use std::fmt;

use indexmap::{IndexMap, IndexSet};
use tidelake_meta::{FileIdentity, FileKind, ManifestEntry, sections};
use tidelake_types::{BinaryRow, DataField, DataType, PartitionText, PartitionValues};

use crate::Result;

/// Why changes do not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// `day=1/hour=2`; empty in unpartitioned tables.
    pub partition: String,
    /// The bucket.
    pub bucket: i32,
    /// What does not fit.
    pub reason: ConflictReason,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictReason {
    /// A file to be deleted is not alive: another commit compacted or overwrote it.
    FileGone {
        /// Its name.
        file: String,
    },
    /// A file to be added is alive already.
    FileAlive {
        /// Its name.
        file: String,
    },
    /// The changes themselves name a file twice.
    NamedTwice {
        /// Its name.
        file: String,
    },
    /// The partition has another number of buckets.
    BucketCount {
        /// Of the files alive.
        alive: i32,
        /// Of the changes.
        changed: i32,
    },
    /// Above level 0 the keys of a level's files are disjoint; these would not be.
    KeysOverlap {
        /// The level.
        level: i32,
        /// One file.
        file: String,
        /// Another.
        other: String,
    },
}

/// What the check must know of the table and the commit.
#[derive(Debug, Clone)]
pub struct Rules<'t> {
    /// The partition columns.
    pub partition_fields: &'t [DataField],
    /// The types of the trimmed primary key; `None` without a primary key.
    pub key_types: Option<&'t [DataType]>,
    /// An overwrite may change the number of buckets.
    pub overwrite: bool,
}

/// The first conflict of `changes` with the files alive in `base`, if there is one. Both may hold any partitions and buckets;
/// of `base` only ADD entries count.
///
/// # Errors
///
/// A key in the metadata that is not of the table's key types.
pub fn check(base: &[ManifestEntry], changes: &[ManifestEntry], rules: &Rules<'_>) -> Result<Option<Conflict>> {
    let at = |entry: &ManifestEntry, reason| Some(conflict(entry, reason, rules.partition_fields));
    let file = |entry: &ManifestEntry| entry.file.file_name.clone();

    let mut alive: IndexMap<FileIdentity, &ManifestEntry> =
        base.iter().filter(|entry| entry.kind == FileKind::Add).map(|entry| (entry.identity(), entry)).collect();
    let mut named: IndexSet<FileIdentity> = IndexSet::new();
    for entry in changes {
        let identity = entry.identity();
        if !named.insert(identity.clone()) {
            return Ok(at(entry, ConflictReason::NamedTwice { file: file(entry) }));
        }
        match entry.kind {
            FileKind::Add if alive.contains_key(&identity) => {
                return Ok(at(entry, ConflictReason::FileAlive { file: file(entry) }));
            }
            FileKind::Add => drop(alive.insert(identity, entry)),
            FileKind::Delete => {
                if alive.swap_remove(&identity).is_none() {
                    return Ok(at(entry, ConflictReason::FileGone { file: file(entry) }));
                }
            }
        }
    }
    if !rules.overwrite {
        for entry in changes.iter().filter(|entry| entry.kind == FileKind::Add) {
            let found =
                total_buckets(base, &entry.partition, entry.bucket, entry.total_buckets, rules.partition_fields);
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    match rules.key_types {
        Some(types) => overlaps(alive.into_values(), changes, types, rules.partition_fields),
        None => Ok(None),
    }
}

/// Whether a writer with `total_buckets` may write to this partition, whose files alive are among `base`: all of a partition's
/// files have one positive number of buckets. Asked by [`check`], and by a writer when it restores a bucket, since plain
/// appends are not checked when they are committed.
pub fn total_buckets(
    base: &[ManifestEntry],
    partition: &BinaryRow,
    bucket: i32,
    total_buckets: i32,
    partition_fields: &[DataField],
) -> Option<Conflict> {
    if total_buckets <= 0 {
        return None;
    }
    let other = base.iter().find(|entry| {
        entry.kind == FileKind::Add
            && entry.total_buckets > 0
            && entry.total_buckets != total_buckets
            && entry.partition == *partition
    })?;
    Some(Conflict {
        partition: partition_text(partition, partition_fields),
        bucket,
        reason: ConflictReason::BucketCount { alive: other.total_buckets, changed: total_buckets },
    })
}

/// Files of one level above 0 whose keys overlap, in the buckets and levels that `changes` add to.
fn overlaps<'e>(
    alive: impl Iterator<Item = &'e ManifestEntry>,
    changes: &[ManifestEntry],
    key_types: &[DataType],
    partition_fields: &[DataField],
) -> Result<Option<Conflict>> {
    let place = |entry: &ManifestEntry| (entry.partition.clone(), entry.bucket, entry.file.level);
    let mut levels: IndexMap<_, Vec<&ManifestEntry>> = changes
        .iter()
        .filter(|entry| entry.kind == FileKind::Add && entry.file.level > 0)
        .map(|entry| (place(entry), Vec::new()))
        .collect();
    if levels.is_empty() {
        return Ok(None);
    }
    for entry in alive {
        if let Some(level) = levels.get_mut(&place(entry)) {
            level.push(entry);
        }
    }
    for entries in levels.into_values() {
        let files = entries.iter().map(|entry| entry.file.clone()).collect();
        let shared = sections(files, key_types)?.into_iter().find(|section| section.len() > 1);
        if let (Some(section), Some(entry)) = (shared, entries.first()) {
            let mut names = section.into_iter().filter_map(|run| run.into_iter().next()).map(|file| file.file_name);
            let (file, other) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
            return Ok(Some(conflict(
                entry,
                ConflictReason::KeysOverlap { level: entry.file.level, file, other },
                partition_fields,
            )));
        }
    }
    Ok(None)
}

fn conflict(entry: &ManifestEntry, reason: ConflictReason, partition_fields: &[DataField]) -> Conflict {
    Conflict { partition: partition_text(&entry.partition, partition_fields), bucket: entry.bucket, reason }
}

/// For messages: a partition that cannot be read is shown as such.
pub(crate) fn partition_text(partition: &BinaryRow, fields: &[DataField]) -> String {
    let text = PartitionText { legacy: false, default_name: "__DEFAULT_PARTITION__".to_owned() };
    PartitionValues::from_row(fields, partition)
        .and_then(|values| values.path(fields, &text))
        .unwrap_or_else(|_| "?".to_owned())
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            ConflictReason::FileGone { file } => {
                write!(f, "file {file} is not there any more: another commit compacted or replaced it")?
            }
            ConflictReason::FileAlive { file } => write!(f, "file {file} is in the table already")?,
            ConflictReason::NamedTwice { file } => write!(f, "file {file} is named twice")?,
            ConflictReason::BucketCount { alive, changed } => {
                write!(
                    f,
                    "the partition has {alive} buckets and the writer {changed}: only overwriting the partition changes that"
                )?;
            }
            ConflictReason::KeysOverlap { level, file, other } => {
                write!(f, "the keys of {file} and {other} on level {level} overlap")?
            }
        }
        match self.partition.as_str() {
            "" => write!(f, " (bucket {})", self.bucket),
            partition => write!(f, " (partition {partition}, bucket {})", self.bucket),
        }
    }
}
