//! Data files written and read back, in memory.
#![expect(clippy::unwrap_used, reason = "tests")]

mod broken;
mod evolution;
mod formats;
mod rolling;
mod round_trip;
mod statistics;
mod table;
