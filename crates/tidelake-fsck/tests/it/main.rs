//! Whole tables, written by the engine, then damaged file by file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod damage;
mod tables;
