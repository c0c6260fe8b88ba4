//! From a snapshot to splits: which files a read must open, and which it may skip.
//!
//! Start with a [`Planner`]: it answers a [`ScanRequest`] with a [`Plan`], a list of [`Split`]s. A [`StreamPlanner`]
//! follows a table: each step gives the plan of one more snapshot. Nothing here reads a row.
//!
//! ```
//! use tidelake_scan::{Planner, ReadFrom, ScanRequest};
//! # async fn example(planner: Planner) -> tidelake_scan::Result<()> {
//! let request = ScanRequest { read_from: ReadFrom::Snapshot(3), limit: Some(10), ..ScanRequest::default() };
//! for split in planner.plan(&request).await?.splits {
//!     println!("{}: {} files", split.bucket_path, split.files.len());
//! }
//! # Ok(())
//! # }
//! ```

mod changelog;
mod error;
mod incremental;
mod options;
mod pack;
mod plan;
mod planner;
mod position;
mod prune;
mod read_from;
mod split;
mod stream;
mod time_travel;

pub use error::{Error, Result};
pub use options::*;
pub use plan::{FilterUse, Known, Plan, PlanStatistics, ReadPoint, ScanRequest, SkippedFiles};
pub use planner::{Planner, PlannerParts};
pub use position::{StreamPhase, StreamPosition};
pub use read_from::{Between, BetweenEnd, ReadFrom};
pub use split::{DeletionFile, Split};
pub use stream::{StreamPlanner, StreamStart, StreamStep};
