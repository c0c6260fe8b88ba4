//! Errors of the ORC and Arrow libraries, in our words.

use orc_rust::error::OrcError;
use tidelake_format::{Error, Result, Source};

use crate::{convert::Misfit, format::NAME};

/// Bytes of `path` that are not ORC.
#[track_caller]
pub(crate) fn corrupt(path: &str, source: impl Into<Source>) -> Error {
    Error::corrupt(path, NAME, source)
}

/// What this build cannot store or read.
#[track_caller]
pub(crate) fn unsupported(what: impl Into<String>) -> Error {
    Error::unsupported(NAME, what)
}

/// Of the library, while reading.
#[track_caller]
pub(crate) fn of_reading(path: &str, error: OrcError) -> Error {
    match error {
        OrcError::UnsupportedTypeVariant { .. } | OrcError::MismatchedSchema { .. } => {
            unsupported(format!("read {path}: {error}"))
        }
        other => corrupt(path, other),
    }
}

/// Of a conversion, while reading.
#[track_caller]
pub(crate) fn of_misfit(path: &str, misfit: Misfit) -> Error {
    unsupported(format!("read {path} as asked: {misfit}"))
}

/// Runs code of the library on bytes of a file; it answers some broken ones (a compressed chunk, a negative length) with a
/// panic.
#[track_caller]
pub(crate) fn guard<T>(path: &str, code: impl FnOnce() -> Result<T>) -> Result<T> {
    tidelake_format::guard(path, NAME, code)
}
