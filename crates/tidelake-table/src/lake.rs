//! The one place where plug-ins and resources meet.

use std::sync::Arc;

use tidelake_catalog::{
    Catalog, CatalogContext, CatalogFactory, CatalogRegistry, FilesystemCatalogFactory, Identifier,
};
use tidelake_commit::CommitListener;
use tidelake_format::{FileFormat, FormatRegistry};
use tidelake_io::{FileIOFactory, FileIORegistry};
use tidelake_meta::SchemaChange;
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use crate::{Result, Table};

/// Resources and plug-ins of a process, shared by its tables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake(pub(crate) Arc<LakeParts>);

#[derive(Debug)]
pub(crate) struct LakeParts {
    pub(crate) runtime: Runtime,
    pub(crate) formats: FormatRegistry,
    pub(crate) file_ios: FileIORegistry,
    pub(crate) catalogs: CatalogRegistry,
    pub(crate) listeners: Vec<Arc<dyn CommitListener>>,
}

/// Puts a [`Lake`] together. Nothing registers itself behind the caller's back; a later registration under the same name
/// replaces an earlier one, so a built-in can be swapped.
#[derive(Debug)]
pub struct LakeBuilder {
    runtime: Option<Runtime>,
    threads: usize,
    memory_bytes: u64,
    formats: FormatRegistry,
    file_ios: Vec<Storage>,
    catalogs: CatalogRegistry,
    listeners: Vec<Arc<dyn CommitListener>>,
}

/// A storage backend, or how it is made once there is a runtime.
#[derive(Debug)]
enum Storage {
    Factory(Arc<dyn FileIOFactory>),
    Maker(fn(&Runtime) -> Arc<dyn FileIOFactory>),
}

impl Lake {
    /// With local disk, memory and the filesystem catalog; file formats and other storage are added by the caller (the
    /// crate `tidelake` does so).
    pub fn builder() -> LakeBuilder {
        let mut catalogs = CatalogRegistry::new();
        catalogs.register(Arc::new(FilesystemCatalogFactory));
        LakeBuilder {
            runtime: None,
            threads: 0,
            memory_bytes: 1 << 30,
            formats: FormatRegistry::new(),
            file_ios: Vec::new(),
            catalogs,
            listeners: Vec::new(),
        }
    }

    /// Opens the catalog that the options describe: `metastore` (or `type`, default `filesystem`), `warehouse`, …
    pub async fn open_catalog(&self, options: &Options) -> Result<Arc<dyn Catalog>> {
        let context = CatalogContext { runtime: self.0.runtime.clone(), file_ios: self.0.file_ios.clone() };
        Ok(self.0.catalogs.open(options, &context).await?)
    }

    /// A table by name: `db.table`.
    pub async fn table(&self, catalog: &Arc<dyn Catalog>, name: &str) -> Result<Table> {
        self.load_table(catalog, &Identifier::parse(name)?).await
    }

    /// A table by identifier.
    pub async fn load_table(&self, catalog: &Arc<dyn Catalog>, identifier: &Identifier) -> Result<Table> {
        let entry = catalog.load_table(identifier).await?;
        Table::new(self.clone(), entry)
    }

    /// Changes the columns or options of a table, all of them or none, and gives the table as it is then. Tables that were
    /// loaded before keep the schema they have; their files are read by the ids of the columns.
    pub async fn alter_table(&self, catalog: &Arc<dyn Catalog>, name: &str, changes: &[SchemaChange]) -> Result<Table> {
        Table::new(self.clone(), catalog.alter_table(&Identifier::parse(name)?, changes).await?)
    }

    /// Time, ids, threads, memory.
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// The known file formats.
    pub fn formats(&self) -> &FormatRegistry {
        &self.0.formats
    }
}

impl LakeBuilder {
    /// A runtime of the caller's, instead of one on the current tokio runtime.
    pub fn with_runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// How many threads compute; 0, the default, means one for each of the machine's cores.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// The memory budget, in bytes. Default: 1 GiB.
    pub fn with_memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// A storage backend, chosen by URL scheme.
    pub fn with_file_io(mut self, factory: impl FileIOFactory) -> Self {
        self.file_ios.push(Storage::Factory(Arc::new(factory)));
        self
    }

    /// As [`Self::with_file_io`], for a backend that needs the lake's runtime.
    pub fn with_file_io_of(mut self, make: fn(&Runtime) -> Arc<dyn FileIOFactory>) -> Self {
        self.file_ios.push(Storage::Maker(make));
        self
    }

    /// A file format, chosen by `file.format` and by the extension when reading.
    pub fn with_format(mut self, format: impl FileFormat) -> Self {
        self.formats.register(Arc::new(format));
        self
    }

    /// A catalog, chosen by the option `metastore`.
    pub fn with_catalog(mut self, factory: impl CatalogFactory) -> Self {
        self.catalogs.register(Arc::new(factory));
        self
    }

    /// Told after each commit of this lake.
    pub fn with_commit_listener(mut self, listener: impl CommitListener) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// The lake. Called inside a tokio runtime unless a [`Runtime`] was given.
    pub fn build(self) -> Result<Lake> {
        let runtime = self.runtime.unwrap_or_else(|| Runtime::tokio(self.threads, self.memory_bytes));
        let mut file_ios = FileIORegistry::with_defaults(&runtime);
        for storage in self.file_ios {
            file_ios.register(match storage {
                Storage::Factory(factory) => factory,
                Storage::Maker(make) => make(&runtime),
            });
        }
        Ok(Lake(Arc::new(LakeParts {
            runtime,
            formats: self.formats,
            file_ios,
            catalogs: self.catalogs,
            listeners: self.listeners,
        })))
    }
}
