//! What the options of a table say of compaction.

use tidelake_datafile::{COMPACTION_SMALL_FILE_RATIO, TARGET_FILE_SIZE};
use tidelake_meta::{ChangelogProducer, TableSchema};
use tidelake_types::Bytes64;

use super::{EarlyFull, FullCompaction, OffPeak, UniversalCompaction};
use crate::{
    COMPACTION_FORCE_REWRITE_ALL_FILES, COMPACTION_FORCE_UP_LEVEL_0, COMPACTION_INCREMENTAL_SIZE_THRESHOLD,
    COMPACTION_MAX_SIZE_AMPLIFICATION_PERCENT, COMPACTION_OFFPEAK_END_HOUR, COMPACTION_OFFPEAK_RATIO,
    COMPACTION_OFFPEAK_START_HOUR, COMPACTION_OPTIMIZATION_INTERVAL, COMPACTION_SIZE_RATIO,
    COMPACTION_TOTAL_SIZE_THRESHOLD, NUM_LEVELS, NUM_SORTED_RUN_COMPACTION_TRIGGER, NUM_SORTED_RUN_STOP_TRIGGER,
    Result,
    fault::{invalid_option, unsupported},
};

/// How the buckets of a table are compacted.
#[derive(Debug, Clone)]
pub(crate) struct CompactionRules {
    pub(crate) universal: UniversalCompaction,
    pub(crate) full: FullCompaction,
    pub(crate) num_levels: i32,
    /// With more sorted runs, writing waits.
    pub(crate) stop_trigger: usize,
    /// Smaller files are rewritten, larger ones may go on as they are.
    pub(crate) small_file_bytes: u64,
    /// No file goes on as it is.
    pub(crate) rewrite_all: bool,
    /// What reaches the last level is told of: `changelog-producer` is `full-compaction`.
    pub(crate) full_changelog: bool,
}

impl CompactionRules {
    /// `Unsupported` for tables that this compaction would not do justice to.
    pub(crate) fn try_new(schema: &TableSchema) -> Result<Self> {
        for (option, off) in
            [("record-level.expire-time", ""), ("pk-clustering-override", "false"), ("chain-table.enabled", "false")]
        {
            let value = schema.options.text(option).unwrap_or(off);
            if !value.trim().eq_ignore_ascii_case(off) {
                return Err(unsupported(format!("compaction of tables with option `{option}` is not supported yet")));
            }
        }
        let options = &schema.options;
        let trigger = options.get(&NUM_SORTED_RUN_COMPACTION_TRIGGER)?;
        if trigger < 1 {
            return Err(invalid_option(NUM_SORTED_RUN_COMPACTION_TRIGGER.name(), trigger, "a number from 1"));
        }
        let num_levels = options.get(&NUM_LEVELS)?.unwrap_or(trigger.saturating_add(1));
        let stop_trigger = options.get(&NUM_SORTED_RUN_STOP_TRIGGER)?.unwrap_or(trigger.saturating_add(3)).max(trigger);
        let target = options.get(&TARGET_FILE_SIZE)?.unwrap_or(Bytes64::mebi(128));
        let rewrite_all = options.get(&COMPACTION_FORCE_REWRITE_ALL_FILES)?;
        Ok(Self {
            universal: UniversalCompaction {
                num_run_trigger: trigger as usize,
                max_size_amplification_percent: options.get(&COMPACTION_MAX_SIZE_AMPLIFICATION_PERCENT)?,
                size_ratio_percent: options.get(&COMPACTION_SIZE_RATIO)?,
                off_peak: off_peak(schema)?,
                early_full: EarlyFull {
                    interval_ms: options
                        .get(&COMPACTION_OPTIMIZATION_INTERVAL)?
                        .map(|interval| i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)),
                    total_bytes: options.get(&COMPACTION_TOTAL_SIZE_THRESHOLD)?.map(|bytes| bytes.0),
                    incremental_bytes: options.get(&COMPACTION_INCREMENTAL_SIZE_THRESHOLD)?.map(|bytes| bytes.0),
                },
                force_up_level0: options.get(&COMPACTION_FORCE_UP_LEVEL_0)?,
            },
            full: FullCompaction { rewrite_all },
            num_levels,
            stop_trigger: stop_trigger as usize,
            small_file_bytes: (target.0 as f64 * options.get(&COMPACTION_SMALL_FILE_RATIO)?) as u64,
            rewrite_all,
            full_changelog: schema.changelog_producer()? == ChangelogProducer::FullCompaction,
        })
    }
}

fn off_peak(schema: &TableSchema) -> Result<Option<OffPeak>> {
    let start_hour = schema.options.get(&COMPACTION_OFFPEAK_START_HOUR)?;
    let end_hour = schema.options.get(&COMPACTION_OFFPEAK_END_HOUR)?;
    let ratio_percent = schema.options.get(&COMPACTION_OFFPEAK_RATIO)?;
    let is_off = start_hour == -1 || end_hour == -1 || start_hour == end_hour;
    Ok((!is_off).then_some(OffPeak { start_hour, end_hour, ratio_percent }))
}
