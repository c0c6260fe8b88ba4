//! The commit protocol over stores that fail in every way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod ambiguous;
mod canaries;
mod conflicts;
mod crash;
mod expire;
mod identity;
mod long_history;
mod members;
mod merging;
mod overwrite;
mod races;
mod staged;
mod threads;
mod world;
