//! What can go wrong while writing.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FilePath;

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while writing.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// Rows do not fit the table.
    #[snafu(display("{message}"))]
    InvalidRows {
        /// Column, row and reason.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The partition holds files of another bucket count.
    #[snafu(display(
        "partition {partition} has {existing} buckets, but the table's option `bucket` says {wanted}: rewrite the partition with INSERT OVERWRITE, or set the option back"
    ))]
    BucketCount {
        /// The partition.
        partition: String,
        /// Of its files.
        existing: i32,
        /// Of the option.
        wanted: i32,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// An earlier failure left the writer with a part of its rows.
    #[snafu(display(
        "the writer cannot go on ({reason}): open a new one and write all rows since the last commit again"
    ))]
    Poisoned {
        /// The earlier failure.
        reason: &'static str,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A file was written with a schema that the caller does not know: its newest columns would be lost.
    #[snafu(display(
        "{file} of {table} was written with schema {newer}, newer than schema {known} that this table was opened with: open it again"
    ))]
    SchemaMoved {
        /// The table's folder.
        table: FilePath,
        /// The file.
        file: String,
        /// Of the file.
        newer: i64,
        /// The caller's.
        known: i64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The task of a compaction ended without a result.
    #[snafu(display("the compaction of {bucket} ended without a result"))]
    JobLost {
        /// The bucket's folder.
        bucket: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A fair request that this build cannot serve.
    #[snafu(display("{message}"))]
    Unsupported {
        /// The option or feature, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A bucket failed.
    #[snafu(transparent)]
    DataFile {
        /// How.
        source: tidelake_datafile::Error,
    },
    /// There is not enough memory.
    #[snafu(transparent)]
    Runtime {
        /// How.
        source: tidelake_runtime::Error,
    },
    /// Metadata failed.
    #[snafu(transparent)]
    Meta {
        /// How.
        source: tidelake_meta::Error,
    },
    /// The storage failed.
    #[snafu(transparent)]
    Io {
        /// How.
        source: tidelake_io::Error,
    },
    /// A value, type or option does not fit.
    #[snafu(transparent)]
    Types {
        /// How.
        source: tidelake_types::Error,
    },
    /// An Arrow kernel failed.
    #[snafu(display("{source}"), context(false))]
    Arrow {
        /// The kernel's error.
        source: arrow_schema::ArrowError,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidRows { .. } | Self::Arrow { .. } => ErrorKind::InvalidInput,
            Self::BucketCount { .. } | Self::SchemaMoved { .. } => ErrorKind::Conflict,
            Self::Poisoned { .. } | Self::JobLost { .. } => ErrorKind::Cancelled,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::DataFile { source } => source.kind(),
            Self::Runtime { source } => source.kind(),
            Self::Meta { source } => source.kind(),
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        match self {
            Self::DataFile { source } => source.is_ambiguous(),
            Self::Meta { source } => source.is_ambiguous(),
            Self::Io { source } => source.is_ambiguous(),
            _ => false,
        }
    }
}
