//! A table: a catalog's entry plus a lake.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use tidelake_catalog::{Identifier, TableEntry};
use tidelake_datafile::TableFiles;
use tidelake_io::{FileIO, FilePath};
use tidelake_meta::{ManifestStore, SchemaStore, SnapshotStore, TableLayout, TableSchema, TagStore};
use tidelake_scan::{ReadFrom, StreamStart};
use tidelake_types::{DataField, Options, arrow_schema};

use crate::{
    CompactBuilder, ExpireBuilder, Lake, Result, StreamBuilder, TableCommitter, TableScan, WriterBuilder, system,
};

/// A table of a lake. A value: cheap to clone, and a picture of the schema at the time it was loaded.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) lake: Lake,
    pub(crate) entry: TableEntry,
    /// The entry's schema with the options of the call over its own.
    pub(crate) schema: Arc<TableSchema>,
    pub(crate) layout: TableLayout,
    pub(crate) snapshots: SnapshotStore,
    pub(crate) manifests: ManifestStore,
    pub(crate) schemas: SchemaStore,
    pub(crate) tags: TagStore,
}

impl Table {
    pub(crate) fn new(lake: Lake, entry: TableEntry) -> Result<Self> {
        let layout = TableLayout::new(entry.location.clone());
        let io = entry.file_io_dyn();
        let partition_types: Vec<_> =
            entry.schema.partition_fields().into_iter().map(|field| field.data_type).collect();
        Ok(Self {
            schema: Arc::clone(&entry.schema),
            snapshots: SnapshotStore::new(Arc::clone(&io), layout.clone()),
            manifests: ManifestStore::new(Arc::clone(&io), layout.clone(), lake.formats().clone())
                .with_runtime(lake.runtime().clone())
                .with_partition_types(&partition_types),
            schemas: SchemaStore::new(Arc::clone(&io), layout.clone()),
            tags: TagStore::new(io, layout.clone()),
            layout,
            lake,
            entry,
        })
    }

    /// Its name.
    pub fn identifier(&self) -> &Identifier {
        &self.entry.identifier
    }

    /// Where its files are.
    pub fn location(&self) -> &FilePath {
        &self.entry.location
    }

    /// Its columns, keys and options; those given by [`Self::with_options`] included.
    pub fn schema(&self) -> &Arc<TableSchema> {
        &self.schema
    }

    /// Its columns in Arrow's terms.
    pub fn arrow_schema(&self) -> Result<SchemaRef> {
        Ok(arrow_schema(&self.schema.fields)?)
    }

    /// The same table with options of one call over its own: `scan.snapshot-id`, `write-buffer-size`, … Nothing is stored.
    pub fn with_options(&self, options: &Options) -> Self {
        Self { schema: Arc::new(self.schema.with_options(options)), ..self.clone() }
    }

    /// Starts a batch read. Where it reads from is what the `scan.*` options say, by default the latest snapshot.
    pub fn scan(&self) -> TableScan {
        TableScan::new(self.clone())
    }

    /// Starts writing.
    pub fn writer(&self) -> WriterBuilder {
        WriterBuilder::new(self.clone())
    }

    /// Starts a compaction of all its buckets: fewer and larger files, the same rows.
    pub fn compact(&self) -> CompactBuilder {
        CompactBuilder::new(self.clone())
    }

    /// Starts letting old snapshots go, with the files that nothing needs then.
    pub fn expire(&self) -> ExpireBuilder {
        ExpireBuilder::new(self.clone())
    }

    /// Commits under a name, for a stream that can resume: identifiers ascend.
    pub fn committer(&self, user: &str) -> Result<TableCommitter> {
        TableCommitter::named(self, user)
    }

    /// Follows the table: a stream of plans of Arrow batches with row kinds.
    pub fn stream(&self, start: StreamStart) -> StreamBuilder {
        StreamBuilder::new(self.clone(), start)
    }

    /// Follows the table from where its `scan.*` options say (by default all rows, then changes), or where the consumer
    /// `consumer-id` stopped.
    pub fn stream_by_options(&self) -> StreamBuilder {
        StreamBuilder::by_options(self.clone())
    }

    /// The columns of a system table, of the version that is read.
    pub async fn system_fields(&self, name: &str) -> Result<Vec<DataField>> {
        match name {
            system::AUDIT_LOG => system::audit_log_fields(&*self.schema_at(None).await?),
            _ => system::system_schema(name),
        }
    }

    /// A system table: `snapshots`, `files`, … ([`crate::SYSTEM_TABLES`]) as one batch. `audit_log` is as large as the table:
    /// [`TableScan::audit_log`] reads it piece by piece, and [`StreamBuilder::audit_log`] follows it.
    pub async fn system(&self, name: &str) -> Result<RecordBatch> {
        system::read(self, name).await
    }

    /// Finds and reads its snapshots.
    pub fn snapshots(&self) -> &SnapshotStore {
        &self.snapshots
    }

    /// Finds and reads its schemas.
    pub fn schemas(&self) -> &SchemaStore {
        &self.schemas
    }

    /// Finds and reads its tags.
    pub fn tags(&self) -> &TagStore {
        &self.tags
    }

    /// Reads its manifests.
    pub fn manifests(&self) -> &ManifestStore {
        &self.manifests
    }

    /// Its storage.
    pub fn file_io(&self) -> Arc<dyn FileIO> {
        self.entry.file_io_dyn()
    }

    /// The lake it belongs to.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Where a batch read of this table reads from.
    pub(crate) fn read_from(&self) -> Result<ReadFrom> {
        Ok(ReadFrom::from_options(&self.schema.options)?)
    }

    /// What reading and writing data files needs, with the columns of `schema`.
    pub(crate) fn files(&self, schema: &Arc<TableSchema>) -> TableFiles {
        TableFiles {
            io: self.entry.file_io_dyn(),
            layout: self.layout.clone(),
            schema: Arc::clone(schema),
            schemas: self.schemas.clone(),
            formats: self.lake.formats().clone(),
            runtime: self.lake.runtime().clone(),
        }
    }
}
