//! A small key table in memory: `k` (the key), `s`, `v`.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use futures::TryStreamExt;
use tidelake_datafile::{Bucket, BucketPlace, BucketRows, CompactMode, Job, JobResult, TableFiles};
use tidelake_format::FormatRegistry;
use tidelake_format_parquet::ParquetFormat;
use tidelake_io::{FileIO, FilePath};
use tidelake_lsm::{LsmBucket, MergeReadRequest, MergedBatch, Result, read_bucket, read_unmerged};
use tidelake_meta::{BucketIncrement, DataFileMeta, SchemaStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::{DataField, Options, PartitionValues, TypeKind, arrow_schema};

use crate::storage::Shelf;

/// Key, `s`, `v` and kind.
pub(crate) type Line = (i64, Option<i32>, String, i8);

pub(crate) struct Table {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    pub(crate) shelf: Shelf,
    tokio: tokio::runtime::Runtime,
}

impl Table {
    pub(crate) fn new<const N: usize>(options: [(&str, &str); N]) -> Self {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fields = vec![
            DataField::new(0, "s", TypeKind::Int.nullable()),
            DataField::new(1, "k", TypeKind::BigInt.not_null()),
            DataField::new(2, "v", TypeKind::STRING.nullable()),
        ];
        let mut options: Options = options.into_iter().collect();
        options.set("bucket", "1");
        let schema = TableSchema::create(fields, Vec::new(), vec!["k".to_owned()], options, None, 0).unwrap();
        let shelf = Shelf::new();
        let io: Arc<dyn FileIO> = Arc::new(shelf.clone());
        let layout = TableLayout::new(FilePath::parse("/warehouse/db.db/t").unwrap());
        let schemas = SchemaStore::new(Arc::clone(&io), layout.clone());
        tokio.block_on(schemas.publish(&schema)).unwrap();
        let mut formats = FormatRegistry::new();
        formats.register(Arc::new(ParquetFormat));
        let runtime = tokio.block_on(async { Runtime::tokio(1, 1 << 30) });
        let place = BucketPlace { partition: PartitionValues::unpartitioned(), bucket: 0, path: "bucket-0".to_owned() };
        Self {
            files: TableFiles { io, layout, schema: Arc::new(schema), schemas, formats, runtime },
            place,
            shelf,
            tokio,
        }
    }

    pub(crate) fn bucket(&self, max_sequence: i64) -> LsmBucket {
        LsmBucket::new(self.files.clone(), self.place.clone(), max_sequence).unwrap()
    }

    pub(crate) fn rows(&self, lines: &[Line]) -> BucketRows {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(lines.iter().map(|line| line.1).collect::<Int32Array>()),
            Arc::new(Int64Array::from_iter_values(lines.iter().map(|line| line.0))),
            Arc::new(StringArray::from_iter_values(lines.iter().map(|line| &line.2))),
        ];
        let rows = RecordBatch::try_new(arrow_schema(&self.files.schema.fields).unwrap(), columns).unwrap();
        let kinds = Int8Array::from_iter_values(lines.iter().map(|line| line.3));
        BucketRows { rows, kinds: (kinds.values().iter().any(|&kind| kind != 0)).then_some(kinds) }
    }

    /// Runs a flush; what [`Bucket::complete`] says of it.
    pub(crate) fn flush(&self, bucket: &mut LsmBucket) -> Result<()> {
        match bucket.flush_job().unwrap() {
            Some(job) => bucket.complete(self.run(job)),
            None => Ok(()),
        }
    }

    /// Compacts until nothing is worth it any more, or everything.
    pub(crate) fn compact(&self, bucket: &mut LsmBucket, mode: CompactMode) -> Result<bool> {
        self.tokio.block_on(bucket.compact(mode))
    }

    /// A bucket that knows its files.
    pub(crate) fn reopened(&self, files: Vec<DataFileMeta>) -> LsmBucket {
        self.bucket(-1).with_files(files).unwrap()
    }

    pub(crate) fn run(&self, job: Job) -> JobResult {
        self.tokio.block_on(job.run())
    }

    /// Writes batches into one flush.
    pub(crate) fn write(&self, bucket: &mut LsmBucket, batches: &[&[Line]]) -> BucketIncrement {
        for lines in batches {
            bucket.add(self.rows(lines)).unwrap();
        }
        self.flush(bucket).unwrap();
        bucket.prepare_commit().unwrap()
    }

    pub(crate) fn request(&self) -> MergeReadRequest {
        MergeReadRequest {
            fields: self.files.schema.fields.clone(),
            key_predicate: None,
            value_predicate: None,
            keep_deletes: false,
            wide_timestamps: false,
            batch_rows: 3,
        }
    }

    pub(crate) fn try_read(&self, files: Vec<DataFileMeta>, request: &MergeReadRequest) -> Result<Vec<MergedBatch>> {
        self.tokio.block_on(read_bucket(&self.files, &self.place, files, request).try_collect())
    }

    pub(crate) fn read(&self, files: Vec<DataFileMeta>, request: &MergeReadRequest) -> Vec<Line> {
        lines(&self.try_read(files, request).unwrap())
    }

    pub(crate) fn read_unmerged(&self, files: Vec<DataFileMeta>, request: &MergeReadRequest) -> Vec<Line> {
        let stream = read_unmerged(&self.files, &self.place, files, request);
        lines(&self.tokio.block_on(stream.try_collect::<Vec<_>>()).unwrap())
    }
}

/// Rows of all columns.
pub(crate) fn lines(batches: &[MergedBatch]) -> Vec<Line> {
    let mut lines = Vec::new();
    for batch in batches {
        let (s, k, v) = (batch.rows.column(0), batch.rows.column(1), batch.rows.column(2));
        let s = s.as_primitive::<Int32Type>();
        lines.extend((0..batch.rows.num_rows()).map(|i| {
            let text = v.as_string::<i32>().value(i).to_owned();
            (k.as_primitive::<Int64Type>().value(i), s.is_valid(i).then(|| s.value(i)), text, batch.kinds.value(i))
        }));
    }
    lines
}

/// `line(3, "+I", "a")`.
pub(crate) fn line(key: i64, kind: &str, value: &str) -> Line {
    (key, None, value.to_owned(), tidelake_types::RowKind::from_text(kind).unwrap().as_byte())
}
