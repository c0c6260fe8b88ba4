//! Append buckets over files in memory.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bucket;
mod read;
mod table;
