//! What can go wrong with a catalog.

use snafu::{Location, Snafu};
use tidelake_error::{Classify, ErrorKind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever a catalog has to say underneath.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong with a catalog.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum Error {
    /// A name that no database or table may have.
    #[snafu(display("`{}` cannot be the name of a {what}: {reason}", name.escape_debug()))]
    InvalidName {
        /// `database`, `table`, `branch`.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is no such database.
    #[snafu(display("there is no database `{database}` in {catalog}"))]
    NoDatabase {
        /// The name.
        database: String,
        /// Where it was looked for.
        catalog: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// There is no such table.
    #[snafu(display("there is no table `{table}` in {catalog}"))]
    NoTable {
        /// The name, with its database.
        table: String,
        /// Where it was looked for.
        catalog: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The database is there already.
    #[snafu(display("there is a database `{database}` in {catalog} already"))]
    DatabaseExists {
        /// The name.
        database: String,
        /// Where.
        catalog: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// The table is there already.
    #[snafu(display("there is a table `{table}` in {catalog} already"))]
    TableExists {
        /// The name, with its database.
        table: String,
        /// Where.
        catalog: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A database that still has tables.
    #[snafu(display("the database `{database}` in {catalog} still has tables ({tables}): drop them first"))]
    DatabaseNotEmpty {
        /// The name.
        database: String,
        /// Where.
        catalog: String,
        /// Some of them.
        tables: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// No factory is registered for this kind of catalog.
    #[snafu(display("there is no catalog of kind `{kind}` (known: {known})"))]
    UnknownKind {
        /// The value of `metastore` or `type`.
        kind: String,
        /// Those that are registered.
        known: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// Other writers changed the schema each time it was tried.
    #[snafu(display("the schema of {table} was changed by others {attempts} times: try again"))]
    Contended {
        /// The table's location.
        table: String,
        /// How often it was tried.
        attempts: u32,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// An option, a schema or an argument is wrong.
    #[snafu(display("{message}"))]
    Invalid {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A fair request that this catalog does not serve.
    #[snafu(display("{message}"))]
    Unsupported {
        /// What, and what to do.
        message: String,
        /// Where in the code.
        #[snafu(implicit)]
        location: Location,
    },
    /// A catalog's own call failed.
    #[snafu(display("cannot {operation}: {source}"))]
    Service {
        /// What the caller can do.
        kind: ErrorKind,
        /// The call may have taken effect.
        ambiguous: bool,
        /// `load table shop.orders`, …
        operation: String,
        /// The catalog's own error.
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
    /// A table cannot be made.
    #[snafu(transparent)]
    Commit {
        /// How.
        source: tidelake_commit::Error,
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
    /// For catalogs: their own error stays inside as the source.
    #[track_caller]
    pub fn service(kind: ErrorKind, operation: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Service {
            kind,
            ambiguous: false,
            operation: operation.into(),
            source: source.into(),
            location: std::panic::Location::caller(),
        }
    }

    /// As [`Error::service`], for a call that may have taken effect.
    #[track_caller]
    pub fn ambiguous(kind: ErrorKind, operation: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Service {
            kind,
            ambiguous: true,
            operation: operation.into(),
            source: source.into(),
            location: std::panic::Location::caller(),
        }
    }

    /// For catalogs: there is no such table.
    #[track_caller]
    pub fn no_table(table: &crate::Identifier, catalog: impl Into<String>) -> Self {
        NoTableSnafu { table: table.to_string(), catalog }.build()
    }

    /// For catalogs: the table is there already.
    #[track_caller]
    pub fn table_exists(table: &crate::Identifier, catalog: impl Into<String>) -> Self {
        TableExistsSnafu { table: table.to_string(), catalog }.build()
    }

    /// For catalogs: there is no such database.
    #[track_caller]
    pub fn no_database(database: &str, catalog: impl Into<String>) -> Self {
        NoDatabaseSnafu { database, catalog }.build()
    }

    /// For catalogs: the database is there already.
    #[track_caller]
    pub fn database_exists(database: &str, catalog: impl Into<String>) -> Self {
        DatabaseExistsSnafu { database, catalog }.build()
    }

    /// For catalogs: a database that still has tables.
    #[track_caller]
    pub fn database_not_empty(database: &str, catalog: impl Into<String>, tables: &[String]) -> Self {
        let mut shown = tables.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        if tables.len() > 5 {
            shown.push_str(", …");
        }
        DatabaseNotEmptySnafu { database, catalog, tables: shown }.build()
    }

    /// For catalogs: a fair request that is not served.
    #[track_caller]
    pub fn unsupported(message: impl Into<String>) -> Self {
        UnsupportedSnafu { message }.build()
    }
}

impl Classify for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidName { .. } | Self::Invalid { .. } | Self::DatabaseNotEmpty { .. } => ErrorKind::InvalidInput,
            Self::NoDatabase { .. } | Self::NoTable { .. } => ErrorKind::NotFound,
            Self::DatabaseExists { .. } | Self::TableExists { .. } => ErrorKind::AlreadyExists,
            Self::UnknownKind { .. } | Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Contended { .. } => ErrorKind::Conflict,
            Self::Service { kind, .. } => *kind,
            Self::Meta { source } => source.kind(),
            Self::Commit { source } => source.kind(),
            Self::Io { source } => source.kind(),
            Self::Types { source } => source.kind(),
        }
    }

    fn is_ambiguous(&self) -> bool {
        match self {
            Self::Service { ambiguous, .. } => *ambiguous,
            Self::Meta { source } => source.is_ambiguous(),
            Self::Commit { source } => source.is_ambiguous(),
            Self::Io { source } => source.is_ambiguous(),
            _ => false,
        }
    }
}
