//! Tests of metadata against files that Java wrote, and against themselves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bounds;
mod damage;
mod evolution;
mod java_tables;
mod memory;
mod round_trip;
mod schemas;
mod snapshots;
