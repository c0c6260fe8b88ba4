//! From a snapshot to splits: which files a read must open, and which it may skip.
//!
//! Start with a [`Planner`]: it answers a [`ScanRequest`] with a [`Plan`], a list of [`Split`]s. A [`StreamPlanner`]
//! follows a table: each step gives the plan of one more snapshot. Nothing here reads a row.

mod error;
mod options;
mod plan;
mod planner;
mod position;
mod read_from;
mod split;
mod stream;

pub use error::{Error, Result};
pub use options::*;
pub use plan::{FilterUse, Known, Plan, PlanStatistics, ReadPoint, ScanRequest};
pub use planner::{Planner, PlannerParts};
pub use position::{StreamPhase, StreamPosition};
pub use read_from::{Between, BetweenEnd, ReadFrom};
pub use split::{DeletionFile, Split};
pub use stream::{StreamPlanner, StreamStart, StreamStep};
