//! Tidelake: a streaming lakehouse on Apache Paimon tables. One crate to depend on.
//!
//! A [`Lake`] holds plug-ins and resources; a [`Table`] is read, written and followed through it.
//!
//! ```no_run
//! # use futures::TryStreamExt;
//! use tidelake::{Lake, Options, col};
//!
//! # async fn example(batch: tidelake::arrow_array::RecordBatch) -> tidelake::Result<()> {
//! let lake = Lake::builder().build()?;
//! let catalog = lake.open_catalog(&Options::from([("warehouse", "/data/lake")])).await?;
//! let table = lake.table(&catalog, "sales.orders").await?;
//!
//! let mut rows = table.scan().filter(col("day").eq("2026-01-31")).project(["id", "total"]).read().await?;
//! while let Some(batch) = rows.try_next().await? {
//!     println!("{} rows", batch.num_rows());
//! }
//!
//! let mut writer = table.writer().build()?;
//! writer.write(batch).await?;
//! let outcome = writer.commit().await?;
//! # let _ = outcome;
//! # Ok(())
//! # }
//! ```
//!
//! | feature | brings |
//! |---|---|
//! | `sql` (default) | SQL through DataFusion: [`sql`] |
//! | `object-store` (default) | S3 and compatible stores |
//!
//! Plug-ins (storage, formats, catalogs) are values given to [`Lake::builder`]; each is written against its contract crate
//! alone: [`io`], [`format`](mod@format), [`catalog`].

mod lake;

pub use lake::{Lake, LakeBuilder};
pub use tidelake_table::{
    BatchStream, Catalog, ChangeBatch, Changes, Classify, Column, CommitKind, CommitListener, CommitMessage,
    CommitOutcome, CompactBuilder, CompactMode, CompactionOutcome, Conflict, DataField, DataType, Error, ErrorKind,
    Filter, FilterUse, Identifier, Literal, Operator, Options, Overwrite, PartitionSpec, Place, Plan, Predicate,
    PreparedCommit, PreparedCompaction, ReadFrom, Resolution, Result, RowKind, SYSTEM_TABLES, Scalar, SchemaChange,
    Snapshot, Split, StreamBuilder, StreamPlan, StreamStart, Table, TableCommitter, TablePlan, TableScan, TableSchema,
    TableStream, TableWriter, Tag, TypeKind, WriterBuilder, audit_log_fields, col, column_path, evaluate,
    system_schema,
};

pub use arrow_array;
pub use arrow_schema;
/// The contract of catalogs.
pub use tidelake_catalog as catalog;
/// The contract of file formats.
pub use tidelake_format as format;
/// The contract of storage.
pub use tidelake_io as io;
/// Clock, ids, threads, memory.
pub use tidelake_runtime as runtime;
#[cfg(feature = "sql")]
pub use tidelake_sql as sql;
/// Types, values, casts and the canonical text of rows.
pub use tidelake_types as types;
