//! What a program uses: a [`Lake`] holds plug-ins and resources, a [`Table`] is a catalog's entry plus a lake.
//!
//! ```no_run
//! # use futures::TryStreamExt;
//! # use tidelake_table::{Lake, Options, col};
//! # async fn example(batch: arrow_array::RecordBatch) -> tidelake_table::Result<()> {
//! let lake = Lake::builder().build()?;
//! let catalog = lake.open_catalog(&Options::from([("warehouse", "/data/lake")])).await?;
//! let table = lake.table(&catalog, "sales.orders").await?;
//!
//! // out
//! let plan = table.scan().filter(col("day").eq("2026-01-31")).project(["id", "total"]).plan().await?;
//! let mut batches = table.read(&plan)?;
//! while let Some(batch) = batches.try_next().await? {
//!     println!("{} rows", batch.num_rows());
//! }
//!
//! // in
//! let mut writer = table.writer().build()?;
//! writer.write(batch).await?;
//! let outcome = writer.commit().await?;
//! # let _ = outcome;
//! # Ok(())
//! # }
//! ```

mod changes;
mod commit;
mod compact;
mod error;
mod expire;
mod filter;
mod lake;
mod overwrite;
mod read;
mod scan;
mod stream;
mod system;
mod table;
mod tags;
mod write;

pub use changes::{ChangeBatch, Changes};
pub use commit::TableCommitter;
pub use compact::{CompactBuilder, CompactionOutcome, PreparedCompaction};
pub use error::{Error, Result};
pub use expire::ExpireBuilder;
pub use filter::{Column, Filter, Literal, col};
pub use lake::{Lake, LakeBuilder};
pub use read::BatchStream;
pub use scan::{TablePlan, TableScan};
pub use stream::{StreamBuilder, StreamPlan, TableStream};
pub use system::{SYSTEM_TABLES, TABLE_READ_SEQUENCE_NUMBER_ENABLED, audit_log_fields, system_schema};
pub use table::Table;
pub use write::{TableWriter, WriterBuilder};

pub use tidelake_catalog::{Catalog, Identifier};
pub use tidelake_commit::{
    CommitListener, CommitOutcome, Conflict, ExpireOutcome, Overwrite, PreparedCommit, Resolution,
};
pub use tidelake_datafile::CompactMode;
pub use tidelake_error::{Classify, ErrorKind};
pub use tidelake_expr::{Operator, Predicate, evaluate};
pub use tidelake_meta::{
    CommitKind, CommitMessage, PartitionSpec, Place, SchemaChange, Snapshot, TableSchema, Tag, column_path,
};
pub use tidelake_scan::{FilterUse, Known, Plan, ReadFrom, ScanRequest, Split, StreamStart};
pub use tidelake_types::{DataField, DataType, Options, RowKind, Scalar, TypeKind};
