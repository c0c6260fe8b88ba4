//! A catalog of a stranger: it names `tidelake-catalog` alone and passes its conformance suite. `README.md` says how to write
//! another.
//!
//! The idea is an *album*: which tables there are stands on its newest page, and the tables lie elsewhere, in folders that
//! no name is part of.
//!
//! ```text
//! <warehouse>/
//!   album/page-1        databases and tables after the first change
//!   album/page-2        … after the second: the newest page is the catalog
//!   tables/<uuid>/      a table
//! ```
//!
//! A change publishes the page after the newest. Of two processes one creates it; the other reads it and does its change
//! again. So nothing is lost, and, what a catalog of folders cannot do, a table is renamed at once. Pages are never deleted:
//! a slow process must not find room where a page has been. They are also the history of the catalog, readable by anyone.
//!
//! ```
//! use stranger_catalog::AlbumCatalogFactory;
//! use tidelake_catalog::{CatalogContext, CatalogFactory, FileIORegistry, Options, Runtime};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let runtime = Runtime::tokio(1, 1 << 20);
//! let context = CatalogContext { file_ios: FileIORegistry::with_defaults(&runtime), runtime };
//! let album = AlbumCatalogFactory.open(&Options::from([("warehouse", "memory://lake/w")]), &context).await?;
//! album.create_database("shop", &Options::new()).await?;
//! assert_eq!(album.list_databases().await?, ["shop"]);
//! # Ok::<(), tidelake_catalog::Error>(())
//! # }).unwrap();
//! ```

mod album;
mod catalog;
mod page;

pub use catalog::{AlbumCatalog, AlbumCatalogFactory};
