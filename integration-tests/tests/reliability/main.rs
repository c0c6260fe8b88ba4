//! What holds when processes die, storage fails, writers race and files are damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod bad_input;
mod crash;
mod processes;
mod world;
mod writer;
