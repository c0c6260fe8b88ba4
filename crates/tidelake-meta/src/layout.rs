//! Every path that the table format defines.
use tidelake_io::FilePath;
use tidelake_types::PartitionValues;

use crate::{DataFileMeta, Result, TableSchema};

/// Where a table's files are (metadata spec 1.1). Every name passes through `FilePath::child`, so none leaves the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    root: FilePath,
}

/// Names of new data and changelog files: `<prefix><uuid>-<counter>.<extension>` (spec 1.4).
#[derive(Debug)]
pub struct DataFileNames {
    uuid: String,
    next: u64,
}

impl TableLayout {
    /// Of the table at `root`.
    pub fn new(root: FilePath) -> Self {
        Self { root }
    }
    /// The table's location.
    pub fn root(&self) -> &FilePath {
        &self.root
    }
    /// `schema`
    pub fn schema_dir(&self) -> Result<FilePath> {
        Ok(self.root.child("schema")?)
    }
    /// `schema/schema-N`
    pub fn schema(&self, id: i64) -> Result<FilePath> {
        Ok(self.schema_dir()?.child(&format!("schema-{id}"))?)
    }
    /// `snapshot`
    pub fn snapshot_dir(&self) -> Result<FilePath> {
        Ok(self.root.child("snapshot")?)
    }
    /// `snapshot/snapshot-N`
    pub fn snapshot(&self, id: i64) -> Result<FilePath> {
        Ok(self.snapshot_dir()?.child(&format!("snapshot-{id}"))?)
    }
    /// `snapshot/LATEST`
    pub fn latest_hint(&self) -> Result<FilePath> {
        Ok(self.snapshot_dir()?.child("LATEST")?)
    }
    /// `snapshot/EARLIEST`
    pub fn earliest_hint(&self) -> Result<FilePath> {
        Ok(self.snapshot_dir()?.child("EARLIEST")?)
    }
    /// `manifest/NAME`: manifests, manifest lists and index manifests.
    pub fn manifest(&self, name: &str) -> Result<FilePath> {
        Ok(self.root.child("manifest")?.child(name)?)
    }
    /// `tag`
    pub fn tag_dir(&self) -> Result<FilePath> {
        Ok(self.root.child("tag")?)
    }
    /// `tag/tag-NAME`
    pub fn tag(&self, name: &str) -> Result<FilePath> {
        Ok(self.tag_dir()?.child(&format!("tag-{name}"))?)
    }
    /// `consumer/consumer-ID`
    pub fn consumer(&self, id: &str) -> Result<FilePath> {
        Ok(self.root.child("consumer")?.child(&format!("consumer-{id}"))?)
    }
    /// `statistics/NAME`
    pub fn statistics(&self, name: &str) -> Result<FilePath> {
        Ok(self.root.child("statistics")?.child(name)?)
    }
    /// `changelog`
    pub fn changelog_dir(&self) -> Result<FilePath> {
        Ok(self.root.child("changelog")?)
    }
    /// The folder of a bucket, relative to the table: `[path-directory/]k1=v1/bucket-0`, by the schema's options
    /// (`partition.legacy-name`, `partition.default-name`, `data-file.path-directory`).
    pub fn bucket_path(&self, _schema: &TableSchema, _partition: &PartitionValues, _bucket: i32) -> Result<String> {
        todo!()
    }
    /// A data file: its external path if it has one, else in the bucket's folder (`bucket_path` as above).
    pub fn data_file(&self, _bucket_path: &str, _file: &DataFileMeta) -> Result<FilePath> {
        todo!()
    }
}

impl DataFileNames {
    /// One UUID for each writer of a bucket.
    pub fn new(uuid: String) -> Self {
        Self { uuid, next: 0 }
    }
    /// The next name. `extension` as spec 1.4 builds it (see `DataFileNames::extension`).
    pub fn next(&mut self, prefix: &str, extension: &str) -> String {
        let name = format!("{prefix}{}-{}{extension}", self.uuid, self.next);
        self.next += 1;
        name
    }
    /// `.parquet`, `.zst.parquet` with `file.suffix.include.compression`, `.csv.gz` for text (spec 1.4).
    pub fn extension(_format: &str, _compression: &str, _include_compression: bool) -> String {
        todo!()
    }
}
