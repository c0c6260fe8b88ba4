//! The program as its users run it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod alter;
mod compact;
mod expire;
mod explain;
mod export;
mod import;
mod manners;
mod read;
mod repl;
mod tail;
mod tide;
