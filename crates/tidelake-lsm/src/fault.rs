//! Short ways to the errors of the bucket contract.

use std::fmt::Display;

use snafu::{GenerateImplicitData, Location};
use tidelake_datafile::Error;

/// Stored rows break an invariant of the LSM tree.
#[track_caller]
pub(crate) fn corrupt(path: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Corrupt { path: path.into(), reason: reason.into(), location: Location::generate() }
}

/// Rows do not fit the table.
#[track_caller]
pub(crate) fn invalid_rows(message: impl Into<String>) -> Error {
    Error::InvalidRows { message: message.into(), location: Location::generate() }
}

/// A table that this build cannot serve.
#[track_caller]
pub(crate) fn unsupported(message: impl Into<String>) -> Error {
    Error::Unsupported { message: message.into(), location: Location::generate() }
}

/// A caller broke the contract.
#[track_caller]
pub(crate) fn internal(message: impl Into<String>) -> Error {
    Error::Internal { message: message.into(), location: Location::generate() }
}

/// An option's value that cannot be used.
#[track_caller]
pub(crate) fn invalid_option(key: &str, value: impl Display, expected: &str) -> Error {
    let (key, value, expected) = (key.to_owned(), value.to_string(), expected.to_owned());
    tidelake_types::Error::InvalidOption { key, value, expected, location: std::panic::Location::caller() }.into()
}
