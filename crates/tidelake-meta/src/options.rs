//! The table options that metadata and its writers read. What a schema means by them is asked of [`crate::TableSchema`].

use std::time::Duration;

use tidelake_types::{Bytes64, OptionKey};

use crate::{ChangelogProducer, MergeEngine};

/// How many buckets; -1: as many as needed (keys) or none (append), -2: decided later.
pub const BUCKET: OptionKey<i32> =
    OptionKey::new("bucket", || -1).describe("Number of buckets; -1 for dynamic buckets or none, -2 to postpone them.");

/// The columns that choose the bucket.
pub const BUCKET_KEY: OptionKey<Option<String>> = OptionKey::new("bucket-key", || None)
    .describe("Columns that choose the bucket, by default the primary key without partition keys.");

/// What becomes of rows with one key.
pub const MERGE_ENGINE: OptionKey<MergeEngine> = OptionKey::new("merge-engine", || MergeEngine::Deduplicate)
    .describe("What becomes of rows with the same primary key.");

/// Where changelog files come from.
pub const CHANGELOG_PRODUCER: OptionKey<ChangelogProducer> =
    OptionKey::new("changelog-producer", || ChangelogProducer::None)
        .describe("Whether and when changelog files are written.");

/// The format of new data files.
pub const FILE_FORMAT: OptionKey<String> =
    OptionKey::new("file.format", || "parquet".to_owned()).describe("Format of new data files.");

/// Whether primary key columns may be null.
pub const PRIMARY_KEY_NULLABLE: OptionKey<bool> =
    OptionKey::new("primary-key.nullable", || false).describe("Whether columns of the primary key may be null.");

/// Columns that decide which of two rows with one key is newer.
pub const SEQUENCE_FIELD: OptionKey<Option<String>> = OptionKey::new("sequence.field", || None)
    .describe("Columns that decide which of two rows with the same key is newer.");

/// Whether deletes are kept as positions in data files.
pub const DELETION_VECTORS_ENABLED: OptionKey<bool> =
    OptionKey::new("deletion-vectors.enabled", || false).describe("Whether deleted rows are marked by position.");

/// So many sorted runs make a compaction worth it.
pub const NUM_SORTED_RUN_COMPACTION_TRIGGER: OptionKey<i32> = OptionKey::new("num-sorted-run.compaction-trigger", || 5)
    .describe("Compact a bucket from so many sorted runs: files of level 0, and levels above it that hold any.");

/// Number of levels, level 0 included.
pub const NUM_LEVELS: OptionKey<Option<i32>> = OptionKey::new("num-levels", || None)
    .describe("Number of levels, level 0 included; by default 1 more than the compaction trigger.");

/// How partition values are written in paths.
pub const PARTITION_LEGACY_NAME: OptionKey<bool> = OptionKey::new("partition.legacy-name", || true)
    .describe("Partition values in paths as Java's toString prints them (dates as days); otherwise as a cast to text.");

/// The name in paths of null and blank partition values.
pub const PARTITION_DEFAULT_NAME: OptionKey<String> =
    OptionKey::new("partition.default-name", || "__DEFAULT_PARTITION__".to_owned())
        .describe("How a null or blank partition value is called in paths.");

/// A folder between the table and its partitions.
pub const DATA_FILE_PATH_DIRECTORY: OptionKey<Option<String>> = OptionKey::new("data-file.path-directory", || None)
    .describe("Folder within the table that data files are written to.");

/// The codec of manifests.
pub const MANIFEST_COMPRESSION: OptionKey<String> = OptionKey::new("manifest.compression", || "zstd".to_owned())
    .describe("Compression of manifests: zstd, snappy, deflate or null.");

/// When a manifest is full.
pub const MANIFEST_TARGET_FILE_SIZE: OptionKey<Bytes64> =
    OptionKey::new("manifest.target-file-size", || Bytes64::mebi(8))
        .describe("A manifest that reaches this size is followed by a new one.");

/// How hard zstd tries.
pub const FILE_COMPRESSION_ZSTD_LEVEL: OptionKey<i32> =
    OptionKey::new("file.compression.zstd-level", || 1).describe("Level of zstd compression, 1 to 22.");

/// The least number of snapshots that expiry keeps.
pub const SNAPSHOT_NUM_RETAINED_MIN: OptionKey<i32> =
    OptionKey::new("snapshot.num-retained.min", || 10).describe("Expiry keeps at least so many snapshots.");

/// The largest number of snapshots that expiry keeps.
pub const SNAPSHOT_NUM_RETAINED_MAX: OptionKey<i32> =
    OptionKey::new("snapshot.num-retained.max", || i32::MAX).describe("Expiry keeps at most so many snapshots.");

/// How long expiry keeps a snapshot.
pub const SNAPSHOT_TIME_RETAINED: OptionKey<Duration> =
    OptionKey::new("snapshot.time-retained", || Duration::from_secs(3600)).describe("How long expiry keeps snapshots.");

/// Whether writers leave compaction and expiry to others.
pub const WRITE_ONLY: OptionKey<bool> = OptionKey::new("write-only", || false)
    .or(&["write.compaction-skip"])
    .describe("Whether writers only write: compaction and expiry of snapshots are left to a job of their own.");

/// Whether streams read overwriting commits.
pub const STREAMING_READ_OVERWRITE: OptionKey<bool> = OptionKey::new("streaming-read-overwrite", || false)
    .describe("Whether streams read the changes of overwriting commits.");

/// Whether a column may only get a type that holds all its values.
pub const DISABLE_EXPLICIT_TYPE_CASTING: OptionKey<bool> = OptionKey::new("disable-explicit-type-casting", || false)
    .describe("Whether types of columns change only where no value can be lost.");

/// Whether a nullable column stays so.
pub const DISABLE_NULL_TO_NOT_NULL: OptionKey<bool> = OptionKey::new("alter-column-null-to-not-null.disabled", || true)
    .describe("Whether a nullable column cannot become NOT NULL.");

/// Where new columns go.
pub const ADD_COLUMN_BEFORE_PARTITION: OptionKey<bool> = OptionKey::new("add-column-before-partition", || false)
    .describe("Whether new columns go before the partition columns instead of to the end.");

/// Whether deletion vectors may be turned on and off.
pub const DELETION_VECTORS_MODIFIABLE: OptionKey<bool> = OptionKey::new("deletion-vectors.modifiable", || false)
    .describe("Whether option `deletion-vectors.enabled` may change once there are snapshots.");
