//! Every path that the table format defines.

use tidelake_io::FilePath;
use tidelake_types::{PartitionText, PartitionValues};

use crate::{
    BucketMode, DataFileMeta, Result, TableSchema,
    error::unsupported,
    options::{DATA_FILE_PATH_DIRECTORY, PARTITION_DEFAULT_NAME, PARTITION_LEGACY_NAME},
};

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
    pub fn bucket_path(&self, schema: &TableSchema, partition: &PartitionValues, bucket: i32) -> Result<String> {
        let mut path = String::new();
        if let Some(folder) = schema.options.get(&DATA_FILE_PATH_DIRECTORY)? {
            path.push_str(folder.trim_matches('/'));
            path.push('/');
        }
        let fields = schema.partition_fields();
        if !fields.is_empty() {
            let text = PartitionText {
                legacy: schema.options.get(&PARTITION_LEGACY_NAME)?,
                default_name: schema.options.get(&PARTITION_DEFAULT_NAME)?,
            };
            path.push_str(&partition.path(&fields, &text)?);
            path.push('/');
        }
        match bucket {
            BucketMode::POSTPONE_BUCKET => path.push_str("bucket-postpone"),
            _ => path.push_str(&format!("bucket-{bucket}")),
        }
        Ok(path)
    }

    /// A data file: its external path if it has one, else in the bucket's folder (`bucket_path` as above).
    ///
    /// `Unsupported` for changelogs of several buckets compacted into one file, whose names are positions in it.
    pub fn data_file(&self, bucket_path: &str, file: &DataFileMeta) -> Result<FilePath> {
        if file.file_name.starts_with("compacted-changelog-") {
            return unsupported(format!(
                "the changelog file {} in {}/{bucket_path} was compacted with others (`changelog.precommit-compact`), which cannot be read yet",
                file.file_name, self.root
            ));
        }
        match &file.external_path {
            Some(path) => Ok(FilePath::parse(path)?),
            None => Ok(self.root.join(bucket_path)?.child(&file.file_name)?),
        }
    }

    /// A file that belongs to a data file (`extra_files`): beside it, wherever that is.
    pub fn extra_file(&self, bucket_path: &str, file: &DataFileMeta, name: &str) -> Result<FilePath> {
        let beside = self.data_file(bucket_path, file)?;
        Ok(beside.parent().unwrap_or(beside).child(name)?)
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
    pub fn extension(format: &str, compression: &str, include_compression: bool) -> String {
        let codec = match compression.to_ascii_lowercase().as_str() {
            "none" | "" => None,
            "gzip" => Some("gz".to_owned()),
            "bzip2" => Some("bz2".to_owned()),
            "zstd" => Some("zst".to_owned()),
            other => Some(other.to_owned()),
        };
        match codec {
            Some(codec) if matches!(format, "json" | "csv") => format!(".{format}.{codec}"),
            Some(codec) if include_compression => format!(".{codec}.{format}"),
            _ => format!(".{format}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelake_types::{DataField, Options, Scalar, TypeKind};

    use super::*;

    fn schema(options: Options) -> TableSchema {
        let fields = vec![
            DataField::new(0, "d", TypeKind::Date.nullable()),
            DataField::new(1, "s", TypeKind::STRING.nullable()),
            DataField::new(2, "v", TypeKind::Int.nullable()),
        ];
        TableSchema::create(fields, vec!["d".to_owned(), "s".to_owned()], vec![], options, None, 0).unwrap()
    }

    #[test]
    fn buckets_lie_below_their_partition() {
        let layout = TableLayout::new(FilePath::parse("/w/t").unwrap());
        let check = |options: Options, bucket, expected: &str| {
            let schema = schema(options);
            let values = [Some(Scalar::Date(19_700)), Some(Scalar::String("a b%c:d/..".to_owned()))];
            let partition = PartitionValues::new(&schema.partition_fields(), &values).unwrap();
            let path = layout.bucket_path(&schema, &partition, bucket).unwrap();
            assert_eq!(path, expected);
            layout.root().join(&path).unwrap();
        };
        check(Options::new(), 0, "d=19700/s=a b%25c%3Ad%2F../bucket-0");
        check([("partition.legacy-name", "false")].into(), -2, "d=2023-12-09/s=a b%25c%3Ad%2F../bucket-postpone");
        check([("data-file.path-directory", "data")].into(), 12, "data/d=19700/s=a b%25c%3Ad%2F../bucket-12");
    }

    #[test]
    fn extensions_tell_format_and_compression() {
        for (format, compression, include, expected) in [
            ("parquet", "zstd", false, ".parquet"),
            ("parquet", "zstd", true, ".zst.parquet"),
            ("parquet", "none", true, ".parquet"),
            ("csv", "gzip", false, ".csv.gz"),
            ("orc", "lz4", true, ".lz4.orc"),
        ] {
            assert_eq!(DataFileNames::extension(format, compression, include), expected);
        }
    }
}
