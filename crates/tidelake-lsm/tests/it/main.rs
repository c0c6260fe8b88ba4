//! The LSM engine against models.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bucket;
mod compaction;
mod merging;
mod picking;
mod runs;
mod storage;
mod table;
