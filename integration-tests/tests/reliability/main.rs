//! What holds when processes die, storage fails, writers race and files are damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod actions;
mod bad_input;
mod crash;
mod model;
mod pairs;
mod processes;
mod restored;
mod together;
mod turnstile;
mod world;
mod writer;
