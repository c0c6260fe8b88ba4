//! The contract of file formats: Arrow in, Arrow out; no knowledge of tables, keys or snapshots.
//!
//! A format implements [`FileFormat`], [`OpenFile`], [`FormatDecoder`] and [`FormatEncoder`]; it writes no `async` beyond
//! [`FileFormat::open`]. Callers use the shells [`read()`] and [`FileWriter`], which fetch, hand the plain code to the CPU
//! pool and upload.
//!
//! A stranger's format needs this crate alone and passes `conformance::all` (feature `conformance`). A short one from
//! beginning to end is `examples/stranger-format`.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod file_format;
mod guard;
mod read;
mod registry;
mod statistics;
mod write;

pub use error::{Error, Result, Source};
pub use file_format::{
    DecodeStep, FileFormat, FormatContext, FormatDecoder, FormatEncoder, OpenFile, ReadRequest, RowGroup, WriteRequest,
    WrittenFile,
};
pub use guard::guard;
pub use read::{DecodedBatch, read};
pub use registry::FormatRegistry;
pub use statistics::{ColumnPath, ColumnStatistics, StatisticsMode};
pub use write::{FileWriter, WrittenStatus};

// What the traits mention and an implementation takes in its hands, so that a format needs this crate alone: Arrow in the
// one version that batches have, storage, predicates, and values seen through their types.
pub use arrow_array::{self, RecordBatch};
pub use arrow_buffer;
pub use arrow_schema::{self, Schema, SchemaRef};
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_expr::{ColumnBounds, LeafPredicate, Operator, Predicate, may_match};
pub use tidelake_io::{self as io, FilePath, FileRead, FileReadExt};
pub use tidelake_runtime::Runtime;
pub use tidelake_types::{
    Bytes64, Column, ColumnBuilder, DataField, DataType, FIELD_ID_KEY, OptionKey, OptionValue, Options, RowPositions,
    Scalar, ScalarRef, TypeKind, arrow_field, arrow_schema, arrow_schema_wide, arrow_type, arrow_type_wide,
    field_from_arrow, is_wide_timestamp, parse_data_type, parse_ddl_type, wide_timestamp_type,
};
