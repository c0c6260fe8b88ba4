//! What can go wrong with storage.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever a backend has to say underneath.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong with storage.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub))]
#[non_exhaustive]
pub enum Error {
    /// A path that cannot be one.
    #[snafu(display("`{path}` is not a path: {reason}"))]
    InvalidPath {
        /// The text.
        path: String,
        /// What is wrong.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A backend's call failed.
    #[snafu(display("cannot {operation} {path}: {source}"))]
    Backend {
        /// What the caller can do.
        kind: ErrorKind,
        /// The call may have taken effect.
        ambiguous: bool,
        /// `open`, `create`, `publish` ...
        operation: &'static str,
        /// On which file.
        path: String,
        /// The backend's own error.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A file is larger than its reader is willing to hold.
    #[snafu(display("{path} has {size_bytes} bytes, more than the {max_bytes} allowed for it"))]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        size_bytes: u64,
        /// The limit.
        max_bytes: u64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A path outside of what may be touched.
    #[snafu(display("{path} lies outside of the table and of the roots that are allowed; {hint}"))]
    OutsideRoots {
        /// The path.
        path: String,
        /// The option to set.
        hint: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// No backend serves this URL scheme.
    #[snafu(display("no storage backend serves `{scheme}://` (known: {known})"))]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// Those that are registered.
        known: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
}

impl Error {
    /// For backends: their own error stays inside as the source.
    #[track_caller]
    pub fn backend(kind: ErrorKind, operation: &'static str, path: impl ToString, source: impl Into<Source>) -> Self {
        Self::Backend {
            kind,
            ambiguous: false,
            operation,
            path: path.to_string(),
            source: source.into(),
            location: std::panic::Location::caller(),
        }
    }

    /// As [`Error::backend`], for a call that may have taken effect.
    #[track_caller]
    pub fn ambiguous(kind: ErrorKind, operation: &'static str, path: impl ToString, source: impl Into<Source>) -> Self {
        Self::Backend {
            kind,
            ambiguous: true,
            operation,
            path: path.to_string(),
            source: source.into(),
            location: std::panic::Location::caller(),
        }
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidPath { .. } => ErrorKind::InvalidInput,
            Self::Backend { kind, .. } => *kind,
            Self::TooLarge { .. } => ErrorKind::ResourceExhausted,
            Self::OutsideRoots { .. } => ErrorKind::PermissionDenied,
            Self::UnknownScheme { .. } => ErrorKind::Unsupported,
        }
    }

    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Backend { ambiguous: true, .. })
    }
}
