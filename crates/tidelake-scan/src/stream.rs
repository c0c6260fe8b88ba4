//! Following a table, snapshot by snapshot.
//!
//! ```text
//!           first plan                     every further plan
//! Start ──► all rows of snapshot 7 ──────► Follow 8 ──► changes of 8 ──► Follow 9 ──► …
//!       └─► (none) ─────────────────────────┘
//! ```
//!
//! Where a table keeps no changelog, changes are the files that APPEND snapshots add; COMPACT, OVERWRITE and ANALYZE
//! snapshots are passed over. With a changelog they are its files, whatever the kind of the snapshot.

use std::sync::Arc;

use tidelake_error::{Classify, ErrorKind};
use tidelake_expr::Predicate;
use tidelake_meta::{
    ChangelogProducer, CommitKind, ConsumerStore, STREAMING_READ_OVERWRITE, Snapshot, TableSchema,
    unsupported_for_reading,
};
use tidelake_types::Options;

use crate::{
    Error, Plan, Planner, Result, ScanRequest, StreamPosition,
    error::{ExpiredSnafu, InvalidPositionSnafu, InvalidSnafu, UnsupportedSnafu, VanishedSnafu},
    options::{CONSUMER_ID, CONSUMER_IGNORE_PROGRESS, ScanMode},
    pack::Packer,
    position::StreamPhase,
    prune::Pruning,
    read_from::{Given, ReadFrom, mismatch},
};

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
    pub fn from_options(options: &Options) -> Result<Self> {
        let given = Given::from_options(options)?;
        if given.between.is_some() {
            return invalid("`incremental-between` is for batch reads: a stream begins with `scan.mode`");
        }
        match (given.mode, given.point) {
            (ScanMode::Default | ScanMode::LatestFull | ScanMode::Full, None) => Ok(Self::LatestFull),
            (ScanMode::Latest, None) => Ok(Self::Latest),
            (ScanMode::Default | ScanMode::FromTimestamp, Some(ReadFrom::Timestamp(at_ms))) => {
                Ok(Self::FromTimestamp(at_ms))
            }
            (ScanMode::Default | ScanMode::FromSnapshot, Some(ReadFrom::Snapshot(id))) => Ok(Self::FromSnapshot(id)),
            (ScanMode::FromSnapshotFull, Some(ReadFrom::Snapshot(id))) => Ok(Self::FromSnapshotFull(id)),
            (ScanMode::CompactedFull, None) => {
                UnsupportedSnafu { message: "`scan.mode` = `compacted-full` is not supported for streams" }.fail()
            }
            (_, Some(ReadFrom::Tag(_) | ReadFrom::Version(_) | ReadFrom::Watermark(_))) => invalid(
                "`scan.tag-name`, `scan.version` and `scan.watermark` are for batch reads: a stream begins at `scan.snapshot-id`",
            ),
            (mode, point) => Err(mismatch(mode, point.as_ref())),
        }
    }
}

impl StreamPlanner {
    /// Begins at `start`. What can be decided now is: `Latest` means the newest snapshot of this moment.
    pub async fn start(planner: Planner, start: StreamStart) -> Result<Self> {
        let schema = &planner.parts.schema;
        check(schema)?;
        // Rows above the last level come again as changes, once they are compacted into it.
        let compacted = producer(schema)? == ChangelogProducer::FullCompaction;
        let only_level = compacted.then(|| schema.max_level()).transpose()?;
        let planner = Planner { only_level, ..planner };
        let table = planner.parts.layout.root().to_string();
        let mut stream =
            Self { planner, predicate: None, position: StreamPosition { table, phase: StreamPhase::Start(start) } };
        if let Some(next) = stream.first_change(start).await? {
            stream.position.phase = StreamPhase::Follow { next };
        }
        Ok(stream)
    }

    /// Begins where the options of the table say: at the progress of `consumer-id` if it has some, else as `scan.*` say.
    pub async fn from_options(planner: Planner) -> Result<Self> {
        let options = &planner.parts.schema.options;
        let mut start = StreamStart::from_options(options)?;
        if let Some(id) = options.get(&CONSUMER_ID)?
            && !options.get(&CONSUMER_IGNORE_PROGRESS)?
        {
            let consumers = ConsumerStore::new(Arc::clone(&planner.parts.io), planner.parts.layout.clone());
            if let Some(consumer) = consumers.load(&id).await? {
                start = StreamStart::FromSnapshot(consumer.next_snapshot);
            }
        }
        Self::start(planner, start).await
    }

    /// Goes on from a position. One of another table is `InvalidInput`.
    pub async fn resume(planner: Planner, position: StreamPosition) -> Result<Self> {
        let table = planner.parts.layout.root().to_string();
        if position.table != table {
            let reason = format!("it is one of {}", position.table);
            return InvalidPositionSnafu { table, reason }.fail();
        }
        match position.phase {
            StreamPhase::Start(start) => Self::start(planner, start).await,
            StreamPhase::Follow { .. } => {
                check(&planner.parts.schema)?;
                Ok(Self { planner, predicate: None, position })
            }
        }
    }

    /// Rows that fail it are not wanted: files without any others are skipped where that is safe. Test the rows.
    pub fn with_predicate(mut self, predicate: Option<Predicate>) -> Self {
        self.predicate = predicate;
        self
    }

    /// The next plan, or `Idle`. Does not wait for snapshots. Errors leave the position where it was: a snapshot that
    /// expired before it was read, or a position beyond the table's end, is `NotFound` (`Expired`, `Vanished`).
    pub async fn next_step(&mut self) -> Result<StreamStep> {
        let pruning = Pruning::new(&self.planner.parts.schema, self.predicate.as_ref())?;
        loop {
            let plan = match self.position.phase {
                StreamPhase::Start(start) => match self.first(start, &pruning).await? {
                    First::NoSnapshot => return Ok(StreamStep::Idle),
                    First::Follow(next) => {
                        self.position.phase = StreamPhase::Follow { next };
                        continue;
                    }
                    First::Plan(plan, id) => {
                        self.position.phase = StreamPhase::Follow { next: id + 1 };
                        plan
                    }
                },
                StreamPhase::Follow { next } => {
                    let Some(snapshot) = self.planner.snapshot_or_changelog(next).await? else {
                        self.check_end(next).await?;
                        return Ok(StreamStep::Idle);
                    };
                    let plan = match self.changes(&snapshot, &pruning).await {
                        Ok(plan) => plan,
                        Err(error) => return Err(self.if_expired(next, error).await),
                    };
                    self.position.phase = StreamPhase::Follow { next: next + 1 };
                    plan
                }
            };
            if !plan.splits.is_empty() {
                return Ok(StreamStep::Plan(plan));
            }
        }
    }

    /// Where to resume: after the plan that the last step gave.
    pub fn position(&self) -> &StreamPosition {
        &self.position
    }

    /// The number to follow from, for starts that show no snapshot whole; `None` as long as there is none to go by.
    async fn first_change(&self, start: StreamStart) -> Result<Option<i64>> {
        let snapshots = &self.planner.parts.snapshots;
        match start {
            StreamStart::LatestFull | StreamStart::FromSnapshotFull(_) => Ok(None),
            // Of an empty table everything that will come is new.
            StreamStart::Latest => Ok(Some(snapshots.latest_id().await?.unwrap_or(0) + 1)),
            StreamStart::FromSnapshot(id) => Ok(self.planner.earliest_change().await?.map(|earliest| id.max(earliest))),
            StreamStart::FromTimestamp(at_ms) => {
                let Some(earliest) = self.planner.earliest_change().await? else { return Ok(None) };
                let mut next = match snapshots.at_or_after(at_ms).await? {
                    Some(snapshot) => snapshot.id,
                    None => snapshots.latest_id().await?.unwrap_or(0) + 1,
                };
                while next > earliest
                    && let Some(before) = self.planner.snapshot_or_changelog(next - 1).await?
                    && before.time_ms >= at_ms
                {
                    next -= 1;
                }
                Ok(Some(next))
            }
        }
    }

    async fn first(&self, start: StreamStart, pruning: &Pruning) -> Result<First> {
        let snapshots = &self.planner.parts.snapshots;
        match start {
            StreamStart::LatestFull => {
                let request = ScanRequest { predicate: self.predicate.clone(), ..ScanRequest::default() };
                let plan = self.planner.plan(&request).await?;
                Ok(plan.snapshot_id.map_or(First::NoSnapshot, |id| First::Plan(plan, id)))
            }
            StreamStart::FromSnapshotFull(id) => {
                let Some(earliest) = snapshots.earliest_id().await? else { return Ok(First::NoSnapshot) };
                let snapshot = self.planner.snapshot(id.max(earliest)).await?;
                let plan = self.planner.plan_snapshot(Some(&snapshot), &self.planner.parts.schema, pruning).await?;
                Ok(First::Plan(plan, snapshot.id))
            }
            _ => Ok(self.first_change(start).await?.map_or(First::NoSnapshot, First::Follow)),
        }
    }

    /// What a stream shows of one snapshot.
    async fn changes(&self, snapshot: &Snapshot, pruning: &Pruning) -> Result<Plan> {
        let schema = &self.planner.parts.schema;
        let list = match producer(schema)? {
            ChangelogProducer::None if snapshot.commit_kind == CommitKind::Append => {
                Some((snapshot.delta_manifest_list.as_str(), snapshot.delta_manifest_list_size))
            }
            ChangelogProducer::None => None,
            _ => snapshot.changelog_manifest_list.as_deref().map(|name| (name, snapshot.changelog_manifest_list_size)),
        };
        let Some(list) = list else { return Ok(Plan::empty(Some(snapshot.id), schema, pruning)) };
        let changes = self.planner.read_changes(list, schema, pruning).await?;
        let packer = Packer::new(schema, &pruning.key_fields)?;
        let mut splits = Vec::new();
        for (place, files) in changes.buckets {
            splits.extend(place.splits(snapshot.id, packer.stream(files)?, true));
        }
        Ok(Plan::new(Some(snapshot.id), schema, splits, changes.num_files, pruning))
    }

    /// Nothing is there under the next number: is it yet to come, or will it never?
    async fn check_end(&self, next: i64) -> Result<()> {
        let snapshots = &self.planner.parts.snapshots;
        // The usual case, without listing: we have read the newest.
        if next > 1 && snapshots.try_load(next - 1).await?.is_some() {
            return Ok(());
        }
        let (earliest, latest) = (snapshots.earliest_id().await?, snapshots.latest_id().await?);
        let table = || self.position.table.clone();
        match (earliest, latest) {
            (None, None) if next > 1 => VanishedSnafu { table: table(), next, earliest, latest }.fail(),
            (Some(first), _) if next < first => ExpiredSnafu { table: table(), next, earliest, latest }.fail(),
            (_, Some(last)) if next > last + 1 => VanishedSnafu { table: table(), next, earliest, latest }.fail(),
            _ => Ok(()),
        }
    }

    /// A file that is missing while its snapshot is read: has the snapshot expired meanwhile?
    async fn if_expired(&self, next: i64, error: Error) -> Error {
        if error.kind() != ErrorKind::NotFound || !matches!(self.planner.snapshot_or_changelog(next).await, Ok(None)) {
            return error;
        }
        match self.check_end(next).await {
            Err(expired) => expired,
            Ok(()) => error,
        }
    }
}

enum First {
    NoSnapshot,
    Follow(i64),
    /// All rows of the snapshot of this number.
    Plan(Plan, i64),
}

/// Append tables have no changelog, whatever their options say.
fn producer(schema: &TableSchema) -> Result<ChangelogProducer> {
    Ok(if schema.has_primary_key() { schema.changelog_producer()? } else { ChangelogProducer::None })
}

/// Says early what cannot be followed.
fn check(schema: &TableSchema) -> Result<()> {
    unsupported_for_reading(schema)?;
    let producer = producer(schema)?;
    if producer == ChangelogProducer::Lookup {
        let name = schema.options.text("changelog-producer").unwrap_or_default();
        let message = format!("streams of tables with `changelog-producer` = `{name}` are not supported yet");
        return UnsupportedSnafu { message }.fail();
    }
    let overwrites = match schema.has_primary_key() {
        true => schema.options.get(&STREAMING_READ_OVERWRITE)?.then_some(STREAMING_READ_OVERWRITE.name()),
        false => Some("streaming-read-append-overwrite").filter(|name| is_true(&schema.options, name)),
    };
    let refused = overwrites.or_else(|| UNSUPPORTED.into_iter().find(|name| schema.options.text(name).is_some()));
    match refused {
        Some(name) => {
            UnsupportedSnafu { message: format!("streams with the option `{name}` are not supported yet") }.fail()
        }
        None => Ok(()),
    }
}

/// Options that hold back or end a stream: without them it would show what it should not.
const UNSUPPORTED: [&str; 2] = ["scan.bounded.watermark", "streaming.read.snapshot.delay"];

fn is_true(options: &Options, name: &str) -> bool {
    options.text(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

fn invalid<T>(message: &str) -> Result<T> {
    InvalidSnafu { message }.fail()
}
