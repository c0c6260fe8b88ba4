//! Errors of the Parquet and Arrow libraries, in our words.

use parquet::errors::ParquetError;
use tidelake_format::{Error, Result, Source};

use crate::{convert::Misfit, format::NAME};

/// Bytes of `path` that are not Parquet.
#[track_caller]
pub(crate) fn corrupt(path: &str, source: impl Into<Source>) -> Error {
    Error::corrupt(path, NAME, source)
}

/// What this build cannot store or read: "store column `x` of type …".
#[track_caller]
pub(crate) fn unsupported(what: impl Into<String>) -> Error {
    Error::unsupported(NAME, what)
}

/// Rows or options that cannot be written.
#[track_caller]
pub(crate) fn invalid_input(source: impl Into<Source>) -> Error {
    Error::invalid_input(NAME, source)
}

/// Of the library, while reading.
#[track_caller]
pub(crate) fn of_reading(path: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::NYI(what) => unsupported(format!("read {path}: {what}")),
        other => corrupt(path, other),
    }
}

/// Of a conversion, while reading: a wrong type is a wrong request, a wrong value is a fact of the file.
#[track_caller]
pub(crate) fn of_misfit(path: &str, misfit: Misfit) -> Error {
    unsupported(format!("read {path} as asked: {misfit}"))
}

/// Runs code of the library on bytes of a file.
#[track_caller]
pub(crate) fn guard<T>(path: &str, code: impl FnOnce() -> Result<T>) -> Result<T> {
    tidelake_format::guard(path, NAME, code)
}
