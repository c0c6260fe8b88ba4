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
