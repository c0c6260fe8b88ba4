//! Compaction: from sorted runs to fewer sorted runs.
//!
//! ```text
//! Levels ─► CompactionStrategy ──unit──► plan ──steps──► CompactJob ──► files removed, files added
//!           which runs, whereto          rewrite or      reads, merges,
//!           pure                         upgrade; pure   writes
//! ```

mod full;
mod job;
mod plan;
mod rules;
mod universal;

pub use full::FullCompaction;
pub(crate) use job::CompactJob;
pub(crate) use plan::plan;
pub(crate) use rules::CompactionRules;
pub use universal::{EarlyFull, OffPeak, Pick, RunSize, UniversalCompaction};

use std::fmt::Debug;

use tidelake_meta::DataFileMeta;

use crate::Levels;

/// Looks at levels and says what to compact. Touches nothing.
pub trait CompactionStrategy: Debug + Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// The next piece of work for these levels, if any. The time is in milliseconds since 1970.
    fn pick(&self, levels: &Levels, now_ms: i64) -> Option<CompactionUnit>;
}

/// A piece of work: whole runs, always the youngest ones, so that what stays is older than what is made of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CompactionUnit {
    /// Where the result goes; never level 0.
    pub output_level: i32,
    /// The files of the runs.
    pub files: Vec<DataFileMeta>,
    /// Nothing older lies below: rows that take away have nothing left to hide.
    pub drop_deletes: bool,
    /// Every file is rewritten on its own, although nothing has to be merged.
    pub one_by_one: bool,
}

impl CompactionUnit {
    /// The first runs of a bucket.
    fn of_runs(levels: &Levels, num_runs: usize, output_level: i32) -> Self {
        Self {
            output_level,
            files: levels.runs().take(num_runs).flat_map(|run| run.files).cloned().collect(),
            drop_deletes: output_level > 0 && levels.highest_level().is_none_or(|highest| output_level >= highest),
            one_by_one: false,
        }
    }
}
