//! Statements against a lake in a folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod alter;
mod create;
mod filters;
mod lake;
mod overwrite;
mod scans;
