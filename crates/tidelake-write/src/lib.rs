//! From batches to commit messages: rows find their partition and bucket, buckets flush in parallel, and what they made is
//! handed over as plain values.
//!
//! ```text
//!  batch ──► conform ──► route ──► bucket ──flush job──► files ──► CommitMessage
//!            columns in   partition   memtable, or    │      prepare_commit
//!            table order  and bucket  rows to append  └► compaction job, while rows go on coming
//! ```
//!
//! [`BucketWriters`] owns everything that buckets must not know: which of them are open, what they hold in memory, when
//! they flush and compact, and what others did to them meanwhile. [`compact_buckets`] compacts all buckets of a table, for who does nothing else.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod compact;
mod conform;
mod error;
mod memory;
mod open;
mod options;
mod restore;
mod route;
mod slots;
mod writers;

pub use compact::compact_buckets;
pub use conform::conform;
pub use error::{Error, Result};
pub use options::*;
pub use restore::{BucketState, RestoredStates};
pub use route::{RoutedRows, Router};
pub use writers::{BucketWriters, PreparedMessages, WriteParts};
