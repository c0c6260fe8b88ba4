//! What the format does with files of Java, whole and broken, and with files of several stripes.

#![expect(clippy::unwrap_used, reason = "tests")]

mod broken;
mod files;
mod java;
mod stripes;
