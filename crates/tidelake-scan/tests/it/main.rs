//! Planning over hand-built tables in memory.
#![allow(clippy::unwrap_used, reason = "tests")]

mod batch;
mod pruning;
mod streaming;
mod world;
