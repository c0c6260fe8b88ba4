//! Following a table, snapshot by snapshot.

use tidelake_expr::Predicate;
use tidelake_types::Options;

use crate::{Plan, Planner, Result, StreamPosition};

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamStart {
    /// With what comes after the newest snapshot.
    Latest,
    /// With all rows of the newest snapshot, then what comes after it.
    LatestFull,
    /// With the changes of this snapshot, or of the oldest kept one after it.
    FromSnapshot(i64),
    /// With all rows of this snapshot, or of the oldest kept one after it; then what comes after it.
    FromSnapshotFull(i64),
    /// With the changes of the first snapshot at or after this time, in milliseconds since 1970.
    FromTimestamp(i64),
}

/// One step of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamStep {
    /// The changes of one snapshot (or, first, all its rows); at least one split.
    Plan(Plan),
    /// Nothing new yet: wait a moment, by the runtime's clock, and ask again. The position may have moved over snapshots
    /// that hold no changes.
    Idle,
}

/// Follows a table.
#[derive(Debug)]
pub struct StreamPlanner {
    planner: Planner,
    predicate: Option<Predicate>,
    position: StreamPosition,
}

impl StreamStart {
    /// What the `scan.*` options say to a stream: `latest-full` by default. A consumer's progress comes before them
    /// ([`StreamPlanner::from_options`]).
    pub fn from_options(_options: &Options) -> Result<Self> {
        unimplemented!()
    }
}

impl StreamPlanner {
    /// Begins at `start`. What can be decided now is: `Latest` means the newest snapshot of this moment.
    pub async fn start(planner: Planner, start: StreamStart) -> Result<Self> {
        let _ = (planner, start);
        unimplemented!()
    }

    /// Begins where the options of the table say: at the progress of `consumer-id` if it has some, else as `scan.*` say.
    pub async fn from_options(planner: Planner) -> Result<Self> {
        let _ = planner;
        unimplemented!()
    }

    /// Goes on from a position. One of another table is `InvalidInput`.
    pub async fn resume(planner: Planner, position: StreamPosition) -> Result<Self> {
        let _ = (planner, position);
        unimplemented!()
    }

    /// Rows that fail it are not wanted: files without any others are skipped where that is safe. Test the rows.
    pub fn with_predicate(mut self, predicate: Option<Predicate>) -> Self {
        self.predicate = predicate;
        self
    }

    /// The next plan, or `Idle`. Does not wait for snapshots. Errors leave the position where it was.
    pub async fn next_step(&mut self) -> Result<StreamStep> {
        let _ = (&self.planner, &self.predicate);
        unimplemented!()
    }

    /// Where to resume: after the plan that the last step gave.
    pub fn position(&self) -> &StreamPosition {
        &self.position
    }
}
