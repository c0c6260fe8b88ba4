//! Buckets without a key: rows are appended to files as they come.
//!
//! [`AppendBucket`] is how they are written; [`read_split`] reads the files of a split one after another.

mod bucket;
mod flush;
mod read;

pub use bucket::AppendBucket;
pub use read::read_split;
