//! A file format of a stranger: it names `tidelake-format` alone and passes its conformance suite. `README.md` says how to
//! write another.
//!
//! The idea is *runs*: each column is a list of how often a value stands, and the value. Sorted and repeated columns are
//! small, and rows are skipped a run at a time. All numbers are little-endian.
//!
//! ```text
//! RUNS1 │ chunks of group 0 │ chunks of group 1 │ … │ footer │ its length, u32 │ its checksum, u64 │ RUNS1
//!
//! chunk    one column of one group: run, run, …
//! run      how often, u32 │ value
//! value    0 for null, or 1 │ the number, or the length, u32, and the bytes
//! footer   how many columns, u32 │ of each: name, type as in SQL, field id
//!          how many groups, u32  │ of each: rows, u64 │ of each chunk: offset, length, checksum, nulls, min, max
//! ```
//!
//! Columns are of single values; ARRAY, MAP, MULTISET and ROW are refused.

mod decoder;
mod encoder;
mod footer;
mod format;
mod value;

pub use encoder::BLOCK_BYTES;
pub use format::RunsFormat;
