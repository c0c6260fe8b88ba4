//! The table options that writers read.

use tidelake_types::{Bytes64, OptionKey};

/// Commits wait for compactions.
pub const COMMIT_FORCE_COMPACT: OptionKey<bool> = OptionKey::new("commit.force-compact", || false)
    .describe("Whether every commit waits for the compactions that its rows bring about.");

/// Full compactions now and then.
pub const FULL_COMPACTION_DELTA_COMMITS: OptionKey<Option<i64>> =
    OptionKey::new("full-compaction.delta-commits", || None)
        .or(&["compaction.delta-commits"])
        .describe("Every so many commits, all buckets written since the last time are compacted as a whole.");

/// What a file costs besides its bytes.
pub(crate) const SOURCE_SPLIT_OPEN_FILE_COST: OptionKey<Bytes64> =
    OptionKey::new("source.split.open-file-cost", || Bytes64::mebi(4))
        .describe("What opening a file counts for when files are put together, in bytes.");
