//! What can go wrong with a commit.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

use crate::Conflict;

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever a catalog or a listener has to say underneath.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong with a commit.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// The changes do not fit the files that are alive: they were planned on an older snapshot. Nothing was committed.
    #[snafu(display("the commit {identifier} of user `{user}` to {table} conflicts with snapshot {base}: {conflict}"))]
    Conflicting {
        /// The table's location.
        table: String,
        /// The commit user.
        user: String,
        /// The commit identifier.
        identifier: i64,
        /// The snapshot it was checked against.
        base: i64,
        /// Which file, which partition.
        conflict: Box<Conflict>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// An identifier that was skipped: the user has committed a later one, and no kept snapshot carries this one.
    #[snafu(display(
        "user `{user}` has already committed {latest_identifier} to {table} (snapshot {snapshot}); identifiers only go up, and none of its \
         kept snapshots carries {identifier}. Commit under an identifier above {latest_identifier}, or as another user"
    ))]
    IdentifierSkipped {
        /// The table's location.
        table: String,
        /// The commit user.
        user: String,
        /// The identifier asked for.
        identifier: i64,
        /// The user's newest.
        latest_identifier: i64,
        /// The snapshot of the newest.
        snapshot: i64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The deadline passed while it was open whether the snapshot exists. Nothing was deleted. Ask
    /// [`Committer::resolve`](crate::Committer::resolve), or commit again under the same identifier.
    #[snafu(display(
        "it is unknown whether commit {identifier} of user `{user}` to {table} took effect: no clear answer for snapshot {candidate_ids:?} in \
         {waited_ms} ms{}. Commit again under the same identifier: that never doubles it",
        last.as_ref().map(|last| format!(" (last: {last})")).unwrap_or_default()
    ))]
    OutcomeUnknown {
        /// The table's location.
        table: String,
        /// The commit user.
        user: String,
        /// The commit identifier.
        identifier: i64,
        /// The snapshot numbers it may yet appear under.
        candidate_ids: Vec<i64>,
        /// How long it was tried.
        waited_ms: u64,
        /// The last error of the storage, if it gave one.
        last: Option<String>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// It is open whether a schema was published. Look whether it is there, or publish it again.
    #[snafu(display(
        "it is unknown whether schema {id} of {table} was published{}: look whether it is there",
        last.as_ref().map(|last| format!(" (last: {last})")).unwrap_or_default()
    ))]
    SchemaUnknown {
        /// The table's location.
        table: String,
        /// The schema's number; 0 creates the table.
        id: i64,
        /// The last error of the storage, if it gave one.
        last: Option<String>,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Other writers were faster each time until the deadline. Nothing was committed.
    #[snafu(display(
        "commit {identifier} of user `{user}` to {table} lost to other writers {attempts} times in {waited_ms} ms. Commit again, or give it \
         longer with `commit.timeout`"
    ))]
    Contended {
        /// The table's location.
        table: String,
        /// The commit user.
        user: String,
        /// The commit identifier.
        identifier: i64,
        /// How often.
        attempts: u32,
        /// For how long.
        waited_ms: u64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A snapshot that this committer made is not what the storage shows under its number: a writer that does not create
    /// files exclusively shares the table.
    #[snafu(display(
        "snapshot {id} of {table} was overwritten after it was committed here: some writer replaces snapshot files. Stop it, or let all \
         writers commit through one catalog"
    ))]
    SnapshotOverwritten {
        /// The table's location.
        table: String,
        /// The snapshot.
        id: i64,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is a table at this place already.
    #[snafu(display("there is a table at {table} already"))]
    TableExists {
        /// The table's location.
        table: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// No schema is found: the table does not exist (any more).
    #[snafu(display("there is no table at {table}: it has no schema"))]
    NoTable {
        /// The table's location.
        table: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Metadata of the table contradicts itself.
    #[snafu(display("the metadata of {table} contradicts itself: {reason}"))]
    Inconsistent {
        /// The table's location.
        table: String,
        /// What does not fit.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A data file of the commit is not there as it was written. Nothing was committed.
    #[snafu(display("data file {path} cannot be committed to {table}: {reason}"))]
    NotStaged {
        /// The table's location.
        table: String,
        /// The file.
        path: String,
        /// What is found instead.
        reason: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Rows of an overwrite lie outside of what it overwrites. Nothing was committed.
    #[snafu(display("the overwrite of {table} has rows in partition {partition}, which it does not overwrite"))]
    OutsideOverwrite {
        /// The table's location.
        table: String,
        /// `day=1/hour=2`
        partition: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A request that makes no sense.
    #[snafu(display("{message}"))]
    Invalid {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A request that this build does not serve.
    #[snafu(display("{message}"))]
    Unsupported {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A catalog's commit call failed.
    #[snafu(display("the catalog cannot commit: {source}"))]
    Catalog {
        /// What the caller can do.
        kind: ErrorKind,
        /// The call may have taken effect.
        ambiguous: bool,
        /// The catalog's own error.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A listener failed.
    #[snafu(display("the commit listener {name} failed: {source}"))]
    Listener {
        /// Its name.
        name: String,
        /// Its own error.
        source: Source,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Metadata cannot be read or written.
    #[snafu(transparent)]
    Meta {
        /// How.
        source: tidelake_meta::Error,
    },
    /// The storage failed.
    #[snafu(transparent)]
    Io {
        /// How.
        source: tidelake_io::Error,
    },
    /// An option or a value does not fit.
    #[snafu(transparent)]
    Types {
        /// How.
        source: tidelake_types::Error,
    },
}

impl Error {
    /// For catalogs with a commit call of their own: their error stays inside as the source.
    #[track_caller]
    pub fn catalog(kind: ErrorKind, ambiguous: bool, source: impl Into<Source>) -> Self {
        Self::Catalog { kind, ambiguous, source: source.into(), location: std::panic::Location::caller() }
    }

    /// For listeners: their error stays inside as the source.
    #[track_caller]
    pub fn listener(name: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Listener { name: name.into(), source: source.into(), location: std::panic::Location::caller() }
    }
}

impl Error {
    /// Whether the call that failed so may have taken effect, for a call that publishes.
    pub(crate) fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Meta { source } => source.is_ambiguous(),
            Self::Io { source } => source.is_ambiguous(),
            other => other.is_ambiguous(),
        }
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflicting { .. } | Self::IdentifierSkipped { .. } | Self::Contended { .. } => ErrorKind::Conflict,
            Self::OutcomeUnknown { .. } | Self::SchemaUnknown { .. } => ErrorKind::Unavailable,
            Self::SnapshotOverwritten { .. } | Self::Inconsistent { .. } | Self::NotStaged { .. } => ErrorKind::Corrupt,
            Self::OutsideOverwrite { .. } | Self::Invalid { .. } => ErrorKind::InvalidInput,
            Self::TableExists { .. } => ErrorKind::AlreadyExists,
            Self::NoTable { .. } => ErrorKind::NotFound,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Catalog { kind, .. } => *kind,
            Self::Listener { .. } => ErrorKind::Internal,
            Self::Meta { source } => source.kind(),
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        match self {
            Self::OutcomeUnknown { .. } | Self::SchemaUnknown { .. } => true,
            Self::Catalog { ambiguous, .. } => *ambiguous,
            // A file may have been written or not: the commit was not. Where the snapshot itself is open, it is `OutcomeUnknown`.
            _ => false,
        }
    }
}
