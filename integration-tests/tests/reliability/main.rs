//! What holds when processes die, storage fails, writers race and files are damaged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod crash;
mod world;
