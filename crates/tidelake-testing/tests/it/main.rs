//! What the test kit itself promises.

#![allow(clippy::unwrap_used, clippy::panic, clippy::single_range_in_vec_init, reason = "tests")]

mod faults;
mod points;
mod store;
mod time;
