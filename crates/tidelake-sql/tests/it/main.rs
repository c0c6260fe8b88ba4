//! Statements against a lake in a folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod create;
mod filters;
mod lake;
