//! Replacing what is there.
//!
//! Which files an overwrite deletes is not known before it is committed: they are those alive in the snapshot it is built
//! on, whatever others have added by then. Each attempt looks anew:
//!
//! ```text
//! alive in the base     day=1: a b    day=2: c
//! Matching day=1, +x    -a -b +x      of the snapshot: kind OVERWRITE; c is left alone
//! Dynamic, +y in day=2  -c +y
//! Whole                 -a -b -c      and no new file: the table is empty
//! ```

use indexmap::{IndexMap, IndexSet};
use tidelake_meta::{BucketMode, FileKind, ManifestEntry, PartitionMatcher, PartitionSpec, TableSchema};
use tidelake_types::{BinaryRow, OptionKey};

use crate::{PreparedCommit, Result};

/// Whether an overwrite that names no partition replaces those it has rows for.
pub const DYNAMIC_PARTITION_OVERWRITE: OptionKey<bool> = OptionKey::new("dynamic-partition-overwrite", || true)
    .describe(
        "Whether overwriting a partitioned table without naming partitions replaces only those that get new rows.",
    );

/// What the rows of a commit replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overwrite {
    /// All rows of the table.
    Whole,
    /// The partitions that one of these means; no row may lie elsewhere. Without rows they are dropped.
    Matching(Vec<PartitionSpec>),
    /// The partitions that the commit has rows for; all rows in a table without partitions. Without rows: nothing.
    Dynamic,
}

impl Overwrite {
    /// What a statement means that overwrites `spec`, perhaps naming no partition at all: then the option
    /// `dynamic-partition-overwrite` of the table decides.
    pub fn of(spec: PartitionSpec, schema: &TableSchema) -> Result<Self> {
        let dynamic = !schema.partition_keys.is_empty() && schema.options.get(&DYNAMIC_PARTITION_OVERWRITE)?;
        Ok(match (spec.is_empty(), dynamic) {
            (false, _) => Self::Matching(vec![spec]),
            (true, true) => Self::Dynamic,
            (true, false) => Self::Whole,
        })
    }
}

/// [`Overwrite`], resolved for one commit.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    Whole,
    Partitions(IndexSet<BinaryRow>),
    Matching(PartitionMatcher),
}

impl Scope {
    /// `None`: nothing is replaced.
    pub(crate) fn of(prepared: &PreparedCommit, schema: &TableSchema) -> Result<Option<Self>> {
        Ok(match &prepared.overwrite {
            None => None,
            Some(Overwrite::Whole) => Some(Self::Whole),
            Some(Overwrite::Matching(specs)) => Some(Self::Matching(PartitionMatcher::new(specs, schema)?)),
            Some(Overwrite::Dynamic) => {
                let written = prepared.messages.iter().filter(|message| !message.increment.append.added.is_empty());
                let partitions: IndexSet<_> = written.map(|message| message.partition.as_row().clone()).collect();
                match (partitions.is_empty(), schema.partition_keys.is_empty()) {
                    (true, _) => None,
                    (false, true) => Some(Self::Whole),
                    (false, false) => Some(Self::Partitions(partitions)),
                }
            }
        })
    }

    pub(crate) fn holds(&self, partition: &BinaryRow) -> Result<bool> {
        Ok(match self {
            Self::Whole => true,
            Self::Partitions(partitions) => partitions.contains(partition),
            Self::Matching(matcher) => matcher.matches(partition)?,
        })
    }

    /// Of the files alive in a base those to delete, as entries that do so. Rows whose bucket is not decided yet stay, as in
    /// Java.
    pub(crate) fn deletes(&self, alive: &[ManifestEntry]) -> Result<Vec<ManifestEntry>> {
        let mut known: IndexMap<&BinaryRow, bool> = IndexMap::new();
        let mut deletes = Vec::new();
        for entry in alive.iter().filter(|entry| entry.bucket != BucketMode::POSTPONE_BUCKET) {
            let within = match known.get(&entry.partition) {
                Some(within) => *within,
                None => {
                    let within = self.holds(&entry.partition)?;
                    known.insert(&entry.partition, within);
                    within
                }
            };
            if within {
                deletes.push(ManifestEntry { kind: FileKind::Delete, ..entry.clone() });
            }
        }
        Ok(deletes)
    }
}
