//! How a commit ended.

use crate::Conflict;

/// How a commit ended, when it did not fail.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum CommitOutcome {
    /// One snapshot or two.
    Committed {
        /// The snapshot with the rows.
        append: Option<i64>,
        /// The snapshot with the compaction.
        compact: Option<i64>,
        /// The compaction was dropped because its inputs were gone; the rows are in.
        compaction_dropped: Option<Conflict>,
        /// Listeners that failed, each with its reason. The commit stands.
        listener_failures: Vec<String>,
    },
    /// This user has committed this identifier before. Nothing was written, nothing deleted.
    AlreadyCommitted {
        /// The user's newest identifier.
        latest_identifier: i64,
        /// The snapshot that carries the identifier asked for.
        snapshot: i64,
    },
    /// There was nothing to commit.
    Empty,
}

impl CommitOutcome {
    /// What did not work although the commit stands, for its user to hear of: a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let Self::Committed { compaction_dropped, listener_failures, .. } = self else { return Vec::new() };
        let dropped = compaction_dropped.iter();
        let dropped = dropped.map(|conflict| format!("the compaction beside it was given up: {conflict}"));
        dropped.chain(listener_failures.iter().cloned()).collect()
    }
}

/// What became of a commit whose outcome was unknown.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It is this snapshot.
    Committed {
        /// Its number.
        snapshot: i64,
    },
    /// Others hold every number it asked for: it is not in, and will not be.
    NotCommitted,
    /// No kept snapshot carries it, and a request may still be under way. Ask again, or commit again under the same
    /// identifier: that settles it, and never doubles.
    Undecided,
}
