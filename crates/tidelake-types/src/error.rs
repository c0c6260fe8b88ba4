//! What can go wrong with types and values.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with types and values.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub))]
#[non_exhaustive]
pub enum Error {
    /// A type's text or JSON is not of Paimon's grammar.
    #[snafu(display("`{text}` is not a data type: {reason}"))]
    InvalidType {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// An option's value cannot be parsed, or is out of its range.
    #[snafu(display("option `{key}` is `{value}`, expected {expected}"))]
    InvalidOption {
        /// The key.
        key: String,
        /// The value given.
        value: String,
        /// What is accepted.
        expected: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A value does not fit its type, or a cast is not possible.
    #[snafu(display("{message}"))]
    InvalidValue {
        /// Value, type and reason.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A type that this build cannot hold in memory.
    #[snafu(display("the type {data_type} is not supported: {reason}"))]
    UnsupportedType {
        /// The type.
        data_type: String,
        /// What to do instead.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Stored bytes are not a binary row of the expected types.
    #[snafu(display("a binary row is broken: {reason}"))]
    CorruptRow {
        /// What does not fit.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
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
            Self::InvalidType { .. } | Self::InvalidOption { .. } | Self::InvalidValue { .. } => {
                ErrorKind::InvalidInput
            }
            Self::UnsupportedType { .. } => ErrorKind::Unsupported,
            Self::CorruptRow { .. } => ErrorKind::Corrupt,
            Self::Arrow { .. } => ErrorKind::InvalidInput,
        }
    }

    fn is_ambiguous(&self) -> bool {
        false
    }
}
