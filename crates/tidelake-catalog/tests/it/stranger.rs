//! A catalog of a stranger, which names this crate alone: tables are kept in a list.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tidelake_catalog::{
    Catalog, CatalogContext, CatalogFactory, CatalogRegistry, Error, FileIO, FileIOResolver, FilePath, Identifier,
    Options, PublishSnapshotCommit, Result, Runtime, SchemaChange, TableEntry, TableLayout, TableSchema, async_trait,
    check_name, conformance,
};

use crate::context;

#[derive(Debug)]
struct ListCatalog {
    root: FilePath,
    io: Arc<dyn FileIO>,
    runtime: Runtime,
    databases: Mutex<BTreeMap<String, BTreeMap<String, Arc<TableSchema>>>>,
}

const HERE: &str = "the list";

impl ListCatalog {
    fn entry(&self, table: &Identifier, schema: Arc<TableSchema>) -> Result<TableEntry> {
        let location = self.root.child(&table.database)?.child(&table.table)?;
        let file_io = Arc::new(FileIOResolver::of(location.clone(), Arc::clone(&self.io)));
        let snapshot_commit = Arc::new(PublishSnapshotCommit::new(
            Arc::clone(&file_io) as Arc<dyn FileIO>,
            TableLayout::new(location.clone()),
        ));
        Ok(TableEntry { identifier: table.clone(), uuid: None, location, schema, file_io, snapshot_commit })
    }
}

#[async_trait]
impl Catalog for ListCatalog {
    async fn list_databases(&self) -> Result<Vec<String>> {
        Ok(self.databases.lock().unwrap().keys().cloned().collect())
    }

    async fn create_database(&self, name: &str, _options: &Options) -> Result<()> {
        check_name("database", name)?;
        match self.databases.lock().unwrap().entry(name.to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => Err(Error::database_exists(name, HERE)),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(BTreeMap::new());
                Ok(())
            }
        }
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        let tables = self.list_tables(name).await?;
        if !tables.is_empty() {
            return Err(Error::database_not_empty(name, HERE, &tables));
        }
        self.databases.lock().unwrap().remove(name);
        Ok(())
    }

    async fn list_tables(&self, database: &str) -> Result<Vec<String>> {
        check_name("database", database)?;
        match self.databases.lock().unwrap().get(database) {
            Some(tables) => Ok(tables.keys().cloned().collect()),
            None => Err(Error::no_database(database, HERE)),
        }
    }

    async fn load_table(&self, table: &Identifier) -> Result<TableEntry> {
        table.base().check_plain()?;
        let schema = {
            let databases = self.databases.lock().unwrap();
            let tables = databases.get(&table.database).ok_or_else(|| Error::no_database(&table.database, HERE))?;
            Arc::clone(tables.get(&table.table).ok_or_else(|| Error::no_table(table, HERE))?)
        };
        self.entry(table, schema)
    }

    async fn create_table(&self, table: &Identifier, schema: &TableSchema) -> Result<TableEntry> {
        table.check_plain()?;
        let schema = Arc::new(schema.clone());
        {
            let mut databases = self.databases.lock().unwrap();
            let tables = databases.get_mut(&table.database).ok_or_else(|| Error::no_database(&table.database, HERE))?;
            if tables.contains_key(&table.table) {
                return Err(Error::table_exists(table, HERE));
            }
            tables.insert(table.table.clone(), Arc::clone(&schema));
        }
        self.entry(table, schema)
    }

    async fn alter_table(&self, table: &Identifier, changes: &[SchemaChange]) -> Result<TableEntry> {
        table.check_plain()?;
        let schema = {
            let mut databases = self.databases.lock().unwrap();
            let tables = databases.get_mut(&table.database).ok_or_else(|| Error::no_database(&table.database, HERE))?;
            let schema = tables.get_mut(&table.table).ok_or_else(|| Error::no_table(table, HERE))?;
            *schema = Arc::new(schema.changed(changes, self.runtime.clock().now_ms())?);
            Arc::clone(schema)
        };
        self.entry(table, schema)
    }

    async fn rename_table(&self, from: &Identifier, to: &Identifier) -> Result<()> {
        from.check_plain()?;
        to.check_plain()?;
        let mut databases = self.databases.lock().unwrap();
        let tables = databases.get_mut(&from.database).ok_or_else(|| Error::no_database(&from.database, HERE))?;
        let schema = tables.remove(&from.table).ok_or_else(|| Error::no_table(from, HERE))?;
        tables.insert(to.table.clone(), schema);
        Ok(())
    }

    async fn drop_table(&self, table: &Identifier) -> Result<()> {
        table.check_plain()?;
        let mut databases = self.databases.lock().unwrap();
        let tables = databases.get_mut(&table.database).ok_or_else(|| Error::no_database(&table.database, HERE))?;
        tables.remove(&table.table).map(drop).ok_or_else(|| Error::no_table(table, HERE))
    }
}

#[derive(Debug)]
struct ListCatalogFactory;

#[async_trait]
impl CatalogFactory for ListCatalogFactory {
    fn kind(&self) -> &str {
        "list"
    }

    async fn open(&self, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>> {
        let root = FilePath::parse(options.text("warehouse").unwrap_or("memory://list"))?;
        let io = context.file_ios.build(&root, options)?;
        let runtime = context.runtime.clone();
        Ok(Arc::new(ListCatalog { root, io, runtime, databases: Mutex::default() }))
    }
}

#[tokio::test]
async fn a_strangers_catalog_is_registered_and_keeps_the_promises() {
    let (context, _) = context();
    let mut catalogs = CatalogRegistry::new();
    catalogs.register(Arc::new(ListCatalogFactory));
    let catalog = catalogs.open(&Options::from([("metastore", "list")]), &context).await.unwrap();
    conformance::all(catalog.as_ref()).await.unwrap();
}

#[tokio::test]
async fn the_suite_finds_a_catalog_that_breaks_a_promise() {
    let (context, _) = context();
    let catalog = ListCatalogFactory.open(&Options::new(), &context).await.unwrap();
    // A database that cannot be made, because it is there already.
    catalog.create_database("conformance", &Options::new()).await.unwrap();
    let broken = conformance::all(catalog.as_ref()).await.unwrap_err();
    assert_eq!(broken.promise, "a database can be made");
}
