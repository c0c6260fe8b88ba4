//! `FileIO` over the `object_store` crate: Amazon S3 and what speaks its language.
//!
//! Start with [`S3FileIOFactory`], which serves `s3://` and `s3a://`, or with [`ObjectStoreFileIO`] over a store of your
//! own.
//!
//! `publish` is a conditional put (`If-None-Match: *`) by a client that never retries. A store that ignores the
//! condition would replace snapshots in silence, so before the first `publish` to a bucket a probe makes sure that it
//! does not ([`ObjectStoreFileIO::probe_exclusive_create`]).

mod error;
mod file_io;
mod probe;
mod read;
mod s3;
mod write;

pub use file_io::ObjectStoreFileIO;
pub use s3::S3FileIOFactory;
