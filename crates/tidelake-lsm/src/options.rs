//! The table options that key tables read.

use std::time::Duration;

pub use tidelake_meta::{NUM_LEVELS, NUM_SORTED_RUN_COMPACTION_TRIGGER};
use tidelake_types::{Bytes64, OptionKey};

/// Do not let retracts take rows away.
pub const IGNORE_DELETE: OptionKey<bool> = OptionKey::new("ignore-delete", || false)
    .or(&["first-row.ignore-delete", "deduplicate.ignore-delete", "partial-update.ignore-delete"])
    .describe("Ignore -D and -U rows, also those in files that older writers left.");

/// How those columns are ordered.
pub const SEQUENCE_FIELD_SORT_ORDER: OptionKey<String> =
    OptionKey::new("sequence.field.sort-order", || "ascending".to_owned())
        .describe("`ascending` or `descending`: the order of `sequence.field`. Null is the smallest in both.");

/// Sequence numbers are snapshot ids.
pub const SEQUENCE_SNAPSHOT_ORDERING: OptionKey<bool> = OptionKey::new("sequence.snapshot-ordering", || false)
    .describe("Order rows of a key by the snapshot that brought them.");

/// With more sorted runs writing waits for compaction.
pub const NUM_SORTED_RUN_STOP_TRIGGER: OptionKey<Option<i32>> = OptionKey::new("num-sorted-run.stop-trigger", || None)
    .describe(
        "With more sorted runs than this, writing waits for compaction; by default 3 more than the compaction trigger.",
    );

/// How much may lie above the last run.
pub const COMPACTION_MAX_SIZE_AMPLIFICATION_PERCENT: OptionKey<i32> =
    OptionKey::new("compaction.max-size-amplification-percent", || 200)
        .describe("Compact everything once the younger runs take more than this percentage of the oldest one.");

/// How much larger the next run may be.
pub const COMPACTION_SIZE_RATIO: OptionKey<i32> = OptionKey::new("compaction.size-ratio", || 1)
    .describe("The next older run is compacted along unless it is larger than the younger ones by this percentage.");

/// When the off-peak hours begin.
pub const COMPACTION_OFFPEAK_START_HOUR: OptionKey<i32> = OptionKey::new("compaction.offpeak.start.hour", || -1)
    .describe("The first off-peak hour, 0 to 23 in UTC; -1 for none.");

/// When the off-peak hours end.
pub const COMPACTION_OFFPEAK_END_HOUR: OptionKey<i32> = OptionKey::new("compaction.offpeak.end.hour", || -1)
    .describe("The hour after the last off-peak hour, 0 to 23 in UTC; -1 for none.");

/// What is added to `compaction.size-ratio` in off-peak hours.
pub const COMPACTION_OFFPEAK_RATIO: OptionKey<i32> = OptionKey::new("compaction.offpeak-ratio", || 0)
    .describe("Percentage added to `compaction.size-ratio` in off-peak hours.");

/// How long a bucket goes without a full compaction.
pub const COMPACTION_OPTIMIZATION_INTERVAL: OptionKey<Option<Duration>> =
    OptionKey::new("compaction.optimization-interval", || None)
        .describe("Compact everything if it was not done for so long.");

/// Small buckets are compacted as a whole.
pub const COMPACTION_TOTAL_SIZE_THRESHOLD: OptionKey<Option<Bytes64>> =
    OptionKey::new("compaction.total-size-threshold", || None)
        .describe("Compact everything while a bucket is smaller than this.");

/// So much above the last level makes a full compaction worth it.
pub const COMPACTION_INCREMENTAL_SIZE_THRESHOLD: OptionKey<Option<Bytes64>> =
    OptionKey::new("compaction.incremental-size-threshold", || None)
        .describe("Compact everything once more than this lies above the last level.");

/// Leave nothing at level 0.
pub const COMPACTION_FORCE_UP_LEVEL_0: OptionKey<bool> = OptionKey::new("compaction.force-up-level-0", || false)
    .describe("Compact whatever is at level 0, if nothing else is worth it.");

/// Full compactions move no file unread.
pub const COMPACTION_FORCE_REWRITE_ALL_FILES: OptionKey<bool> =
    OptionKey::new("compaction.force-rewrite-all-files", || false)
        .describe("Rewrite every file that a compaction takes, also those that a change of level would do for.");

/// Whether updates that change nothing are told of.
pub const CHANGELOG_PRODUCER_ROW_DEDUPLICATE: OptionKey<bool> =
    OptionKey::new("changelog-producer.row-deduplicate", || false)
        .describe("Leave -U and +U out of the changelog where both are the same.");

/// What does not count when it comes to that.
pub const CHANGELOG_PRODUCER_ROW_DEDUPLICATE_IGNORE_FIELDS: OptionKey<Option<String>> =
    OptionKey::new("changelog-producer.row-deduplicate-ignore-fields", || None)
        .describe("Columns, separated by commas, in which -U and +U may differ and still be the same.");
