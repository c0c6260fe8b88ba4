//! Libraries that panic on broken bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Error, Result};

/// Runs a library's code on bytes of a file. Libraries return errors for nearly all broken bytes; for the rest they panic,
/// and this is the last resort: it is `Corrupt`, and whatever the code was working on must not be used again.
#[track_caller]
pub fn guard<T>(path: &str, format: &str, code: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the decoder gave up");
            Err(Error::corrupt(path, format, format!("the bytes make no sense: {text}")))
        }
    }
}
