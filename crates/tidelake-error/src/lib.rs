//! What went wrong, in words that every Tidelake crate shares.
//!
//! Each crate has its own `Error` enum, with facts as fields. What a caller can *do* about an error is said here:
//! its [`ErrorKind`], and whether the call may have taken effect ([`Classify`]). Retry loops and fault tests look
//! at these two, never at the text.
//!
//! ```
//! use tidelake_error::{Classify, ErrorKind};
//!
//! #[derive(Debug)]
//! struct Gone;
//! impl std::fmt::Display for Gone {
//!     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
//!         f.write_str("the file is gone")
//!     }
//! }
//! impl std::error::Error for Gone {}
//! impl Classify for Gone {
//!     fn kind(&self) -> ErrorKind {
//!         ErrorKind::NotFound
//!     }
//!     fn is_ambiguous(&self) -> bool {
//!         false
//!     }
//! }
//! assert!(!Gone.is_retryable());
//! ```

use std::fmt;

/// What the caller can do about an error. Few, and stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Check the name, or create it.
    NotFound,
    /// Take another name, or use what is there.
    AlreadyExists,
    /// Another writer got there first: reload and decide again.
    Conflict,
    /// An option, a schema or an argument is wrong: correct it.
    InvalidInput,
    /// A fair request that this build or backend cannot serve.
    Unsupported,
    /// Stored bytes break the format: retrying will not help.
    Corrupt,
    /// The credentials, or an allow-list, forbid it.
    PermissionDenied,
    /// A service did not answer: try again later.
    Unavailable,
    /// A memory, disk or time budget is spent.
    ResourceExhausted,
    /// The caller gave up.
    Cancelled,
    /// A bug in Tidelake: please report it.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid input",
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::PermissionDenied => "permission denied",
            Self::Unavailable => "unavailable",
            Self::ResourceExhausted => "resource exhausted",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal error",
        })
    }
}

/// Implemented by the `Error` of every crate.
pub trait Classify: std::error::Error + Send + Sync + 'static {
    /// What the caller can do about it.
    fn kind(&self) -> ErrorKind;

    /// The call may have taken effect. Neither repeat it nor clean up after it: find out first.
    fn is_ambiguous(&self) -> bool;

    /// The same call may succeed if simply repeated.
    fn is_retryable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable && !self.is_ambiguous()
    }
}
