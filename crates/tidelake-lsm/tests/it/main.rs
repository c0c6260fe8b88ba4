//! The LSM engine against models.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bucket;
mod merging;
mod runs;
mod storage;
mod table;
