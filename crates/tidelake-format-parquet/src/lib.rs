//! Parquet: Arrow in and Arrow out, in the bytes that Java Paimon writes and reads.
//!
//! [`ParquetFormat`] is all there is to use; give it to a `FormatRegistry`. What it reads of other writers' files is said
//! in `convert`, what it writes in `schema` and [`options`].

mod convert;
mod decoder;
mod dictionary;
mod encoder;
mod fault;
mod footer;
mod format;
mod open_file;
pub mod options;
mod page_offsets;
mod projection;
mod prune;
mod raw_int96;
mod schema;
mod sift;
mod statistics;
mod thrift;

pub use format::ParquetFormat;
