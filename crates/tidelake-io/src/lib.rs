//! Storage as Tidelake needs it: whole immutable files, positional reads, exclusive creation.
//!
//! Start with [`FileIO`] (the contract), [`FilePath`] (where) and [`LocalFileIO`] or [`MemoryFileIO`] (two backends).
//! A stranger's backend implements [`FileIO`] and [`FileIOFactory`] and passes `conformance::all`.

mod error;
mod file_io;
mod path;

pub use error::{Error, Result};
pub use file_io::{
    Child, FileIO, FileIOFactory, FileRead, FileStatus, FileWrite, Publish,
};
pub use path::FilePath;

// What the traits mention, so that a backend needs this crate alone.
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use futures::stream::BoxStream;
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_types::Options;
