//! What can go wrong with planning.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with planning.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// A snapshot that is not there, or not any more.
    #[snafu(display("there is no snapshot {wanted} in {table}: {}", kept(*earliest, *latest)))]
    NoSnapshot {
        /// The table's location.
        table: String,
        /// What was asked for: a number, a time, a watermark, a version.
        wanted: String,
        /// The oldest that is kept; `None` for an empty table.
        earliest: Option<i64>,
        /// The newest.
        latest: Option<i64>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A stream's next snapshot has expired before it was read.
    #[snafu(display(
        "snapshot {next} of {table} has expired before it was read: {}. Start again, and keep snapshots longer (`snapshot.time-retained`) or \
         name a `consumer-id`",
        kept(*earliest, *latest)
    ))]
    Expired {
        /// The table's location.
        table: String,
        /// The snapshot that was next.
        next: i64,
        /// The oldest that is kept.
        earliest: Option<i64>,
        /// The newest.
        latest: Option<i64>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A stream's position lies beyond the table's end: the table was dropped and made anew, or rolled back.
    #[snafu(display(
        "the position {next} lies beyond the end of {table}: {}. The table was made anew or rolled back; start again",
        kept(*earliest, *latest)
    ))]
    Vanished {
        /// The table's location.
        table: String,
        /// The snapshot that was next.
        next: i64,
        /// The oldest that is kept.
        earliest: Option<i64>,
        /// The newest.
        latest: Option<i64>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A position that is none, or one of another table.
    #[snafu(display("this is not a stream position of {table}: {reason}"))]
    InvalidPosition {
        /// The table's location.
        table: String,
        /// What does not fit.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A request that contradicts itself or the table.
    #[snafu(display("{message}"))]
    Invalid {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// An option or feature that this build does not have.
    #[snafu(display("{message}"))]
    Unsupported {
        /// The option or feature, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Metadata cannot be read.
    #[snafu(transparent)]
    Meta {
        /// How.
        source: tidelake_meta::Error,
    },
    /// A value, type or option does not fit.
    #[snafu(transparent)]
    Types {
        /// How.
        source: tidelake_types::Error,
    },
}

fn kept(earliest: Option<i64>, latest: Option<i64>) -> String {
    match (earliest, latest) {
        (Some(earliest), Some(latest)) => format!("kept are {earliest} to {latest}"),
        _ => "it has none".to_owned(),
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSnapshot { .. } | Self::Expired { .. } | Self::Vanished { .. } => ErrorKind::NotFound,
            Self::InvalidPosition { .. } | Self::Invalid { .. } => ErrorKind::InvalidInput,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Meta { source } => source.kind(),
            Self::Types { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Meta { source } if source.is_ambiguous())
    }
}
