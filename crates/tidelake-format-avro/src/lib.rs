//! Avro data files, read into Arrow: object containers as Java Paimon writes them, and any others whose records fit.
//!
//! [`AvroFormat`] is all there is to use; give it to a `FormatRegistry`. Files are read only, not written.
//!
//! ```text
//! format ── opens ──► blocks     walks from block to block: where the rows are, and that the file is whole
//!                        │
//!                     decoder    asks for blocks, unfolds them (container), has their rows read
//!                        │
//!                     columns    one builder for each part of the types asked for, planned by the file's own schema
//! ```

mod blocks;
mod columns;
mod container;
mod cursor;
mod decoder;
mod fault;
mod format;
mod open_file;
mod schema;
mod stored;

pub use format::AvroFormat;
