//! Buckets with a primary key: an LSM tree over Arrow batches.
//!
//! [`LsmBucket`] takes rows into a memtable and flushes them to sorted level-0 files; [`read_bucket`] merges the sorted runs
//! of a bucket into rows, by windows of Arrow batches; [`read_unmerged`] gives its files as they are. A bucket that was told of
//! its files ([`LsmBucket::with_files`]) compacts them: a [`CompactionStrategy`] picks runs from its [`Levels`], a job makes
//! one run of them.
//!
//! All ways lead through the same small steps, each pure and in its own file:
//!
//! ```text
//! memtable, sorted ─┐
//!                   ├─► MergeWindow ──► Decider ──────► Decision ──► gather ──► columns
//! runs ─► Grouper ──┘   rows by key     MergeFunction   references    copies
//! ```
//!
//! Keys of any type compare through their [`KeyOrder`]:
//!
//! ```
//! use std::{cmp::Ordering, sync::Arc};
//! use arrow_array::{ArrayRef, Int32Array, StringArray};
//! use tidelake_lsm::KeyEncoder;
//! use tidelake_types::{DataField, TypeKind};
//!
//! let key = [DataField::new(0, "day", TypeKind::Int.not_null()), DataField::new(1, "name", TypeKind::STRING.not_null())];
//! let columns: [ArrayRef; 2] = [Arc::new(Int32Array::from(vec![-1, 1])), Arc::new(StringArray::from(vec!["b", "a"]))];
//! let order = KeyEncoder::new(&key).encode(&columns)?;
//! assert_eq!(order.compare(0, &order, 1), Ordering::Less);
//! # Ok::<(), tidelake_lsm::Error>(())
//! ```
//!
//! Errors are those of the bucket contract, [`tidelake_datafile::Error`].

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod bucket;
mod compact;
mod decide;
mod fault;
mod flush;
mod gather;
mod layout;
mod levels;
mod memtable;
mod merge;
mod options;
mod order;
mod output;
mod read;
#[cfg(test)]
mod sample;
mod window;

pub use bucket::LsmBucket;
pub use compact::{
    CompactionStrategy, CompactionUnit, EarlyFull, FullCompaction, OffPeak, Pick, RunSize, UniversalCompaction,
};
pub use decide::{Change, ChangedRow, Decider, Decision, FullChangelog, Plain};
pub use gather::{Gathered, Keep, gather};
pub use levels::{Levels, SortedRun};
pub use merge::{Deduplicate, GroupSelection, MergeFunction, Merged, MergedColumn};
pub use options::*;
pub use order::{KeyEncoder, KeyOrder, SequenceEncoder};
pub use read::{MergeReadRequest, MergedBatch, read_bucket, read_unmerged};
pub use tidelake_datafile::{Error, Result};
pub use window::{GroupStep, Grouper, KeyValueBatch, MergeWindow, RowRef, WindowLimits};
