//! A Tidelake catalog as DataFusion sees it: databases are its schemas.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use async_trait::async_trait;
use datafusion::{
    catalog::{CatalogProvider, SchemaProvider, TableProvider},
    common::{DataFusionError, Result},
};
use tidelake_table::{Catalog, Identifier, Lake};

use crate::{
    Error, TableAddress,
    table::{AUDIT_LOG, LakeTable},
};

/// Names as of the last [`LakeCatalog::refresh`]: DataFusion asks for them where it cannot wait.
type Names = Arc<RwLock<BTreeMap<String, Vec<String>>>>;

/// All databases of a catalog.
#[derive(Debug, Clone)]
pub(crate) struct LakeCatalog {
    lake: Lake,
    catalog: Arc<dyn Catalog>,
    names: Names,
}

#[derive(Debug)]
struct Database {
    parent: LakeCatalog,
    name: String,
}

impl LakeCatalog {
    pub(crate) fn new(lake: Lake, catalog: Arc<dyn Catalog>) -> Self {
        Self { lake, catalog, names: Names::default() }
    }

    /// Looks which databases and tables there are, for `information_schema`.
    pub(crate) async fn refresh(&self) -> crate::Result<()> {
        let mut names = BTreeMap::new();
        for database in self.catalog.list_databases().await? {
            let tables = self.catalog.list_tables(&database).await?;
            names.insert(database, tables);
        }
        if let Ok(mut held) = self.names.write() {
            *held = names;
        }
        Ok(())
    }
}

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.names.read().map(|names| names.keys().cloned().collect()).unwrap_or_default()
    }

    /// Any name may be a database: whether it is shows when a table of it is asked for.
    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(Database { parent: self.clone(), name: name.to_owned() }))
    }
}

#[async_trait]
impl SchemaProvider for Database {
    fn table_names(&self) -> Vec<String> {
        let names = self.parent.names.read();
        names.map(|names| names.get(&self.name).cloned().unwrap_or_default()).unwrap_or_default()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let address = TableAddress::parse(name);
        let opened = async {
            let identifier = Identifier::new(self.name.as_str(), address.table.as_str())?;
            let table = self.parent.lake.load_table(&self.parent.catalog, &identifier).await?;
            match &address.system {
                Some(system) if system != AUDIT_LOG => LakeTable::open_system(table, &address, system).await,
                _ => Ok(Arc::new(LakeTable::open(table, &address).await?) as Arc<dyn TableProvider>),
            }
        };
        // A table that is not there is an error of ours, which says where it was looked for.
        Ok(Some(opened.await.map_err(|error: Error| DataFusionError::from(error))?))
    }

    fn table_exist(&self, _: &str) -> bool {
        true
    }
}
