//! What can go wrong with metadata.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a decoder has to say underneath.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong with metadata.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub))]
#[non_exhaustive]
pub enum Error {
    /// A metadata file's bytes break the format.
    #[snafu(display("{path} is not a whole {what}: {source}"))]
    Corrupt {
        /// `snapshot`, `schema`, `manifest list`, `manifest`, …
        what: &'static str,
        /// The file.
        path: String,
        /// The reason, with the offset where it is known.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is no such snapshot (any more).
    #[snafu(display("there is no snapshot {id} in {table} (kept are {earliest} to {latest})"))]
    NoSnapshot {
        /// The table's location.
        table: String,
        /// The number asked for.
        id: i64,
        /// The oldest there is, 0 for none.
        earliest: i64,
        /// The newest there is, 0 for none.
        latest: i64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is no such schema.
    #[snafu(display("there is no schema {id} in {table}"))]
    NoSchema {
        /// The table's location.
        table: String,
        /// The number asked for.
        id: i64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is no such tag.
    #[snafu(display("there is no tag `{name}` in {table}"))]
    NoTag {
        /// The table's location.
        table: String,
        /// The name.
        name: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A schema, an option or a name is not allowed.
    #[snafu(display("{message}"))]
    Invalid {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A feature of the format that this build does not have.
    #[snafu(display("{message}"))]
    Unsupported {
        /// The option or feature, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
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
}

#[track_caller]
pub(crate) fn corrupt(what: &'static str, path: impl ToString, source: impl Into<Source>) -> Error {
    Error::Corrupt { what, path: path.to_string(), source: source.into(), location: std::panic::Location::caller() }
}

#[track_caller]
pub(crate) fn invalid<T>(message: impl Into<String>) -> Result<T> {
    InvalidSnafu { message }.fail()
}

#[track_caller]
pub(crate) fn unsupported<T>(message: impl Into<String>) -> Result<T> {
    UnsupportedSnafu { message }.fail()
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::NoSnapshot { .. } | Self::NoSchema { .. } | Self::NoTag { .. } => ErrorKind::NotFound,
            Self::Invalid { .. } => ErrorKind::InvalidInput,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Io { source } if source.is_ambiguous())
    }
}
