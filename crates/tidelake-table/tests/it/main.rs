//! Tables as programs use them, on a folder of this machine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod audit_log;
mod compaction;
mod lake;
mod maintenance;
mod writing;
