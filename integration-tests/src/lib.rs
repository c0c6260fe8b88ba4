//! What the tests in `tests/` share.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod answers;
pub mod replay;

use std::{fmt::Display, io::Write};

/// Prints what a test measured, also when it passes: the harness keeps back only what `print` macros say.
pub fn figure(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
