//! What the test kit itself promises.

mod faults;
mod points;
mod store;
mod time;
