//! What holds when processes die, storage fails, writers race and files are damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]
#![allow(dead_code, reason = "tags and expiry are to come")]

mod actions;
mod bad_input;
mod crash;
mod model;
mod pairs;
mod processes;
mod turnstile;
mod world;
mod writer;
