//! What can go wrong with predicates.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with predicates.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// A batch has no such column, or of another type.
    #[snafu(display("the predicate on `{column}` does not fit the batch: {reason}"))]
    Mismatch {
        /// The column.
        column: String,
        /// What does not fit.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A value does not fit its column.
    #[snafu(transparent)]
    Types {
        /// The reason.
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
            Self::Mismatch { .. } => ErrorKind::Internal,
            Self::Types { source } => source.kind(),
            Self::Arrow { .. } => ErrorKind::InvalidInput,
        }
    }

    fn is_ambiguous(&self) -> bool {
        false
    }
}
