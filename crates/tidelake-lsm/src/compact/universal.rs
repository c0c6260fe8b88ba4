//! Universal compaction: few runs, each much larger than the ones above it.
//!
//! Runs are looked at from new to old, and always the youngest ones are taken. The first rule that fits decides:
//!
//! ```text
//! early full           the interval has passed; the bucket is small; much lies above the last level   all runs
//! size amplification   ≥ T runs, the younger ones outweigh the oldest                                 all runs
//! size ratio           ≥ T runs, the next one is no larger than those so far                          grows from 1 run
//! file number          > T runs                                                                       grows from what is
//!                                                                                                     over T
//! level 0              option `compaction.force-up-level-0`                                           grows from level 0
//! ```
//!
//! Growing adds the next older run unless it is larger by more than the ratio; runs of level 0 and 1 always, so that the output
//! never lands at level 0. It goes right above the first run that stays, or to the last level.

use super::{CompactionStrategy, CompactionUnit};
use crate::Levels;

/// The default strategy, with what the table's options say.
#[derive(Debug, Clone, PartialEq)]
pub struct UniversalCompaction {
    /// T above: `num-sorted-run.compaction-trigger`; at least 1.
    pub num_run_trigger: usize,
    /// `compaction.max-size-amplification-percent`
    pub max_size_amplification_percent: i32,
    /// `compaction.size-ratio`
    pub size_ratio_percent: i32,
    /// Hours with a ratio of their own.
    pub off_peak: Option<OffPeak>,
    /// When to take everything before anything else is asked.
    pub early_full: EarlyFull,
    /// `compaction.force-up-level-0`
    pub force_up_level0: bool,
}

/// Hours of the day (UTC) with a more generous size ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffPeak {
    /// The first hour, 0 to 23.
    pub start_hour: i32,
    /// The hour after the last; less than the first if midnight lies between.
    pub end_hour: i32,
    /// What is added to the size ratio.
    pub ratio_percent: i32,
}

/// Reasons to compact everything early. Without any of them it never happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarlyFull {
    /// The last time is longer ago, or not known: `compaction.optimization-interval`.
    pub interval_ms: Option<i64>,
    /// All runs together are smaller: `compaction.total-size-threshold`.
    pub total_bytes: Option<u64>,
    /// The runs above the last level are larger: `compaction.incremental-size-threshold`.
    pub incremental_bytes: Option<u64>,
}

/// What picking knows of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSize {
    /// Its level.
    pub level: i32,
    /// Its size.
    pub bytes: u64,
}

/// The youngest runs, and where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// So many runs.
    pub num_runs: usize,
    /// The output level, from 1.
    pub output_level: i32,
}

impl CompactionStrategy for UniversalCompaction {
    fn name(&self) -> &'static str {
        "universal"
    }

    fn pick(&self, levels: &Levels, now_ms: i64) -> Option<CompactionUnit> {
        let runs: Vec<_> = levels.runs().map(|run| RunSize { level: run.level, bytes: run.bytes() }).collect();
        let pick = self.pick_runs(&runs, levels.num_levels(), levels.last_full_ms(), now_ms)?;
        let unit = CompactionUnit::of_runs(levels, pick.num_runs, pick.output_level);
        match unit.files.as_slice() {
            [file] if file.level == unit.output_level => None,
            _ => Some(unit),
        }
    }
}

impl UniversalCompaction {
    /// Picks among runs from new to old (levels ascend, each level from 1 on is one run) in a bucket with `num_levels` levels
    /// whose last full compaction was at `last_full_ms`.
    pub fn pick_runs(&self, runs: &[RunSize], num_levels: i32, last_full_ms: Option<i64>, now_ms: i64) -> Option<Pick> {
        let max_level = num_levels - 1;
        let trigger = self.num_run_trigger.max(1);
        let ratio_percent = f64::from(self.size_ratio_percent)
            + f64::from(self.off_peak.map_or(0, |hours| hours.ratio_percent_at(now_ms)));
        let grown = |num_runs| to_output_level(runs, grow(runs, num_runs, ratio_percent), max_level);

        if self.early_full.applies(runs, max_level, last_full_ms, now_ms)
            || runs.len() >= trigger && self.is_amplified(runs)
        {
            return Some(Pick { num_runs: runs.len(), output_level: max_level });
        }
        if runs.len() >= trigger && follows(runs, 1, ratio_percent) {
            return Some(grown(1));
        }
        if runs.len() > trigger {
            return Some(grown(runs.len() - trigger + 1));
        }
        let num_level0 = runs.iter().take_while(|run| run.level == 0).count();
        (self.force_up_level0 && num_level0 > 0).then(|| grown(num_level0))
    }

    /// The younger runs weigh more than the oldest one by too much.
    fn is_amplified(&self, runs: &[RunSize]) -> bool {
        let Some((oldest, younger)) = runs.split_last() else { return false };
        total(younger) * 100 > i128::from(self.max_size_amplification_percent) * i128::from(oldest.bytes)
    }
}

impl EarlyFull {
    fn applies(&self, runs: &[RunSize], max_level: i32, last_full_ms: Option<i64>, now_ms: i64) -> bool {
        let is_due = |interval| last_full_ms.is_none_or(|last| now_ms.saturating_sub(last) > interval);
        let above_last = || runs.iter().filter(|run| run.level != max_level).map(|run| i128::from(run.bytes)).sum();
        runs.len() > 1
            && (self.interval_ms.is_some_and(is_due)
                || self.total_bytes.is_some_and(|bytes| total(runs) < i128::from(bytes))
                || self.incremental_bytes.is_some_and(|bytes| i128::from(bytes) < above_last()))
    }
}

impl OffPeak {
    fn ratio_percent_at(&self, now_ms: i64) -> i32 {
        let hour = now_ms.div_euclid(3_600_000).rem_euclid(24) as i32;
        let (after_start, before_end) = (self.start_hour <= hour, hour < self.end_hour);
        let is_within =
            if self.start_hour <= self.end_hour { after_start && before_end } else { after_start || before_end };
        if is_within { self.ratio_percent } else { 0 }
    }
}

fn total(runs: &[RunSize]) -> i128 {
    runs.iter().map(|run| i128::from(run.bytes)).sum()
}

/// Whether the run after the first ones is not too large to go along.
fn follows(runs: &[RunSize], num_runs: usize, ratio_percent: f64) -> bool {
    let Some(next) = runs.get(num_runs) else { return false };
    let size = total(&runs[..num_runs]) as f64;
    // In floating point, as Java has it, so that both make the same choice.
    size * (100.0 + ratio_percent) / 100.0 >= next.bytes as f64
}

/// Adds runs for as long as they are not too large; those up to level 1 whatever their size.
fn grow(runs: &[RunSize], mut num_runs: usize, ratio_percent: f64) -> usize {
    while let Some(next) = runs.get(num_runs)
        && (next.level <= 1 || follows(runs, num_runs, ratio_percent))
    {
        num_runs += 1;
    }
    num_runs
}

/// Right above the first run that stays, or the last level. Never level 0: what stays is at level 2 or higher.
fn to_output_level(runs: &[RunSize], num_runs: usize, max_level: i32) -> Pick {
    let output_level = runs.get(num_runs).map_or(max_level, |next| next.level - 1);
    Pick { num_runs, output_level }
}
