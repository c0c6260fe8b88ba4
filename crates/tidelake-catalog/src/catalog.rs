//! The contract of catalogs.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use tidelake_commit::SnapshotCommit;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FileIORegistry, FileIOResolver, FilePath};
use tidelake_meta::{SchemaChange, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use crate::{Identifier, Result};

/// From names to table entries.
///
/// Names that [`check_name`](crate::check_name) refuses are `InvalidInput` everywhere; a table's name to be made, changed
/// or dropped must be plain ([`Identifier::check_plain`]). What is missing is `NotFound`, what is there already
/// `AlreadyExists`. Calls may come from several processes at once.
#[async_trait]
pub trait Catalog: Debug + Send + Sync + 'static {
    /// All databases, sorted.
    async fn list_databases(&self) -> Result<Vec<String>>;

    /// Makes a database. Options that the catalog cannot keep are `Unsupported`.
    async fn create_database(&self, name: &str, options: &Options) -> Result<()>;

    /// Drops an empty database; one with tables is `InvalidInput`.
    async fn drop_database(&self, name: &str) -> Result<()>;

    /// The tables of a database, sorted; none of those that are system tables or branches.
    async fn list_tables(&self, database: &str) -> Result<Vec<String>>;

    /// Finds a table, with its newest schema. A system table's name finds the table below it; a branch that is not there
    /// is `NotFound`, and `Unsupported` where branches are not served.
    async fn load_table(&self, table: &Identifier) -> Result<TableEntry>;

    /// Makes a table. Of two callers at once one fails, and the other's schema is what the table has.
    async fn create_table(&self, table: &Identifier, schema: &TableSchema) -> Result<TableEntry>;

    /// Changes a table's schema: all changes, or none. Changes of others that came first stay.
    async fn alter_table(&self, table: &Identifier, changes: &[SchemaChange]) -> Result<TableEntry>;

    /// Renames a table, into another database too; `Unsupported` where that cannot be done at once.
    async fn rename_table(&self, from: &Identifier, to: &Identifier) -> Result<()>;

    /// Drops a table with all its files.
    async fn drop_table(&self, table: &Identifier) -> Result<()>;
}

/// All that is needed to work with a table, and nothing that works.
#[derive(Debug, Clone)]
pub struct TableEntry {
    /// The name it was loaded by, branch and system table included.
    pub identifier: Identifier,
    /// Only from catalogs that give tables an identity.
    pub uuid: Option<String>,
    /// Where its files are.
    pub location: FilePath,
    /// The newest schema.
    pub schema: Arc<TableSchema>,
    /// Reads the location and the allowed external roots, nothing else.
    pub file_io: Arc<FileIOResolver>,
    /// Publishes its snapshots.
    pub snapshot_commit: Arc<dyn SnapshotCommit>,
}

impl TableEntry {
    /// The storage, as most callers take it.
    pub fn file_io_dyn(&self) -> Arc<dyn FileIO> {
        Arc::<FileIOResolver>::clone(&self.file_io)
    }
}

/// Opens catalogs of one kind.
#[async_trait]
pub trait CatalogFactory: Debug + Send + Sync + 'static {
    /// The value of the option `metastore`: `filesystem`, `rest`, `jdbc`, …
    fn kind(&self) -> &str;

    /// Opens the catalog that the options describe.
    async fn open(&self, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>>;
}

/// What a catalog is made with.
#[derive(Debug, Clone)]
pub struct CatalogContext {
    /// Time, ids, threads.
    pub runtime: Runtime,
    /// Storage by URL scheme.
    pub file_ios: FileIORegistry,
}

/// Conveniences over every [`Catalog`].
#[async_trait]
pub trait CatalogExt: Catalog {
    /// As `load_table`, by text: `shop.orders`.
    async fn table(&self, name: &str) -> Result<TableEntry> {
        self.load_table(&Identifier::parse(name)?).await
    }

    /// As `load_table`, with `None` for a table that is not there.
    async fn try_load_table(&self, table: &Identifier) -> Result<Option<TableEntry>> {
        match self.load_table(table).await {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a database unless it is there.
    async fn ensure_database(&self, name: &str) -> Result<()> {
        match self.create_database(name, &Options::new()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }
}

impl<C: Catalog + ?Sized> CatalogExt for C {}
