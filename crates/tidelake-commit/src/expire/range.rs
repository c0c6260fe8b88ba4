//! Which snapshots may go.

use tidelake_meta::{SNAPSHOT_NUM_RETAINED_MAX, SNAPSHOT_NUM_RETAINED_MIN, SNAPSHOT_TIME_RETAINED};
use tidelake_types::{OptionKey, Options};

use crate::{CommitTable, Result, SNAPSHOT_EXPIRE_LIMIT, error::InvalidSnafu};

use super::consumer_store;

const CONSUMER_CHANGELOG_ONLY: OptionKey<bool> = OptionKey::new("consumer.changelog-only", || false);

/// How many snapshots are kept, and how long.
///
/// ```text
/// 1 2 3 4 5 6 7 8 9 10 11 12    max 8, min 3
/// └ go ─┘ └by age┘ └── stay ──┘
/// ```
///
/// More than `max` are never kept, `min` always. In between a snapshot goes when the next one is older than the limit: it is
/// as old as the moment when it stopped being the latest. What a consumer has not read stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The least number kept, at least 1.
    pub min: i64,
    /// The largest number kept, at least `min`.
    pub max: i64,
    /// Milliseconds since 1970.
    pub older_than_ms: i64,
    /// How many go at once.
    pub limit: i64,
}

impl Retention {
    /// By a table's options, at this time.
    pub fn from_options(options: &Options, now_ms: i64) -> Result<Self> {
        let retained_ms = options.get(&SNAPSHOT_TIME_RETAINED)?.as_millis();
        Ok(Self {
            min: options.get(&SNAPSHOT_NUM_RETAINED_MIN)?.into(),
            max: options.get(&SNAPSHOT_NUM_RETAINED_MAX)?.into(),
            older_than_ms: now_ms.saturating_sub(i64::try_from(retained_ms).unwrap_or(i64::MAX)),
            limit: options.get(&SNAPSHOT_EXPIRE_LIMIT)?.into(),
        })
    }

    /// The first snapshot that stays; `None`: all do.
    pub(super) async fn end(&self, table: &CommitTable, earliest: i64, latest: i64) -> Result<Option<i64>> {
        self.check()?;
        let by_count = latest.saturating_sub(self.max).saturating_add(1).max(earliest);
        let mut end = latest.saturating_sub(self.min).saturating_add(1).min(earliest.saturating_add(self.limit));
        if end <= earliest {
            return Ok(None);
        }
        // The usual case of a table with a long retention ends here, with one snapshot read.
        end = match self.by_age(table, by_count, end).await? {
            Some(end) if end > earliest => end,
            _ => return Ok(None),
        };
        if !table.schema.options.get(&CONSUMER_CHANGELOG_ONLY)? {
            let consumers = consumer_store(table).list().await?;
            end = consumers.into_iter().map(|consumer| consumer.next_snapshot).fold(end, i64::min);
        }
        Ok((end > earliest).then_some(end))
    }

    /// From `by_count` on, up to the first whose successor is young. `None`: some of them are gone.
    async fn by_age(&self, table: &CommitTable, by_count: i64, end: i64) -> Result<Option<i64>> {
        for id in by_count..end {
            match table.snapshots.try_load(id + 1).await? {
                Some(next) if self.older_than_ms <= next.time_ms => return Ok(Some(id)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(end))
    }

    fn check(&self) -> Result<()> {
        let (min, max) = (self.min, self.max);
        if min < 1 || max < min || self.limit < 1 {
            let message = format!(
                "{min} to {max} snapshots cannot be retained, {} going at once: at least 1 is, and the most is not below the least",
                self.limit
            );
            return InvalidSnafu { message }.fail();
        }
        Ok(())
    }

    /// The option by which a changelog outlives its snapshots, if one does.
    pub(super) fn changelog_option(options: &Options) -> Result<Option<&'static str>> {
        const MIN: OptionKey<Option<i32>> = OptionKey::new("changelog.num-retained.min", || None);
        const MAX: OptionKey<Option<i32>> = OptionKey::new("changelog.num-retained.max", || None);
        const TIME: OptionKey<Option<std::time::Duration>> = OptionKey::new("changelog.time-retained", || None);
        let longer = [
            (MIN.name(), options.get(&MIN)? > Some(options.get(&SNAPSHOT_NUM_RETAINED_MIN)?)),
            (MAX.name(), options.get(&MAX)? > Some(options.get(&SNAPSHOT_NUM_RETAINED_MAX)?)),
            (TIME.name(), options.get(&TIME)? > Some(options.get(&SNAPSHOT_TIME_RETAINED)?)),
        ];
        Ok(longer.into_iter().find(|(_, longer)| *longer).map(|(name, _)| name))
    }
}
