//! Names of planted bugs: `runtime.set_canary(name, true)` plants one. A test that has never been seen to fail proves nothing;
//! each of these has a test that shows it being caught.

/// Publishes again without looking whether the next snapshot exists: a zombie, reported as committed.
pub const PUBLISH_WITHOUT_PROBE: &str = "commit.publish-without-probe";
/// Never looks for earlier commits of the same user: a retry doubles them.
pub const FORGET_HISTORY: &str = "commit.forget-history";
/// Publishes a snapshot whose manifests are not durable: a power cut breaks the table.
pub const PUBLISH_UNSYNCED: &str = "commit.publish-unsynced";
/// Deletes manifests although the outcome is unknown: a snapshot that landed after all cannot be read.
pub const DISCARD_WHEN_UNKNOWN: &str = "commit.discard-when-unknown";

/// A compaction drops deletes before they have hidden anything: rows come back.
pub const DROP_DELETES_EARLY: &str = "lsm.drop-deletes-early";
/// Of the rows of a key in several levels, a compaction keeps the oldest.
pub const OLDEST_WINS: &str = "lsm.oldest-wins";
/// A compaction does not tell of the last file that it made.
pub const LOSE_A_FILE: &str = "lsm.lose-a-file";
/// All bugs of compaction.
pub const OF_COMPACTION: [&str; 3] = [DROP_DELETES_EARLY, OLDEST_WINS, LOSE_A_FILE];
