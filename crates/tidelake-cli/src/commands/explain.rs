//! `tide table explain`: which files a read opens, and why not the others.
//!
//! ```text
//! all files ─► of the partitions ─► of the buckets ─► by key range ─► by value statistics ─► read: as they are, or merged
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tidelake::{FilterUse, Predicate, ReadFrom, Split, TablePlan};

use crate::{
    args::ExplainArgs,
    filter::{RowFilter, parse_filter},
    output,
    progress::grouped,
    report::Result,
    session::Session,
};

pub(crate) async fn run(args: ExplainArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.versioned_table(&args.table).await?;
    let (pushed, exact) = match &args.filter {
        None => (Predicate::True, true),
        Some(sql) => match parse_filter(sql, &*table.schema_at(None).await?)? {
            RowFilter::Exact(predicate) => (predicate, true),
            RowFilter::Mixed { pushed, .. } => (pushed, false),
        },
    };
    let plan = table.scan().filter(pushed).plan().await?;
    // The same snapshot, so that what is added and taken away is of one picture.
    let whole = match plan.snapshot_id() {
        Some(id) => table.scan().from(ReadFrom::Snapshot(id)).plan().await?,
        None => table.scan().plan().await?,
    };
    let tested = !exact || plan.plan().filters.iter().any(|filter| *filter != FilterUse::Exact);
    let funnel = Funnel::new(&plan, &whole, tested);
    let mut out = output::stdout();
    match args.json {
        true => output::line(&mut out, &funnel.json().to_string())?,
        false => {
            for line in funnel.lines(&args.table.table) {
                output::line(&mut out, &line)?;
            }
        }
    }
    output::flush(&mut out)
}

/// Files, and what is in them.
#[derive(Default, Clone, Copy)]
struct Files {
    files: usize,
    rows: u64,
    bytes: u64,
}

/// How many of something are wanted, of how many.
struct Share {
    wanted: usize,
    all: usize,
}

struct Funnel {
    snapshot: Option<i64>,
    partitions: Share,
    buckets: Share,
    all: Files,
    by_partition: usize,
    by_bucket: usize,
    by_key: usize,
    by_value: usize,
    read: Files,
    splits: Share,
    levels: BTreeMap<i32, Files>,
    /// Whether rows are tested once they are read.
    tested: bool,
}

impl Funnel {
    fn new(plan: &TablePlan, whole: &TablePlan, tested: bool) -> Self {
        let partitions = |plan: &TablePlan| {
            plan.splits().iter().map(|split| split.partition.as_row().clone()).collect::<BTreeSet<_>>().len()
        };
        let buckets =
            |plan: &TablePlan| plan.splits().iter().map(|split| &split.bucket_path).collect::<BTreeSet<_>>().len();
        let mut levels: BTreeMap<i32, Files> = BTreeMap::new();
        for file in plan.splits().iter().flat_map(|split| &split.files) {
            levels.entry(file.level).or_default().add(file.row_count, file.file_size);
        }
        let skipped = plan.plan().skipped;
        let (all, read) = (Files::of(whole.splits()), Files::of(plan.splits()));
        let others = skipped.by_bucket + skipped.by_key + skipped.by_value;
        Self {
            snapshot: plan.snapshot_id(),
            partitions: Share { wanted: partitions(plan), all: partitions(whole) },
            buckets: Share { wanted: buckets(plan), all: buckets(whole) },
            all,
            by_partition: all.files.saturating_sub(read.files + others),
            by_bucket: skipped.by_bucket,
            by_key: skipped.by_key,
            by_value: skipped.by_value,
            read,
            splits: Share {
                wanted: plan.splits().iter().filter(|split| !split.raw_convertible).count(),
                all: plan.splits().len(),
            },
            levels,
            tested,
        }
    }

    fn lines(&self, table: &str) -> Vec<String> {
        let Some(snapshot) = self.snapshot else { return vec![format!("{table} has no snapshot: nothing is read")] };
        let mut lines = vec![format!("{table}, snapshot {snapshot}"), format!("{:28}{:>10}", "", "files")];
        let mut count = |what: &str, files: usize| lines.push(format!("{what:28}{:>10}", grouped(files as u64)));
        count("in the table", self.all.files);
        count("  skipped by partition", self.by_partition);
        count("  skipped by bucket", self.by_bucket);
        count("  skipped by key range", self.by_key);
        count("  skipped by statistics", self.by_value);
        count("read", self.read.files);
        lines.push(format!("partitions  {} of {}", self.partitions.wanted, self.partitions.all));
        lines.push(format!("buckets     {} of {}", self.buckets.wanted, self.buckets.all));
        lines.push(format!(
            "splits      {}: {} read as they are, {} merged",
            self.splits.all,
            self.splits.all - self.splits.wanted,
            self.splits.wanted
        ));
        lines.push(format!("rows        {} stored in what is read", grouped(self.read.rows)));
        lines.push(format!("bytes       {} of {}", grouped(self.read.bytes), grouped(self.all.bytes)));
        for (level, files) in &self.levels {
            lines.push(format!(
                "level {level:<5} {} files, {} rows, {} bytes",
                grouped(files.files as u64),
                grouped(files.rows),
                grouped(files.bytes)
            ));
        }
        let tested = if self.tested { "rows are tested by the condition" } else { "every row that is read is wanted" };
        lines.push(format!("then        {tested}"));
        lines
    }

    fn json(&self) -> Value {
        let share = |share: &Share| json!({"wanted": share.wanted, "all": share.all});
        let files = |files: &Files| json!({"files": files.files, "rows": files.rows, "bytes": files.bytes});
        let levels: Vec<Value> = (self.levels.iter())
            .map(|(level, held)| json!({"level": level, "files": held.files, "rows": held.rows, "bytes": held.bytes}))
            .collect();
        json!({
            "snapshot": self.snapshot,
            "partitions": share(&self.partitions),
            "buckets": share(&self.buckets),
            "table": files(&self.all),
            "skipped": {
                "by_partition": self.by_partition,
                "by_bucket": self.by_bucket,
                "by_key_range": self.by_key,
                "by_statistics": self.by_value,
            },
            "read": files(&self.read),
            "splits": {"all": self.splits.all, "merged": self.splits.wanted},
            "levels": levels,
            "rows_are_tested": self.tested,
        })
    }
}

impl Files {
    fn of(splits: &[Split]) -> Self {
        let mut files = Self::default();
        for file in splits.iter().flat_map(|split| &split.files) {
            files.add(file.row_count, file.file_size);
        }
        files
    }

    fn add(&mut self, rows: i64, bytes: u64) {
        self.files += 1;
        self.rows += rows.max(0).unsigned_abs();
        self.bytes += bytes;
    }
}
