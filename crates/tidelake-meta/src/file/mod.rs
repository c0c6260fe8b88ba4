//! Data files, as metadata describes them.

mod bounds;
mod meta;
mod sections;
mod stats;

pub use meta::{DataFileMeta, FileIdentity, FileSource};
pub use sections::sections;
pub use stats::SimpleStats;
