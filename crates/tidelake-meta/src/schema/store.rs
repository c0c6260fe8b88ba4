//! Reading and listing `schema/`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tidelake_io::{FileIO, Publish};

use crate::{
    Result, TableLayout, TableSchema,
    error::{NoSchemaSnafu, corrupt},
    json::JSON_BYTES_MAX,
    listing::{numbers_below, read_small},
};

/// Reads and lists `schema/`; keeps what it has read (schema files never change). Clones share what they keep.
#[derive(Debug, Clone)]
pub struct SchemaStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
    kept: Arc<Mutex<BTreeMap<i64, Arc<TableSchema>>>>,
}

impl SchemaStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout, kept: Arc::default() }
    }

    /// A schema by number, cached.
    pub async fn load(&self, id: i64) -> Result<Arc<TableSchema>> {
        if let Some(schema) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(schema));
        }
        let path = self.layout.schema(id)?;
        let Some(bytes) = read_small(&*self.io, &path, JSON_BYTES_MAX).await? else {
            return NoSchemaSnafu { table: self.layout.root().to_string(), id }.fail();
        };
        let schema = Arc::new(TableSchema::from_json(&bytes, &path.to_string())?);
        if schema.id != id {
            return Err(corrupt("schema", path, format!("its `id` is {}", schema.id)));
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&schema));
        Ok(schema)
    }

    /// The numbers there are, ascending.
    pub async fn list_ids(&self) -> Result<Vec<i64>> {
        numbers_below(&*self.io, &self.layout.schema_dir()?, "schema-").await
    }

    /// The newest; `None` if there is none: no table.
    pub async fn latest(&self) -> Result<Option<Arc<TableSchema>>> {
        match self.list_ids().await?.last() {
            Some(id) => self.load(*id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Publishes a new schema file.
    pub async fn publish(&self, schema: &TableSchema) -> Result<Publish> {
        Ok(self.io.publish(&self.layout.schema(schema.id)?, schema.to_json().into()).await?)
    }
}
