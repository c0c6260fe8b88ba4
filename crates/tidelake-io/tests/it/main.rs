//! Tests of storage: every backend and wrapper of this crate passes the suite, and what the suite cannot see.
#![allow(clippy::unwrap_used, reason = "tests")]

mod conformance;
mod local;
mod paths;
mod roots;
mod stranger;
