//! What the format does with files of Java, with those of others, and with broken ones.

#![expect(clippy::unwrap_used, reason = "tests")]

mod broken;
mod files;
mod foreign;
mod java;
mod make;
mod parts;
