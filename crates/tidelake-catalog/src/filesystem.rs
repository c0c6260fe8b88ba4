//! The catalog that is a folder.
//!
//! ```text
//! <warehouse>/
//!   shop.db/                 a database: a folder that ends in `.db`
//!     orders/                a table: a folder with a schema file
//!       schema/schema-0
//! ```
//!
//! Nothing else is stored, so any number of processes agree without talking: a table exists from the moment its first
//! schema file is published, and of two that publish one wins.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use tidelake_commit::PublishSnapshotCommit;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{Child, FileIO, FileIOResolver, FilePath};
use tidelake_meta::{SchemaChange, SchemaStore, SnapshotStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use crate::{
    Catalog, CatalogContext, CatalogFactory, Error, Identifier, Result, TableEntry, check_name,
    error::{ContendedSnafu, InvalidNameSnafu, InvalidSnafu},
    options::{EXTERNAL_ROOTS, TABLE_DEFAULT_PREFIX, WAREHOUSE},
};

const DATABASE_SUFFIX: &str = ".db";
const LISTINGS_AT_ONCE: usize = 16;
/// Each lost race means that somebody's change went in, so this many are only lost to a crowd.
const ALTER_ATTEMPTS_MAX: u32 = 64;

/// A folder of databases, each a folder of tables. See the option `warehouse`.
#[derive(Debug)]
pub struct FilesystemCatalog {
    warehouse: FilePath,
    io: Arc<dyn FileIO>,
    /// Roots outside of the warehouse that tables may keep files in, each with its backend.
    external_roots: Vec<(FilePath, Arc<dyn FileIO>)>,
    /// `table-default.*`, without the prefix.
    table_defaults: Options,
    runtime: Runtime,
}

/// Opens [`FilesystemCatalog`]s: `metastore` = `filesystem`, the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct FilesystemCatalogFactory;

#[async_trait]
impl CatalogFactory for FilesystemCatalogFactory {
    fn kind(&self) -> &str {
        "filesystem"
    }

    async fn open(&self, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>> {
        Ok(Arc::new(FilesystemCatalog::open(options, context)?))
    }
}

impl FilesystemCatalog {
    /// Over the folder that `warehouse` names; it need not exist yet. Other options are the storage's (`s3.endpoint`, …),
    /// `table-default.*` and `tide.external-roots`.
    pub fn open(options: &Options, context: &CatalogContext) -> Result<Self> {
        let Some(warehouse) = options.get(&WAREHOUSE)? else {
            return InvalidSnafu { message: "a filesystem catalog needs the option `warehouse`: a path or URL" }.fail();
        };
        let warehouse = FilePath::parse(&warehouse)?;
        let mut external_roots = Vec::new();
        for root in options.get(&EXTERNAL_ROOTS)?.iter().flat_map(|list| list.split(',')) {
            let root = FilePath::parse(root.trim())?;
            let io = context.file_ios.build(&root, options)?;
            external_roots.push((root, io));
        }
        let defaults = options.with_prefix(TABLE_DEFAULT_PREFIX);
        Ok(Self {
            io: context.file_ios.build(&warehouse, options)?,
            warehouse,
            external_roots,
            table_defaults: defaults.map(|(name, value)| (&name[TABLE_DEFAULT_PREFIX.len()..], value)).collect(),
            runtime: context.runtime.clone(),
        })
    }

    /// The folder of the databases.
    pub fn warehouse(&self) -> &FilePath {
        &self.warehouse
    }

    fn database_path(&self, name: &str) -> Result<FilePath> {
        check_name("database", name)?;
        Ok(self.warehouse.child(&format!("{name}{DATABASE_SUFFIX}"))?)
    }

    fn table_path(&self, table: &Identifier) -> Result<FilePath> {
        check_name("table", &table.table)?;
        Ok(self.database_path(&table.database)?.child(&table.table)?)
    }

    fn name(&self) -> String {
        self.warehouse.to_string()
    }

    /// Without directories an empty database shows only in a listing of what stands above it.
    async fn check_database(&self, name: &str) -> Result<FilePath> {
        let path = self.database_path(name)?;
        match self.folders(&self.warehouse).await?.iter().any(|folder| folder == path.name()) {
            true => Ok(path),
            false => Err(Error::no_database(name, self.name())),
        }
    }

    async fn folders(&self, prefix: &FilePath) -> Result<BTreeSet<String>> {
        let children = self.io.list_children(prefix).try_filter_map(async |child| {
            Ok(match child {
                Child::Prefix(path) => Some(path.name().to_owned()),
                Child::File(_) => None,
            })
        });
        Ok(children.try_collect().await?)
    }

    fn schemas(&self, location: &FilePath) -> SchemaStore {
        SchemaStore::new(Arc::clone(&self.io), TableLayout::new(location.clone()))
    }

    async fn missing(&self, table: &Identifier) -> Error {
        match self.check_database(&table.database).await {
            Ok(_) => Error::no_table(&table.base(), self.name()),
            Err(error) => error,
        }
    }

    fn entry(&self, table: &Identifier, location: FilePath, schema: Arc<TableSchema>) -> Result<TableEntry> {
        let mut resolver = FileIOResolver::of(location.clone(), Arc::clone(&self.io));
        for (root, io) in &self.external_roots {
            resolver = resolver.allow(root.clone(), Arc::clone(io));
        }
        let file_io = Arc::new(resolver);
        let commit =
            PublishSnapshotCommit::new(Arc::<FileIOResolver>::clone(&file_io), TableLayout::new(location.clone()));
        let identifier = table.clone();
        Ok(TableEntry { identifier, uuid: None, location, schema, file_io, snapshot_commit: Arc::new(commit) })
    }

    /// `table-default.*` under the table's own options, and all checked again.
    fn with_defaults(&self, schema: &TableSchema) -> Result<TableSchema> {
        if self.table_defaults.is_empty() {
            return Ok(schema.clone());
        }
        Ok(TableSchema::create(
            schema.fields.clone(),
            schema.partition_keys.clone(),
            schema.primary_keys.clone(),
            self.table_defaults.overlaid(&schema.options),
            schema.comment.clone(),
            schema.time_ms,
        )?)
    }
}

#[async_trait]
impl Catalog for FilesystemCatalog {
    async fn list_databases(&self) -> Result<Vec<String>> {
        let folders = self.folders(&self.warehouse).await?;
        Ok(folders.iter().filter_map(|folder| folder.strip_suffix(DATABASE_SUFFIX)).map(str::to_owned).collect())
    }

    async fn create_database(&self, name: &str, options: &Options) -> Result<()> {
        let path = self.database_path(name)?;
        if name.contains('$') {
            return InvalidNameSnafu { what: "database", name, reason: "it has a `$`" }.fail();
        }
        if let Some((option, _)) = options.iter().next() {
            return Err(Error::unsupported(format!(
                "a filesystem catalog keeps no options of databases: leave `{option}` out"
            )));
        }
        match self.check_database(name).await {
            Ok(_) => Err(Error::database_exists(name, self.name())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(self.io.create_prefix(&path).await?),
            Err(error) => Err(error),
        }
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        let path = self.check_database(name).await?;
        let tables = self.list_tables(name).await?;
        if !tables.is_empty() {
            return Err(Error::database_not_empty(name, self.name(), &tables));
        }
        Ok(self.io.delete_prefix(&path).await?)
    }

    async fn list_tables(&self, database: &str) -> Result<Vec<String>> {
        let path = self.check_database(database).await?;
        let found = stream::iter(self.folders(&path).await?).map(async |name| {
            let is_table =
                check_name("table", &name).is_ok() && !self.schemas(&path.child(&name)?).list_ids().await?.is_empty();
            Ok::<_, Error>(is_table.then_some(name))
        });
        let found: Vec<Option<String>> = found.buffered(LISTINGS_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn load_table(&self, table: &Identifier) -> Result<TableEntry> {
        let location = self.table_path(table)?;
        if let Some(branch) = &table.branch {
            return Err(Error::unsupported(format!(
                "branches are not supported: leave `$branch_{branch}` out of `{table}`"
            )));
        }
        match self.schemas(&location).latest().await? {
            Some(schema) => self.entry(table, location, schema),
            None => Err(self.missing(table).await),
        }
    }

    async fn create_table(&self, table: &Identifier, schema: &TableSchema) -> Result<TableEntry> {
        table.check_plain()?;
        let location = self.table_path(table)?;
        self.check_database(&table.database).await?;
        let schema = self.with_defaults(schema)?;
        let layout = TableLayout::new(location.clone());
        let exists = || Error::table_exists(table, self.name());
        if self.schemas(&location).latest().await?.is_some() {
            return Err(exists());
        }
        // A table without schemas but with snapshots was dropped halfway, by a writer of another kind. Its rows must not
        // come back under a new schema.
        if SnapshotStore::new(Arc::clone(&self.io), layout.clone()).latest_id().await?.is_some() {
            let message =
                format!("{location} has snapshots of a table that was dropped halfway: delete the folder first");
            return InvalidSnafu { message }.fail();
        }
        match tidelake_commit::create_table(&self.io, &layout, &schema).await {
            Ok(()) => self.entry(table, location, Arc::new(schema)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists()),
            Err(error) => Err(error.into()),
        }
    }

    async fn alter_table(&self, table: &Identifier, changes: &[SchemaChange]) -> Result<TableEntry> {
        table.check_plain()?;
        let location = self.table_path(table)?;
        let (schemas, layout) = (self.schemas(&location), TableLayout::new(location.clone()));
        for _ in 0..ALTER_ATTEMPTS_MAX {
            let Some(latest) = schemas.latest().await? else { return Err(self.missing(table).await) };
            if changes.is_empty() {
                return self.entry(table, location, latest);
            }
            // Asked after the schema was read: a commit between the two is of that schema or an older one.
            let has_snapshots = SnapshotStore::new(Arc::clone(&self.io), layout.clone()).latest_id().await?.is_some();
            let changed = latest.changed(changes, has_snapshots, self.runtime.clock().now_ms())?;
            if tidelake_commit::publish_schema(&self.io, &layout, &changed).await? {
                return self.entry(table, location, Arc::new(changed));
            }
        }
        ContendedSnafu { table: location.to_string(), attempts: ALTER_ATTEMPTS_MAX }.fail()
    }

    async fn rename_table(&self, from: &Identifier, to: &Identifier) -> Result<()> {
        from.check_plain()?;
        to.check_plain()?;
        Err(Error::unsupported(format!(
            "a filesystem catalog cannot rename `{from}` to `{to}`: storage has no rename that other writers could not see halfway"
        )))
    }

    /// Snapshots go first and schemas last: no reader meets a snapshot whose files are gone, and a drop that was
    /// interrupted leaves a table that can be dropped again.
    async fn drop_table(&self, table: &Identifier) -> Result<()> {
        table.check_plain()?;
        let location = self.table_path(table)?;
        if self.schemas(&location).list_ids().await?.is_empty() {
            return Err(self.missing(table).await);
        }
        let layout = TableLayout::new(location.clone());
        self.io.delete_prefix(&layout.snapshot_dir()?).await?;
        for folder in self.folders(&location).await? {
            let folder = location.child(&folder)?;
            if folder != layout.schema_dir()? {
                self.io.delete_prefix(&folder).await?;
            }
        }
        Ok(self.io.delete_prefix(&location).await?)
    }
}
