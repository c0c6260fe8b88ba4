//! Every metadata file of the table format: values with codecs, and the stores that read and list them.
//!
//! A *value* (a [`Snapshot`], a [`TableSchema`], a [`ManifestEntry`]) and its file format sit together; a *store* beside
//! it ([`SnapshotStore`], [`SchemaStore`], [`ManifestStore`]) reads and lists those files. [`TableLayout`] knows every
//! path the format defines.
//!
//! ```
//! use tidelake_meta::{BucketMode, TableSchema};
//! use tidelake_types::{DataField, Options, TypeKind};
//!
//! let fields = vec![DataField::new(0, "id", TypeKind::BigInt.nullable()), DataField::new(1, "name", TypeKind::STRING.nullable())];
//! let schema = TableSchema::create(fields, vec![], vec!["id".to_owned()], Options::from([("bucket", "4")]), None, 0)?;
//! assert_eq!(schema.bucket_mode()?, BucketMode::HashFixed(4));
//! assert_eq!(TableSchema::from_json(&schema.to_json(), "schema-0")?, schema);
//! # Ok::<(), tidelake_meta::Error>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "tests"))]

mod avro;
mod error;
mod file;
mod json;
mod layout;
mod listing;
mod manifest;
mod message;
mod options;
mod partition_spec;
mod refs;
mod schema;
mod snapshot;

pub use error::{Error, Result};
pub use file::{DataFileMeta, FileIdentity, FileSource, SimpleStats, sections};
pub use layout::{DataFileNames, TableLayout};
pub use manifest::{FileKind, ManifestEntry, ManifestFileMeta, ManifestStore, live_entries};
pub use message::{BucketIncrement, CommitMessage, FileChanges};
pub use options::*;
pub use partition_spec::{PartitionMatcher, PartitionSpec};
pub use refs::{Consumer, ConsumerStore, Tag, TagStore};
pub use schema::{
    BucketMode, ChangelogProducer, MergeEngine, Place, SchemaChange, SchemaStore, TableSchema, column_path,
    unsupported_for_reading, unsupported_for_writing,
};
pub use snapshot::{CommitIdentity, CommitKind, Snapshot, SnapshotStore};
