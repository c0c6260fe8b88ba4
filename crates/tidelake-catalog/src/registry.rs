//! Which kinds of catalogs are known.

use std::sync::Arc;

use indexmap::IndexMap;
use tidelake_types::Options;

use crate::{Catalog, CatalogContext, CatalogFactory, Result, error::UnknownKindSnafu, options::METASTORE};

/// Kinds of catalogs by name: a value of a lake, never global. A later registration of a kind replaces an earlier one.
#[derive(Debug, Clone, Default)]
pub struct CatalogRegistry(IndexMap<String, Arc<dyn CatalogFactory>>);

impl CatalogRegistry {
    /// Without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind, or replaces the one of its name.
    pub fn register(&mut self, factory: Arc<dyn CatalogFactory>) {
        self.0.insert(factory.kind().to_ascii_lowercase(), factory);
    }

    /// Opens the catalog that the options describe: `metastore` (or `type`, by default `filesystem`) names its kind.
    pub async fn open(&self, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>> {
        let kind = options.get(&METASTORE)?;
        match self.0.get(&kind.to_ascii_lowercase()) {
            Some(factory) => factory.open(options, context).await,
            None => UnknownKindSnafu { kind, known: self.0.keys().cloned().collect::<Vec<_>>().join(", ") }.fail(),
        }
    }
}
