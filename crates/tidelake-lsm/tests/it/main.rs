//! The LSM engine against models.

#![allow(clippy::unwrap_used, reason = "tests")]

mod merging;
mod runs;
