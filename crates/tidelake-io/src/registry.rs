//! Which backend serves which URL scheme.

use std::sync::Arc;

use indexmap::IndexMap;
use tidelake_runtime::Runtime;
use tidelake_types::Options;

use crate::{FileIO, FileIOFactory, FilePath, LocalFileIO, MemoryFileIO, Result, error::UnknownSchemeSnafu};

/// Backends by URL scheme. A plain value: whoever needs another one makes another one.
#[derive(Debug, Clone, Default)]
pub struct FileIORegistry {
    factories: IndexMap<String, Arc<dyn FileIOFactory>>,
}

impl FileIORegistry {
    /// No backends.
    pub fn new() -> Self {
        Self::default()
    }

    /// The backends of this crate: the local disk (`file://`) and memory (`memory://`).
    pub fn with_defaults(runtime: &Runtime) -> Self {
        Self::new().with(Arc::new(LocalFileIO::new(runtime.clone()))).with(Arc::new(MemoryFileIO::new(runtime.clone())))
    }

    /// Adds a backend for its schemes, in place of any earlier one.
    pub fn register(&mut self, factory: Arc<dyn FileIOFactory>) {
        for scheme in factory.schemes() {
            self.factories.insert((*scheme).to_owned(), Arc::clone(&factory));
        }
    }

    /// As [`FileIORegistry::register`], for chains.
    #[must_use]
    pub fn with(mut self, factory: Arc<dyn FileIOFactory>) -> Self {
        self.register(factory);
        self
    }

    /// A backend for everything below `root`. `Unsupported` names the schemes that are known.
    pub fn build(&self, root: &FilePath, options: &Options) -> Result<Arc<dyn FileIO>> {
        match self.factories.get(root.scheme()) {
            Some(factory) => factory.build(root, options),
            None => {
                let known = self.schemes().collect::<Vec<_>>().join(", ");
                UnknownSchemeSnafu { scheme: root.scheme(), known }.fail()
            }
        }
    }

    /// The schemes that are served.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }
}
