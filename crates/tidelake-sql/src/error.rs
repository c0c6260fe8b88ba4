//! What can go wrong with SQL.

use datafusion::error::DataFusionError;
use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with SQL.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// A statement that is not understood.
    #[snafu(display("{message}"))]
    Syntax {
        /// What, and where.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A fair request that this build cannot serve.
    #[snafu(display("{message}"))]
    Unsupported {
        /// The statement or option, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A table or lake failed.
    #[snafu(transparent)]
    Table {
        /// How.
        source: tidelake_table::Error,
    },
    /// The catalog failed.
    #[snafu(transparent)]
    Catalog {
        /// How.
        source: tidelake_catalog::Error,
    },
    /// A type or option does not fit.
    #[snafu(transparent)]
    Types {
        /// How.
        source: tidelake_types::Error,
    },
    /// DataFusion failed.
    #[snafu(display("{source}"))]
    DataFusion {
        /// How.
        source: DataFusionError,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

impl From<DataFusionError> for Error {
    /// An error of ours that went through DataFusion comes out as it went in.
    #[track_caller]
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(inner) => match inner.downcast::<tidelake_table::Error>() {
                    Ok(ours) => Error::Table { source: *ours },
                    Err(inner) => Error::DataFusion {
                        source: DataFusionError::External(inner),
                        location: std::panic::Location::caller(),
                    },
                },
            },
            DataFusionError::Context(context, inner) => match Error::from(*inner) {
                Error::DataFusion { source, location } => {
                    Error::DataFusion { source: DataFusionError::Context(context, Box::new(source)), location }
                }
                ours => ours,
            },
            DataFusionError::Diagnostic(_, inner) => Error::from(*inner),
            source => Error::DataFusion { source, location: std::panic::Location::caller() },
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::DataFusion { source, .. } => source,
            ours => DataFusionError::External(Box::new(ours)),
        }
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } => ErrorKind::InvalidInput,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Table { source } => source.kind(),
            Self::Catalog { source } => source.kind(),
            Self::Types { source } => source.kind(),
            Self::DataFusion { source, .. } => match source.find_root() {
                DataFusionError::NotImplemented(_) => ErrorKind::Unsupported,
                DataFusionError::ResourcesExhausted(_) => ErrorKind::ResourceExhausted,
                DataFusionError::Internal(_) => ErrorKind::Internal,
                DataFusionError::External(inner) => {
                    inner.downcast_ref::<tidelake_table::Error>().map_or(ErrorKind::InvalidInput, Classify::kind)
                }
                _ => ErrorKind::InvalidInput,
            },
        }
    }

    fn is_ambiguous(&self) -> bool {
        match self {
            Self::Table { source } => source.is_ambiguous(),
            Self::Catalog { source } => source.is_ambiguous(),
            _ => false,
        }
    }
}
