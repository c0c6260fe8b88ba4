//! What can go wrong with a lake or a table: one error for all crates below.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a lake or a table.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// A request names something the table does not have, or in a wrong way.
    #[snafu(display("{message}"))]
    Invalid {
        /// What, and what there is.
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
    /// Something that is asked for by name is not there.
    #[snafu(display("{message}"))]
    NotFound {
        /// What, and what there is.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The catalog failed.
    #[snafu(transparent)]
    Catalog {
        /// How.
        source: tidelake_catalog::Error,
    },
    /// A commit failed.
    #[snafu(transparent)]
    Commit {
        /// How.
        source: tidelake_commit::Error,
    },
    /// Planning failed.
    #[snafu(transparent)]
    Scan {
        /// How.
        source: tidelake_scan::Error,
    },
    /// Writing failed.
    #[snafu(transparent)]
    Write {
        /// How.
        source: tidelake_write::Error,
    },
    /// A data file failed.
    #[snafu(transparent)]
    DataFile {
        /// How.
        source: tidelake_datafile::Error,
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
    /// A predicate failed.
    #[snafu(transparent)]
    Expr {
        /// How.
        source: tidelake_expr::Error,
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

impl Error {
    fn inner(&self) -> Option<&dyn Classify> {
        Some(match self {
            Self::Catalog { source } => source,
            Self::Commit { source } => source,
            Self::Scan { source } => source,
            Self::Write { source } => source,
            Self::DataFile { source } => source,
            Self::Format { source } => source,
            Self::Meta { source } => source,
            Self::Io { source } => source,
            Self::Expr { source } => source,
            Self::Types { source } => source,
            Self::Invalid { .. } | Self::Unsupported { .. } | Self::NotFound { .. } | Self::Arrow { .. } => {
                return None;
            }
        })
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::Arrow { .. } => ErrorKind::InvalidInput,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::NotFound { .. } => ErrorKind::NotFound,
            other => other.inner().map_or(ErrorKind::Internal, Classify::kind),
        }
    }

    fn is_ambiguous(&self) -> bool {
        self.inner().is_some_and(Classify::is_ambiguous)
    }
}
