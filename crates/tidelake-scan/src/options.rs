//! The table options that planning reads.

use tidelake_types::{Bytes64, OptionKey};

/// `source.split.target-size`
pub const SOURCE_SPLIT_TARGET_SIZE: OptionKey<Bytes64> =
    OptionKey::new("source.split.target-size", || Bytes64::mebi(128))
        .describe("Files of a bucket are packed into splits of about this size.");

/// `source.split.open-file-cost`
pub const SOURCE_SPLIT_OPEN_FILE_COST: OptionKey<Bytes64> =
    OptionKey::new("source.split.open-file-cost", || Bytes64::mebi(4))
        .describe("What opening a file costs, as bytes: smaller files count so much when splits are packed.");

/// `scan.mode`
pub const SCAN_MODE: OptionKey<ScanMode> =
    OptionKey::new("scan.mode", || ScanMode::Default).describe("Where reading begins.");

/// `scan.snapshot-id`
pub const SCAN_SNAPSHOT_ID: OptionKey<Option<i64>> =
    OptionKey::new("scan.snapshot-id", || None).describe("Read this snapshot, or follow from it.");

/// `scan.tag-name`
pub const SCAN_TAG_NAME: OptionKey<Option<String>> =
    OptionKey::new("scan.tag-name", || None).describe("Read the snapshot that this tag keeps.");

/// `scan.version`
pub const SCAN_VERSION: OptionKey<Option<String>> = OptionKey::new("scan.version", || None)
    .describe("Read a tag, a watermark (`watermark-5`) or a snapshot by its number.");

/// `scan.timestamp`
pub const SCAN_TIMESTAMP: OptionKey<Option<String>> =
    OptionKey::new("scan.timestamp", || None).describe("Read as of this time, in UTC: `2024-02-29 01:02:03`.");

/// `scan.timestamp-millis`
pub const SCAN_TIMESTAMP_MILLIS: OptionKey<Option<i64>> =
    OptionKey::new("scan.timestamp-millis", || None).describe("Read as of this time, in milliseconds since 1970.");

/// `scan.watermark`
pub const SCAN_WATERMARK: OptionKey<Option<i64>> =
    OptionKey::new("scan.watermark", || None).describe("Read the oldest snapshot whose watermark is at least this.");

/// `incremental-between`
pub const INCREMENTAL_BETWEEN: OptionKey<Option<String>> = OptionKey::new("incremental-between", || None)
    .describe("Read the changes after one snapshot, up to another: two ids or two tags, `3,5`.");

/// `incremental-between-timestamp`
pub const INCREMENTAL_BETWEEN_TIMESTAMP: OptionKey<Option<String>> =
    OptionKey::new("incremental-between-timestamp", || None)
        .describe("Read the changes after one time, up to another: milliseconds, or UTC texts.");

/// `incremental-between-scan-mode`
pub const INCREMENTAL_BETWEEN_SCAN_MODE: OptionKey<BetweenMode> =
    OptionKey::new("incremental-between-scan-mode", || BetweenMode::Auto)
        .describe("Which files incremental reads take: new data, changelogs, or what fits the table.");

/// `consumer-id`
pub const CONSUMER_ID: OptionKey<Option<String>> =
    OptionKey::new("consumer-id", || None).describe("A stream begins where this consumer stopped, if it is known.");

/// `consumer.ignore-progress`
pub const CONSUMER_IGNORE_PROGRESS: OptionKey<bool> = OptionKey::new("consumer.ignore-progress", || false)
    .describe("A stream begins as `scan.mode` says though its consumer is known.");

/// The values of `scan.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Paimon's own")]
pub enum ScanMode {
    Default,
    LatestFull,
    Full,
    Latest,
    LatestDelta,
    CompactedFull,
    FromTimestamp,
    FromCreationTimestamp,
    FromFileCreationTime,
    FromSnapshot,
    FromSnapshotFull,
    Incremental,
}

tidelake_types::option_enum!(ScanMode {
    Default = "default",
    LatestFull = "latest-full",
    Full = "full",
    Latest = "latest",
    LatestDelta = "latest-delta",
    CompactedFull = "compacted-full",
    FromTimestamp = "from-timestamp",
    FromCreationTimestamp = "from-creation-timestamp",
    FromFileCreationTime = "from-file-creation-time",
    FromSnapshot = "from-snapshot",
    FromSnapshotFull = "from-snapshot-full",
    Incremental = "incremental",
});

/// The values of `incremental-between-scan-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BetweenMode {
    /// Deltas where the table keeps no changelog, else changelogs.
    Auto,
    /// Files added by APPEND snapshots.
    Delta,
    /// Changelog files.
    Changelog,
    /// The two states compared.
    Diff,
}

tidelake_types::option_enum!(BetweenMode {
    Auto = "auto",
    Delta = "delta",
    Changelog = "changelog",
    Diff = "diff",
});
