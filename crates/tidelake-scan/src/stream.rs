//! Following a table, snapshot by snapshot.

use tidelake_types::Options;

use crate::{Plan, Planner, Result, ScanRequest, StreamPosition};

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
    request: ScanRequest,
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
    /// Begins at `start`. Of the request, `read_from` and `limit` are not used.
    pub fn new(planner: Planner, start: StreamStart, request: ScanRequest) -> Result<Self> {
        let _ = (planner, start, request);
        unimplemented!()
    }

    /// Begins where the table's `scan.*` options say, or where the consumer `consumer-id` stopped.
    pub async fn from_options(planner: Planner, request: ScanRequest) -> Result<Self> {
        let _ = (planner, request);
        unimplemented!()
    }

    /// Goes on from a position. One of another table is `InvalidInput`.
    pub fn resume(planner: Planner, position: StreamPosition, request: ScanRequest) -> Result<Self> {
        let _ = (planner, position, request);
        unimplemented!()
    }

    /// The next plan, or `Idle`. Does not wait for snapshots. Errors leave the position where it was.
    pub async fn step(&mut self) -> Result<StreamStep> {
        let _ = (&self.planner, &self.request);
        unimplemented!()
    }

    /// Where to resume: after the plan that the last step gave.
    pub fn position(&self) -> &StreamPosition {
        &self.position
    }
}
