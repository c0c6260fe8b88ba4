//! Storage as Tidelake needs it: whole immutable files, positional reads, exclusive creation.
//!
//! Start with [`FileIO`] (the contract), [`FilePath`] (where) and [`LocalFileIO`] or [`MemoryFileIO`] (two backends).
//! A stranger's backend implements [`FileIO`] and [`FileIOFactory`], needs this crate alone, and passes `conformance::all`
//! (feature `conformance`).
//!
//! ```
//! use tidelake_io::{Bytes, FileIO, FileIOExt, FilePath, MemoryFileIO, Publish};
//! use tidelake_runtime::Runtime;
//!
//! # futures::executor::block_on(async {
//! let io = MemoryFileIO::new(Runtime::tokio(1, 1 << 20));
//! let path = FilePath::parse("memory://lake/orders/snapshot/snapshot-1")?;
//! assert_eq!(io.publish(&path, Bytes::from("{}")).await?, Publish::Created);
//! assert_eq!(io.publish(&path, Bytes::from("[]")).await?, Publish::AlreadyExists);
//! assert_eq!(io.read_file_text(&path, 1024).await?, "{}");
//! # Ok::<(), tidelake_io::Error>(())
//! # }).unwrap();
//! ```

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod ext;
mod file_io;
mod local;
mod memory;
mod path;
mod ranges;
mod registry;
mod resolver;

pub use error::{Error, Result, Source};
pub use ext::{FileIOExt, FileReadExt};
pub use file_io::{Child, FileIO, FileIOFactory, FileRead, FileStatus, FileWrite, Publish};
pub use local::LocalFileIO;
pub use memory::MemoryFileIO;
pub use path::FilePath;
pub use ranges::{check_range, join_ranges, slice_ranges};
pub use registry::FileIORegistry;
pub use resolver::FileIOResolver;

// What the traits mention and an implementation takes in its hands, so that a backend needs this crate alone.
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use futures::stream::{self, BoxStream};
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_runtime::Runtime;
pub use tidelake_types::{OptionKey, OptionValue, Options};
