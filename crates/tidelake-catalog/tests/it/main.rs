//! The catalog crate from outside: the suite on several storages, and what only the filesystem catalog promises.
#![allow(clippy::unwrap_used, reason = "tests")]

mod conformance;
mod filesystem;

use std::sync::Arc;

use tidelake_catalog::{Catalog, CatalogContext, CatalogRegistry, FilesystemCatalogFactory, Options, Runtime};
use tidelake_io::{FileIORegistry, MemoryFileIO};

fn context() -> (CatalogContext, MemoryFileIO) {
    let runtime = Runtime::tokio(1, 64 << 20);
    let memory = MemoryFileIO::new(runtime.clone());
    let mut file_ios = FileIORegistry::with_defaults(&runtime);
    file_ios.register(Arc::new(memory.clone()));
    (CatalogContext { runtime, file_ios }, memory)
}

async fn open(options: &Options, context: &CatalogContext) -> Arc<dyn Catalog> {
    let mut catalogs = CatalogRegistry::new();
    catalogs.register(Arc::new(FilesystemCatalogFactory));
    catalogs.open(options, context).await.unwrap()
}
