//! Buckets without a key: rows are appended to files as they come.
//!
//! [`AppendBucket`] is how they are written, and how their small files become larger ones; [`read_split`] reads the files of a
//! split one after another.

mod bucket;
mod compact;
mod flush;
mod read;

pub use bucket::AppendBucket;
pub use compact::{COMPACTION_MIN_FILE_NUM, RewriteJob, SmallFiles, pack_small_files};
pub use read::read_split;
