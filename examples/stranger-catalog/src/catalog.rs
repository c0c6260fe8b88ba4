//! The contract, kept with an album.

use std::sync::Arc;

use tidelake_catalog::{
    Catalog, CatalogContext, CatalogFactory, Classify, Error, ErrorKind, FileIO, FileIOResolver, FilePath, Identifier,
    Options, Publish, PublishSnapshotCommit, Result, SchemaChange, SchemaStore, TableEntry, TableLayout, TableSchema,
    WAREHOUSE, async_trait, check_name, create_table,
};

use crate::album::Album;

/// How often a schema is changed again because others were faster.
const ALTER_ATTEMPTS_MAX: u32 = 64;

/// Which tables there are stands on the newest page of an album; the tables lie elsewhere.
#[derive(Debug)]
pub struct AlbumCatalog {
    album: Album,
    tables: FilePath,
}

/// Opens [`AlbumCatalog`]s: `metastore` = `album`, and `warehouse` is the folder of everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlbumCatalogFactory;

#[async_trait]
impl CatalogFactory for AlbumCatalogFactory {
    fn kind(&self) -> &str {
        "album"
    }

    async fn open(&self, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>> {
        let Some(warehouse) = options.get(&WAREHOUSE)? else {
            let missing = "the option `warehouse` is missing: a path or URL";
            return Err(Error::service(ErrorKind::InvalidInput, "open an album", missing));
        };
        let warehouse = FilePath::parse(&warehouse)?;
        let io = context.file_ios.build(&warehouse, options)?;
        let album = Album { folder: warehouse.child("album")?, io, runtime: context.runtime.clone() };
        Ok(Arc::new(AlbumCatalog { album, tables: warehouse.child("tables")? }))
    }
}

impl AlbumCatalog {
    fn io(&self) -> &Arc<dyn FileIO> {
        &self.album.io
    }

    fn location(&self, uuid: &str) -> Result<FilePath> {
        Ok(self.tables.child(uuid)?)
    }

    fn schemas(&self, location: &FilePath) -> SchemaStore {
        SchemaStore::new(Arc::clone(self.io()), TableLayout::new(location.clone()))
    }

    async fn newest_schema(&self, table: &Identifier, location: &FilePath) -> Result<Arc<TableSchema>> {
        // Between the page and this a table may have been dropped.
        let schema = self.schemas(location).latest().await?;
        schema.ok_or_else(|| Error::no_table(&table.base(), location.to_string()))
    }

    fn entry(&self, table: &Identifier, uuid: String, schema: Arc<TableSchema>) -> Result<TableEntry> {
        let location = self.location(&uuid)?;
        let file_io = Arc::new(FileIOResolver::of(location.clone(), Arc::clone(self.io())));
        let layout = TableLayout::new(location.clone());
        let snapshot_commit = Arc::new(PublishSnapshotCommit::new(Arc::<FileIOResolver>::clone(&file_io), layout));
        Ok(TableEntry { identifier: table.clone(), uuid: Some(uuid), location, schema, file_io, snapshot_commit })
    }
}

#[async_trait]
impl Catalog for AlbumCatalog {
    async fn list_databases(&self) -> Result<Vec<String>> {
        Ok(self.album.newest().await?.databases.into_keys().collect())
    }

    async fn create_database(&self, name: &str, options: &Options) -> Result<()> {
        check_name("database", name)?;
        if let Some((option, _)) = options.iter().next() {
            return Err(Error::unsupported(format!("an album keeps no options of databases: leave out `{option}`")));
        }
        self.album.edit(|page| page.add_database(name)).await
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        check_name("database", name)?;
        self.album.edit(|page| page.remove_database(name)).await
    }

    async fn list_tables(&self, database: &str) -> Result<Vec<String>> {
        check_name("database", database)?;
        Ok(self.album.newest().await?.tables(database)?.keys().cloned().collect())
    }

    async fn load_table(&self, table: &Identifier) -> Result<TableEntry> {
        table.base().check_plain()?;
        if let Some(branch) = &table.branch {
            return Err(Error::unsupported(format!("an album has no branches: leave `$branch_{branch}` out")));
        }
        let uuid = self.album.newest().await?.uuid(table)?.clone();
        let schema = self.newest_schema(table, &self.location(&uuid)?).await?;
        self.entry(table, uuid, schema)
    }

    /// The folder first: nobody knows it until a page names it.
    async fn create_table(&self, table: &Identifier, schema: &TableSchema) -> Result<TableEntry> {
        table.check_plain()?;
        let uuid = self.album.runtime.ids().uuid();
        // Refused before anything is written, where it can be.
        self.album.newest().await?.add_table(table, &uuid)?;
        let location = self.location(&uuid)?;
        create_table(self.io(), &TableLayout::new(location.clone()), schema).await?;
        if let Err(error) = self.album.edit(|page| page.add_table(table, &uuid)).await {
            if !error.is_ambiguous() {
                // This error says more than one of cleaning up behind it.
                let _ = self.io().delete_prefix(&location).await;
            }
            return Err(error);
        }
        self.entry(table, uuid, Arc::new(schema.clone()))
    }

    /// Schemas are numbered files in the table's folder, published as pages are.
    async fn alter_table(&self, table: &Identifier, changes: &[SchemaChange]) -> Result<TableEntry> {
        table.check_plain()?;
        let uuid = self.album.newest().await?.uuid(table)?.clone();
        let location = self.location(&uuid)?;
        for _ in 0..ALTER_ATTEMPTS_MAX {
            let latest = self.newest_schema(table, &location).await?;
            if changes.is_empty() {
                return self.entry(table, uuid, latest);
            }
            // This catalog does not look for snapshots: there may be some.
            let changed = latest.changed(changes, true, self.album.runtime.clock().now_ms())?;
            match self.schemas(&location).publish(&changed).await? {
                Publish::Created => return self.entry(table, uuid, Arc::new(changed)),
                Publish::AlreadyExists => {}
                Publish::Unknown => {
                    let unclear = "storage gives no clear answer: read the table's schema to find out";
                    return Err(Error::ambiguous(ErrorKind::Unavailable, format!("change {table}"), unclear));
                }
            }
        }
        let message = format!("others changed it {ALTER_ATTEMPTS_MAX} times meanwhile");
        Err(Error::service(ErrorKind::Conflict, format!("change {table}"), message))
    }

    async fn rename_table(&self, from: &Identifier, to: &Identifier) -> Result<()> {
        from.check_plain()?;
        to.check_plain()?;
        let change = |page: &mut crate::page::Page| {
            let uuid = page.remove_table(from)?;
            page.add_table(to, &uuid)
        };
        self.album.edit(change).await
    }

    /// The name first: what cannot be found is not read half-deleted.
    async fn drop_table(&self, table: &Identifier) -> Result<()> {
        table.check_plain()?;
        let uuid = self.album.edit(|page| page.remove_table(table)).await?;
        Ok(self.io().delete_prefix(&self.location(&uuid)?).await?)
    }
}
