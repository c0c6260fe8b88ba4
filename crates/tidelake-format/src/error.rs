//! What can go wrong with a format.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever a format's library has to say underneath.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong with a format.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub))]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not of the format.
    #[snafu(display("{path} is not a whole {format} file: {source}"))]
    Corrupt {
        /// The file.
        path: String,
        /// The format.
        format: String,
        /// The reason, with the offset where it is known.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// What a format cannot store or read.
    #[snafu(display("{format} cannot {what}"))]
    Unsupported {
        /// The format.
        format: String,
        /// "store column `x` of type …".
        what: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Rows that do not fit the schema, or an option out of range.
    #[snafu(display("cannot write {format}: {source}"))]
    InvalidInput {
        /// The format.
        format: String,
        /// The reason.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// No such format.
    #[snafu(display("no file format is called `{name}` (known: {known})"))]
    UnknownFormat {
        /// The name.
        name: String,
        /// Those that are registered.
        known: String,
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
    /// A value or option does not fit.
    #[snafu(transparent)]
    Types {
        /// How.
        source: tidelake_types::Error,
    },
    /// An earlier call failed, or its future was dropped.
    #[snafu(display("{what} cannot go on after a call that failed or was cancelled"))]
    Stopped {
        /// A reader or a writer.
        what: &'static str,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Asked for more than is allowed, for example a huge footer.
    #[snafu(display("{path}: {what} takes {bytes} bytes, more than the {bytes_max} allowed"))]
    TooLarge {
        /// The file.
        path: String,
        /// What is too large.
        what: String,
        /// How large.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

/// For formats: their own error stays inside as the source.
impl Error {
    /// Bytes of `path` that are not of the format.
    #[track_caller]
    pub fn corrupt(path: impl ToString, format: &str, source: impl Into<Source>) -> Self {
        let (path, format, source) = (path.to_string(), format.to_owned(), source.into());
        Self::Corrupt { path, format, source, location: std::panic::Location::caller() }
    }

    /// What the format cannot do: "store column `x`: …", "read file …".
    #[track_caller]
    pub fn unsupported(format: &str, what: impl Into<String>) -> Self {
        Self::Unsupported { format: format.to_owned(), what: what.into(), location: std::panic::Location::caller() }
    }

    /// Rows or options that cannot be written.
    #[track_caller]
    pub fn invalid_input(format: &str, source: impl Into<Source>) -> Self {
        Self::InvalidInput {
            format: format.to_owned(),
            source: source.into(),
            location: std::panic::Location::caller(),
        }
    }

    /// Something of `path` that is larger than its reader is willing to hold.
    #[track_caller]
    pub fn too_large(path: impl ToString, what: &str, bytes: u64, bytes_max: u64) -> Self {
        let (path, what) = (path.to_string(), what.to_owned());
        Self::TooLarge { path, what, bytes, bytes_max, location: std::panic::Location::caller() }
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::InvalidInput { .. } | Self::UnknownFormat { .. } => ErrorKind::InvalidInput,
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
            Self::TooLarge { .. } => ErrorKind::ResourceExhausted,
            Self::Stopped { .. } => ErrorKind::Internal,
        }
    }

    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Io { source } if source.is_ambiguous())
    }
}
