//! A table in memory: its schemas, and one bucket of it.

use std::sync::{Arc, Mutex};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_select::concat::concat_batches;
use futures::TryStreamExt;
use tidelake_datafile::{
    BucketPlace, DataFileWriter, FileBatch, FileContent, FileReadRequest, Result, TableFiles, read_file,
};
use tidelake_expr::Predicate;
use tidelake_format::FormatRegistry;
use tidelake_format_parquet::ParquetFormat;
use tidelake_io::{FileIO, FilePath, MemoryFileIO};
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource, SchemaStore, TableLayout, TableSchema};
use tidelake_runtime::Runtime;
use tidelake_types::{
    DataField, DataType, Options, PartitionValues, Scalar, arrow_schema, arrow_schema_wide, system_fields,
};

pub(crate) const APPEND: FileContent = FileContent::Append { first_sequence: 0 };
pub(crate) const LEVEL_0: FileContent = FileContent::KeyValue { level: 0 };

#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    names: Arc<Mutex<DataFileNames>>,
}

pub(crate) fn field(id: i32, name: &str, data_type: DataType) -> DataField {
    DataField::new(id, name, data_type)
}

impl Table {
    pub(crate) async fn append(fields: Vec<DataField>, options: Options) -> Self {
        Self::create(fields, &[], &[], options).await
    }

    pub(crate) async fn keyed(fields: Vec<DataField>, keys: &[&str], options: Options) -> Self {
        let mut options = options;
        options.set("bucket", "1");
        Self::create(fields, &[], keys, options).await
    }

    pub(crate) async fn create(
        fields: Vec<DataField>,
        partition_keys: &[&str],
        primary_keys: &[&str],
        options: Options,
    ) -> Self {
        let names = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let schema = TableSchema::create(fields, names(partition_keys), names(primary_keys), options, None, 0).unwrap();
        let runtime = Runtime::tokio(1, 64 << 20);
        let io: Arc<dyn FileIO> = Arc::new(MemoryFileIO::new(runtime.clone()));
        let layout = TableLayout::new(FilePath::parse("memory://test/shop.db/orders").unwrap());
        let schemas = SchemaStore::new(Arc::clone(&io), layout.clone());
        schemas.publish(&schema).await.unwrap();
        let mut formats = FormatRegistry::new();
        formats.register(Arc::new(ParquetFormat));
        let files = TableFiles { io, layout, schema: Arc::new(schema), schemas, formats, runtime };
        let partition = PartitionValues::unpartitioned();
        let place = BucketPlace { partition, bucket: 0, path: "bucket-0".to_owned() };
        Self { files, place, names: Arc::new(Mutex::new(DataFileNames::new("u".to_owned()))) }
    }

    /// The same files under the next schema.
    pub(crate) async fn evolve(&self, fields: Vec<DataField>) -> Self {
        let mut schema = TableSchema { fields, id: self.files.schema.id + 1, ..(*self.files.schema).clone() };
        schema.highest_field_id = 1000;
        self.files.schemas.publish(&schema).await.unwrap();
        let mut evolved = self.clone();
        evolved.files.schema = Arc::new(schema);
        evolved
    }

    pub(crate) fn in_partition(&self, values: &[Option<Scalar>]) -> Self {
        let partition = PartitionValues::new(&self.files.schema.partition_fields(), values).unwrap();
        let path = self.files.layout.bucket_path(&self.files.schema, &partition, 0).unwrap();
        Self { place: BucketPlace { partition, bucket: 0, path }, ..self.clone() }
    }

    /// Rows of the table's own columns.
    pub(crate) fn rows(&self, columns: Vec<ArrayRef>) -> RecordBatch {
        RecordBatch::try_new(arrow_schema(&self.files.schema.fields).unwrap(), columns).unwrap()
    }

    /// Rows of a key-value file: the keys are copied from the values.
    pub(crate) fn key_value_rows(&self, sequences: Vec<i64>, kinds: Vec<i8>, values: Vec<ArrayRef>) -> RecordBatch {
        let schema = &self.files.schema;
        let position = |key: &DataField| schema.fields.iter().position(|field| field.id == key.id).unwrap();
        let keys = schema.trimmed_primary_key_fields();
        let mut columns: Vec<ArrayRef> = keys.iter().map(|key| Arc::clone(&values[position(key)])).collect();
        columns.push(Arc::new(arrow_array::Int64Array::from(sequences)));
        columns.push(Arc::new(arrow_array::Int8Array::from(kinds)));
        columns.extend(values);
        RecordBatch::try_new(arrow_schema(&schema.key_value_fields(false)).unwrap(), columns).unwrap()
    }

    pub(crate) fn writer(&self, content: FileContent) -> Result<DataFileWriter> {
        let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
        DataFileWriter::new(files, place, names, content, FileSource::Append)
    }

    pub(crate) async fn write_all(&self, content: FileContent, batches: Vec<RecordBatch>) -> Result<Vec<DataFileMeta>> {
        let mut writer = self.writer(content)?;
        for batch in batches {
            writer.write(batch).await?;
        }
        writer.finish().await
    }

    /// Writes one file.
    pub(crate) async fn write(&self, content: FileContent, rows: RecordBatch) -> DataFileMeta {
        let mut metas = self.write_all(content, vec![rows]).await.unwrap();
        assert_eq!(metas.len(), 1);
        metas.remove(0)
    }

    pub(crate) async fn batches(&self, file: &DataFileMeta, request: &FileReadRequest) -> Result<Vec<FileBatch>> {
        read_file(&self.files, &self.place, file, request).try_collect().await
    }

    /// All rows of a file.
    pub(crate) async fn try_read(&self, file: &DataFileMeta, request: &FileReadRequest) -> Result<RecordBatch> {
        let arrow = if request.wide_timestamps { arrow_schema_wide } else { arrow_schema };
        let schema = arrow(&request.fields)?;
        let batches: Vec<_> = self.batches(file, request).await?.into_iter().map(|batch| batch.rows).collect();
        batches.iter().for_each(|batch| assert_eq!(batch.schema(), schema));
        Ok(concat_batches(&schema, &batches)?)
    }

    /// All rows of a file, of today's columns.
    pub(crate) async fn read(&self, file: &DataFileMeta) -> RecordBatch {
        self.try_read(file, &request(&self.files.schema.fields)).await.unwrap()
    }
}

pub(crate) fn request(fields: &[DataField]) -> FileReadRequest {
    FileReadRequest { fields: fields.to_vec(), predicate: None, wide_timestamps: false, batch_rows: 4 }
}

pub(crate) fn filtered(fields: &[DataField], predicate: Predicate) -> FileReadRequest {
    FileReadRequest { predicate: Some(predicate), ..request(fields) }
}

/// The system columns and then these.
pub(crate) fn with_system(fields: &[DataField]) -> Vec<DataField> {
    let mut all = vec![system_fields::sequence_number(), system_fields::value_kind()];
    all.extend_from_slice(fields);
    all
}
