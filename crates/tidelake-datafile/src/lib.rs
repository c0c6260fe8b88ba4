//! One data file as Paimon means it, and the contract of a bucket.
//!
//! [`read_file`] opens a file of any older schema as the columns wanted today; [`DataFileWriter`] writes files with their
//! names, statistics and sequence ranges and rolls to the next one. A [`Bucket`] is what takes rows: `lsm` and `append`
//! each implement it.

mod bucket;
pub mod error;
mod evolution;
mod files;
mod options;
mod reader;
mod writer;

pub use bucket::{Bucket, BucketRows, CompactMode, Job, JobError, JobKind, JobResult, Produced, Work};
pub use error::{Error, Result};
pub use files::{BucketPlace, TableFiles};
pub use options::*;
pub use reader::{FileBatch, FileReadRequest, FileStream, read_file};
pub use writer::{DataFileWriter, FileContent};
