//! The contract of file formats: Arrow in, Arrow out; no knowledge of tables, keys or snapshots.
//!
//! A format implements [`FileFormat`], [`OpenFile`], [`FormatDecoder`] and [`FormatEncoder`]; it writes no `async` beyond
//! [`FileFormat::open`]. Callers use the shells [`read`] and [`write`], which fetch, hand the plain code to the CPU pool
//! and upload.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod file_format;
mod read;
mod registry;
mod statistics;
mod write;

pub use error::{Error, Result, Source};
pub use file_format::{
    DecodeStep, FileFormat, FormatContext, FormatDecoder, FormatEncoder, OpenFile, ReadRequest, RowGroup, WriteRequest,
    WrittenFile,
};
pub use read::{DecodedBatch, read};
pub use registry::FormatRegistry;
pub use statistics::{ColumnPath, ColumnStatistics, StatisticsMode};
pub use write::{FileWriter, WrittenStatus};

// What the traits mention, so that a format needs this crate alone.
pub use arrow_array::RecordBatch;
pub use arrow_schema::{Schema, SchemaRef};
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_expr::Predicate;
pub use tidelake_io::FileRead;
pub use tidelake_types::{Options, RowPositions, Scalar};
