//! The table options that committing reads.

use std::time::Duration;

use tidelake_types::{Bytes64, OptionKey};

/// How long one commit tries before it gives up.
pub const COMMIT_TIMEOUT: OptionKey<Duration> = OptionKey::new("commit.timeout", || Duration::from_secs(60)).describe(
    "How long a commit tries again, against other writers and unclear answers of the storage, before it fails.",
);

/// How often a lost race is tried again. Without it only the deadline counts.
pub const COMMIT_MAX_RETRIES: OptionKey<u32> = OptionKey::new("commit.max-retries", || u32::MAX)
    .describe("How often a commit that lost to another writer is tried again. Unset: until `commit.timeout`.");

/// The shortest wait before trying again.
pub const COMMIT_MIN_RETRY_WAIT: OptionKey<Duration> =
    OptionKey::new("commit.min-retry-wait", || Duration::from_millis(10))
        .describe("The shortest wait before a commit is tried again.");

/// The longest wait before trying again.
pub const COMMIT_MAX_RETRY_WAIT: OptionKey<Duration> =
    OptionKey::new("commit.max-retry-wait", || Duration::from_secs(10))
        .describe("The longest wait before a commit is tried again.");

/// Whether a commit without changes makes a snapshot.
pub const SNAPSHOT_IGNORE_EMPTY_COMMIT: OptionKey<bool> = OptionKey::new("snapshot.ignore-empty-commit", || true)
    .describe(
        "Whether a commit without changes makes no snapshot. Unset: none for batch commits, one for streaming commits.",
    );

/// How many small manifests gather before they are merged.
pub const MANIFEST_MERGE_MIN_COUNT: OptionKey<u32> = OptionKey::new("manifest.merge-min-count", || 30)
    .describe("How many small manifests gather before they are merged into one.");

/// How many bytes of small or deleting manifests gather before all deletions are resolved.
pub const MANIFEST_FULL_COMPACTION_THRESHOLD: OptionKey<Bytes64> =
    OptionKey::new("manifest.full-compaction-threshold-size", || Bytes64::mebi(16))
        .describe("How many bytes of manifests that are small or delete files gather before all of them are rewritten without deletions.");

/// How many snapshots expire at once.
pub const SNAPSHOT_EXPIRE_LIMIT: OptionKey<i32> =
    OptionKey::new("snapshot.expire.limit", || 50).describe("How many snapshots expire at the end of one commit.");
