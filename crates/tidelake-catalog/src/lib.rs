//! Catalogs: from names to table entries. A catalog says where a table is and how its snapshots are published; it cannot
//! read a row.
//!
//! Start with [`Catalog`] (the contract), [`Identifier`] (a name) and [`FilesystemCatalog`] (a folder of databases). A
//! stranger's catalog implements [`Catalog`] and [`CatalogFactory`], needs this crate alone, and passes
//! `conformance::all` (feature `conformance`). A short one from beginning to end is `examples/stranger-catalog`.
//!
//! ```
//! # use std::sync::Arc;
//! use tidelake_catalog::{CatalogContext, CatalogRegistry, FilesystemCatalogFactory, Identifier, Options};
//! # async fn example(context: CatalogContext) -> tidelake_catalog::Result<()> {
//! let mut catalogs = CatalogRegistry::new();
//! catalogs.register(Arc::new(FilesystemCatalogFactory));
//! let catalog = catalogs.open(&Options::from([("warehouse", "/tmp/lake")]), &context).await?;
//! let entry = catalog.load_table(&Identifier::parse("shop.orders")?).await?;
//! println!("{} is at {}", entry.identifier, entry.location);
//! # Ok(())
//! # }
//! ```

mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod filesystem;
mod identifier;
mod options;
mod registry;

pub use catalog::{Catalog, CatalogContext, CatalogExt, CatalogFactory, TableEntry};
pub use error::{Error, Result, Source};
pub use filesystem::{FilesystemCatalog, FilesystemCatalogFactory};
pub use identifier::{Identifier, check_name};
pub use options::*;
pub use registry::CatalogRegistry;

// What the traits mention and an implementation takes in its hands, so that a catalog needs this crate alone. A catalog
// with a commit call of its own implements `SnapshotCommit`, whose errors are `CommitError`.
pub use async_trait::async_trait;
pub use tidelake_commit::{
    Error as CommitError, PublishSnapshotCommit, Published, SnapshotCommit, SnapshotPublication, create_table,
};
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_io::{self as io, Bytes, FileIO, FileIOExt, FileIORegistry, FileIOResolver, FilePath, Publish};
pub use tidelake_meta::{
    CommitIdentity, CommitKind, Error as MetaError, SchemaChange, SchemaStore, Snapshot, TableLayout, TableSchema,
};
pub use tidelake_runtime::Runtime;
pub use tidelake_types::{DataField, DataType, OptionKey, OptionValue, Options, TypeKind};
