//! Why a table cannot be checked at all.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a table cannot be checked at all. What is wrong with its files is no error, but a [`Problem`](crate::Problem).
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// There is no table.
    #[snafu(display("there is no table at {path}: neither a schema nor a snapshot"))]
    NoTable {
        /// Where one was expected.
        path: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The storage does not answer, or refuses: nothing can be said about the files.
    #[snafu(display("cannot check {path}: {source}"))]
    Storage {
        /// The file or folder.
        path: String,
        /// How.
        source: tidelake_io::Error,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTable { .. } => ErrorKind::NotFound,
            Self::Storage { source, .. } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        false // nothing is ever written
    }
}
