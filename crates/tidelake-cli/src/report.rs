//! How a failure is told: what, where, why, and what to do.

use std::{error::Error as StdError, fmt, process::ExitCode};

use tidelake::{Classify, ErrorKind};

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was being done, and to what.
    doing: Option<String>,
    kind: ErrorKind,
    ambiguous: bool,
    retryable: bool,
    /// Whether what was wrong is the command line.
    usage: bool,
    message: String,
    hint: Option<String>,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Of this kind, with this message.
    pub(crate) fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { doing: None, kind, ambiguous: false, retryable: false, usage: false, message, hint: None }
    }

    /// A command line that cannot be meant.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { usage: true, ..Self::new(ErrorKind::InvalidInput, message) }
    }

    /// Says what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what was being done.
    pub(crate) fn while_doing(mut self, doing: impl Into<String>) -> Self {
        self.doing.get_or_insert(doing.into());
        self
    }

    /// The exit code.
    fn code(&self) -> u8 {
        match self.kind {
            _ if self.usage => 2,
            _ if self.ambiguous || self.retryable => 75,
            ErrorKind::Conflict | ErrorKind::AlreadyExists => 3,
            ErrorKind::NotFound => 4,
            ErrorKind::Unavailable => 75,
            _ => 1,
        }
    }

    /// Prints it on standard error and gives the exit code.
    pub(crate) fn print(&self) -> ExitCode {
        match &self.doing {
            Some(doing) => eprintln!("error: cannot {doing}: {}", self.message),
            None => eprintln!("error: {}", self.message),
        }
        if let Some(hint) = self.hint.clone().or_else(|| self.usual_hint()) {
            eprintln!("hint: {hint}");
        }
        ExitCode::from(self.code())
    }

    fn usual_hint(&self) -> Option<String> {
        let hint = match self.kind {
            _ if self.ambiguous => {
                "it may have taken effect: repeat it with the same --commit-user and --commit-id, which never doubles it"
            }
            ErrorKind::NotFound => "`tide table ls` shows what there is; --warehouse says where it is looked for",
            ErrorKind::AlreadyExists => "take another name, or use what is there",
            ErrorKind::Conflict => "another writer got there first: read the newest state and decide again",
            ErrorKind::Unsupported => "this build cannot do that yet",
            ErrorKind::Corrupt => "`tide fsck DB.TABLE` says which files are broken",
            ErrorKind::Unavailable => "try again later",
            ErrorKind::Internal => "this is a bug in tide: please report it",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Everything that Tidelake fails with, and its causes.
impl<E: Classify + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let missing = error.kind() == ErrorKind::NotFound && is_of_storage(&error);
        Self {
            doing: None,
            kind: error.kind(),
            ambiguous: error.is_ambiguous(),
            retryable: error.is_retryable(),
            usage: false,
            message: with_causes(&error),
            hint: missing.then(|| "`tide fsck DB.TABLE` says which files are missing".to_owned()),
        }
    }
}

/// Whether what is missing is a file, not something that a catalog, a snapshot number or a tag names: then a storage has said
/// so. Errors pass on the causes of those that they wrap, so the storage's own is all that is seen of it.
fn is_of_storage(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = std::iter::successors(error.source(), |&error| error.source());
    (error.is::<tidelake::Error>() && error.source().is_some()) || causes.any(|cause| cause.is::<std::io::Error>())
}

/// Of an error while rows of a table are read: what is missing then is a file of the table.
pub(crate) fn of_rows<E: Classify + 'static>(table: &str) -> impl Fn(E) -> Failure {
    move |error| match error.kind() {
        ErrorKind::NotFound => Failure::from(error).hint(format!("`tide fsck {table}` says which files are missing")),
        _ => error.into(),
    }
}

/// The message and those of its sources that say something new.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text
}

/// An operating system's error on a local file of the user's.
pub(crate) fn local(path: impl fmt::Display, error: std::io::Error) -> Failure {
    use std::io::ErrorKind as Io;
    let (kind, hint) = match error.kind() {
        Io::NotFound => (ErrorKind::NotFound, Some("the path is taken from the current folder")),
        Io::PermissionDenied => (ErrorKind::PermissionDenied, None),
        Io::IsADirectory => (ErrorKind::InvalidInput, Some("give a file, not a folder")),
        Io::NotADirectory => (ErrorKind::InvalidInput, Some("a part of the path is a file, not a folder")),
        Io::InvalidInput | Io::InvalidFilename => (ErrorKind::InvalidInput, Some("that cannot be a path")),
        Io::InvalidData => (ErrorKind::InvalidInput, Some("it has to be text in UTF-8")),
        _ => (ErrorKind::Unavailable, None),
    };
    let failure = Failure::new(kind, format!("{path}: {error}"));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
