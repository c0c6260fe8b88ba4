//! Following a table.
//!
//! ```text
//!   plan 1 ── rows … ── checkpoint ──► plan 2 ── rows … ── checkpoint ──► (waits for a snapshot) …
//! ```
//!
//! A checkpoint is taken after the rows of a plan; a reader that resumes from it sees the next plan first. Whoever stops
//! between the rows and the checkpoint sees the plan's rows again.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use serde_json::{Value, json};
use tidelake_error::{Classify, ErrorKind};
use tidelake_expr::Predicate;
use tidelake_meta::TableSchema;
use tidelake_scan::{ReadFrom, StreamPlanner, StreamPosition, StreamStart, StreamStep};
use tidelake_types::DataField;

use crate::{
    Changes, Filter, Result, Table,
    error::InvalidSnafu,
    read::{Asked, SplitReader},
    scan::columns_of,
};

/// A stream being put together.
#[derive(Debug, Clone)]
pub struct StreamBuilder {
    table: Table,
    /// `None`: where the options say.
    start: Option<StreamStart>,
    checkpoint: Option<Vec<u8>>,
    columns: Option<Vec<String>>,
    filters: Vec<Filter>,
    wide_timestamps: bool,
    audit_log: bool,
    poll_max: Duration,
}

/// Plans of a table as they come; never ends. Dropping it stops it.
///
/// All plans have the columns of one schema, as in Java: that of the snapshot where the stream was told to begin, also when
/// it resumes, else the newest.
pub struct TableStream {
    plans: stream::BoxStream<'static, Result<StreamPlan>>,
    fields: Vec<DataField>,
    next: Arc<AtomicI64>,
}

/// What one snapshot (or the first look at the table) brought.
pub struct StreamPlan {
    /// Which plan of this stream, from 1.
    pub number: u64,
    /// The snapshot it shows, if the plan has one.
    pub snapshot_id: Option<i64>,
    /// The snapshot that is looked for next.
    pub next_snapshot: i64,
    /// Rows with their kinds; lazily read.
    pub changes: Changes,
    /// Where to resume once the rows are taken in: versioned, plain bytes.
    pub checkpoint: Vec<u8>,
}

impl std::fmt::Debug for StreamPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (f.debug_struct("StreamPlan").field("number", &self.number).field("snapshot_id", &self.snapshot_id))
            .field("next_snapshot", &self.next_snapshot)
            .finish_non_exhaustive()
    }
}

impl StreamBuilder {
    pub(crate) fn new(table: Table, start: StreamStart) -> Self {
        Self { start: Some(start), ..Self::by_options(table) }
    }

    pub(crate) fn by_options(table: Table) -> Self {
        Self {
            table,
            start: None,
            checkpoint: None,
            columns: None,
            filters: Vec::new(),
            wide_timestamps: false,
            audit_log: false,
            poll_max: Duration::from_millis(20),
        }
    }

    /// Resumes where an earlier stream of this table took this checkpoint, instead of at the start.
    pub fn resume(mut self, checkpoint: impl Into<Vec<u8>>) -> Self {
        self.checkpoint = Some(checkpoint.into());
        self
    }

    /// Only these columns, in this order.
    pub fn project<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Only rows for which it is true.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// TIMESTAMP(7..9) in the wide form.
    pub fn wide_timestamps(mut self, wide: bool) -> Self {
        self.wide_timestamps = wide;
        self
    }

    /// The rows of `$audit_log` instead: the kind of each row is the column `rowkind` ([`crate::audit_log_fields`]). Filters
    /// are of the table's own columns.
    pub fn audit_log(mut self) -> Self {
        self.audit_log = true;
        self
    }

    /// The longest pause between two looks for a new snapshot. Default: 20 ms.
    pub fn poll_at_least_every(mut self, pause: Duration) -> Self {
        self.poll_max = pause;
        self
    }

    /// The stream. The start is resolved, so an expired or impossible position is an error here.
    pub async fn build(self) -> Result<TableStream> {
        let table = self.table;
        let schema = schema_at_start(&table, self.start).await?;
        let columns = columns_of(&schema, self.audit_log, self.columns.as_deref())?;
        let fields = columns.clone();
        let filters = self.filters.iter().map(|filter| filter.resolve(&schema)).collect::<Result<Vec<_>>>()?;
        let predicate = Predicate::and(filters);
        let mut number = 0;
        let planner = match (&self.checkpoint, self.start) {
            (Some(bytes), _) => {
                let checkpoint = Checkpoint::from_bytes(bytes)?;
                number = checkpoint.number;
                StreamPlanner::resume(table.planner(), checkpoint.position).await?
            }
            (None, Some(start)) => StreamPlanner::start(table.planner(), start).await?,
            (None, None) => StreamPlanner::from_options(table.planner()).await?,
        };
        let planner = planner.with_predicate((predicate != Predicate::True).then(|| predicate.clone()));
        let asked = Asked {
            columns,
            predicate,
            wide_timestamps: self.wide_timestamps,
            keep_deletes: self.audit_log,
            audit_log: self.audit_log,
        };
        let reader = SplitReader::of(&table, &schema, asked)?;
        let next = Arc::new(AtomicI64::new(planner.position().next_snapshot().unwrap_or(0)));
        let state = Following { table, planner, reader, number, next: Arc::clone(&next), poll_max: self.poll_max };
        let plans = stream::try_unfold(state, |state| state.next().boxed()).boxed();
        Ok(TableStream { plans, fields, next })
    }
}

/// The columns at the snapshot where a stream is told to begin, if it is still there; else the newest.
async fn schema_at_start(table: &Table, start: Option<StreamStart>) -> Result<Arc<TableSchema>> {
    let start = match start {
        Some(start) => start,
        None => StreamStart::from_options(&table.schema.options)?,
    };
    let from = match start {
        StreamStart::FromSnapshot(id) | StreamStart::FromSnapshotFull(id) => ReadFrom::Snapshot(id),
        StreamStart::FromTimestamp(at_ms) => ReadFrom::Timestamp(at_ms),
        _ => ReadFrom::Latest,
    };
    match table.schema_at(Some(&from)).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Arc::clone(&table.schema)),
        answer => answer,
    }
}

/// Where to resume, and how many plans came before: `{"version":1,"plan":3,"position":{..}}`.
struct Checkpoint {
    number: u64,
    position: StreamPosition,
}

impl Checkpoint {
    fn to_bytes(&self) -> Vec<u8> {
        let position = self.position.to_bytes();
        let position: Value = serde_json::from_slice(&position)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&position).into_owned()));
        json!({ "version": 1, "plan": self.number, "position": position }).to_string().into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse =
            |reason: &str| InvalidSnafu { message: format!("this is not a checkpoint of a stream: {reason}") }.fail();
        let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return refuse("it is not JSON") };
        match json["version"].as_u64() {
            Some(1) => {}
            Some(newer) => return refuse(&format!("its version is {newer}, this build knows 1")),
            None => return refuse("it has no version"),
        }
        let Some(number) = json["plan"].as_u64() else { return refuse("it has no plan number") };
        let position = match &json["position"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Ok(Self { number, position: StreamPosition::from_bytes(position.as_bytes())? })
    }
}

struct Following {
    table: Table,
    planner: StreamPlanner,
    reader: SplitReader,
    number: u64,
    next: Arc<AtomicI64>,
    poll_max: Duration,
}

impl Following {
    fn next(mut self) -> BoxFuture<'static, Result<Option<(StreamPlan, Self)>>> {
        async move {
            let mut pause = Duration::from_millis(1).min(self.poll_max);
            loop {
                let step = self.planner.next_step().await?;
                let next_snapshot = self.planner.position().next_snapshot().unwrap_or(0);
                self.next.store(next_snapshot, Ordering::Release);
                match step {
                    StreamStep::Plan(plan) => {
                        self.number += 1;
                        let reader = self.reader.clone();
                        let checkpoint = Checkpoint { number: self.number, position: self.planner.position().clone() };
                        let plan = StreamPlan {
                            number: self.number,
                            snapshot_id: plan.snapshot_id,
                            next_snapshot,
                            changes: stream::iter(plan.splits).flat_map(move |split| reader.read(split)).boxed(),
                            checkpoint: checkpoint.to_bytes(),
                        };
                        return Ok(Some((plan, self)));
                    }
                    StreamStep::Idle => {
                        self.table.lake.runtime().clock().sleep(pause).await;
                        pause = (pause * 2).min(self.poll_max);
                    }
                }
            }
        }
        .boxed()
    }
}

impl TableStream {
    /// The columns of its rows.
    pub fn fields(&self) -> &[DataField] {
        &self.fields
    }

    /// The snapshot that is looked for next; it also moves over snapshots that bring no rows. `None` before the first look.
    pub fn next_snapshot(&self) -> Option<i64> {
        Some(self.next.load(Ordering::Acquire)).filter(|next| *next > 0)
    }
}

impl Stream for TableStream {
    type Item = Result<StreamPlan>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.plans.poll_next_unpin(context)
    }
}

impl std::fmt::Debug for TableStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableStream").field("next_snapshot", &self.next_snapshot()).finish_non_exhaustive()
    }
}
