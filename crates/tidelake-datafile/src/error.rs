//! What can go wrong with data files.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with data files.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub))]
#[non_exhaustive]
pub enum Error {
    /// A data file is not what its metadata says.
    #[snafu(display("data file {path} is broken: {reason}"))]
    Corrupt {
        /// The file.
        path: String,
        /// What does not fit.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Rows do not fit the table.
    #[snafu(display("{message}"))]
    InvalidRows {
        /// Column, value and reason.
        message: String,
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
    /// A caller broke the contract of a bucket or writer.
    #[snafu(display("{message}"))]
    Internal {
        /// What happened.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A format failed.
    #[snafu(transparent)]
    Format {
        /// How.
        source: tidelake_format::Error,
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
    /// A predicate failed.
    #[snafu(transparent)]
    Expr {
        /// How.
        source: tidelake_expr::Error,
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
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::InvalidRows { .. } | Self::Arrow { .. } => ErrorKind::InvalidInput,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Internal { .. } => ErrorKind::Internal,
            Self::Format { source } => source.kind(),
            Self::Meta { source } => source.kind(),
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
            Self::Expr { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        match self {
            Self::Format { source } => source.is_ambiguous(),
            Self::Meta { source } => source.is_ambiguous(),
            Self::Io { source } => source.is_ambiguous(),
            _ => false,
        }
    }
}
