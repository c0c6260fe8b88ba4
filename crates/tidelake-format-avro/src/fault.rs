//! Why bytes, or what was asked of them, were refused.

use tidelake_format::Error;

use crate::format::NAME;

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

/// A reason, and where it was met.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: Kind,
    /// The names from the root to a column, with dots; empty where none is concerned.
    column: String,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bytes that break the format.
    Broken,
    /// The bytes at hand end too early: more may help.
    Cut,
    /// Sound bytes that cannot become what was asked for.
    Unsupported,
}

/// Bytes that break the format.
pub(crate) fn broken<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault { kind: Kind::Broken, column: String::new(), reason: reason.into() })
}

/// Bytes that end too early.
pub(crate) fn cut<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault { kind: Kind::Cut, column: String::new(), reason: reason.into() })
}

/// Sound bytes that cannot become what was asked for: "is … and not …".
pub(crate) fn unsupported<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault { kind: Kind::Unsupported, column: String::new(), reason: reason.into() })
}

impl Fault {
    pub(crate) fn is_cut(&self) -> bool {
        self.kind == Kind::Cut
    }

    /// The same, met inside of a column or field.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        self.column = if self.column.is_empty() { name.to_owned() } else { format!("{name}.{}", self.column) };
        self
    }

    /// The same, met in a place of the file: "in the block at byte 17".
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.reason = format!("{} {place}", self.reason);
        self
    }

    #[track_caller]
    pub(crate) fn of(self, path: &str) -> Error {
        let Self { kind, column, reason } = self;
        let reason = if column.is_empty() { reason } else { format!("column `{column}` {reason}") };
        match kind {
            Kind::Broken | Kind::Cut => Error::corrupt(path, NAME, reason),
            Kind::Unsupported => Error::unsupported(NAME, format!("read {path} as asked: {reason}")),
        }
    }
}
