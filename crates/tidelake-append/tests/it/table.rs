//! An append table in memory.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int8Array, Int32Array, RecordBatch, cast::AsArray, types::Int32Type};
use futures::TryStreamExt;
use tidelake_append::{AppendBucket, read_split};
use tidelake_datafile::{Bucket, BucketPlace, BucketRows, FileReadRequest, Result, TableFiles};
use tidelake_format::FormatRegistry;
use tidelake_format_parquet::ParquetFormat;
use tidelake_io::{FileIO, FilePath, MemoryFileIO};
use tidelake_meta::{DataFileMeta, SchemaStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::{DataField, Options, PartitionValues, TypeKind, arrow_schema};

pub(crate) struct Table {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
}

impl Table {
    /// One column `n INT`.
    pub(crate) async fn new(options: Options) -> Self {
        let fields = vec![DataField::new(0, "n", TypeKind::Int.nullable())];
        let schema = TableSchema::create(fields, vec![], vec![], options, None, 0).unwrap();
        let runtime = Runtime::tokio(1, 64 << 20);
        let io: Arc<dyn FileIO> = Arc::new(MemoryFileIO::new(runtime.clone()));
        let layout = TableLayout::new(FilePath::parse("memory://test/shop.db/events").unwrap());
        let schemas = SchemaStore::new(Arc::clone(&io), layout.clone());
        schemas.publish(&schema).await.unwrap();
        let mut formats = FormatRegistry::new();
        formats.register(Arc::new(ParquetFormat));
        let place = BucketPlace { partition: PartitionValues::unpartitioned(), bucket: 0, path: "bucket-0".to_owned() };
        Self { files: TableFiles { io, layout, schema: Arc::new(schema), schemas, formats, runtime }, place }
    }

    pub(crate) fn bucket(&self, max_sequence: i64) -> AppendBucket {
        AppendBucket::new(self.files.clone(), self.place.clone(), max_sequence).unwrap()
    }

    pub(crate) fn rows(&self, numbers: impl IntoIterator<Item = i32>) -> BucketRows {
        let column: ArrayRef = Arc::new(Int32Array::from_iter_values(numbers));
        let schema = arrow_schema(&self.files.schema.fields).unwrap();
        BucketRows { rows: RecordBatch::try_new(schema, vec![column]).unwrap(), kinds: None }
    }

    pub(crate) async fn read(&self, files: Vec<DataFileMeta>) -> Result<Vec<i32>> {
        let request = FileReadRequest {
            fields: self.files.schema.fields.clone(),
            predicate: None,
            wide_timestamps: false,
            batch_rows: 3,
        };
        let batches = read_split(self.files.clone(), self.place.clone(), files, request);
        let batches: Vec<RecordBatch> = batches.try_collect().await?;
        let numbers = |batch: &RecordBatch| batch.column(0).as_primitive::<Int32Type>().values().to_vec();
        Ok(batches.iter().flat_map(numbers).collect())
    }
}

pub(crate) fn kinds(rows: BucketRows, kinds: Vec<i8>) -> BucketRows {
    BucketRows { kinds: Some(Int8Array::from(kinds)), ..rows }
}

/// Runs a flush to its end.
pub(crate) async fn flush(bucket: &mut AppendBucket) -> Result<()> {
    match bucket.flush_job()? {
        Some(job) => bucket.complete(job.run().await),
        None => Ok(()),
    }
}
