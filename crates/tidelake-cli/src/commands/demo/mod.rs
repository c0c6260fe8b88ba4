//! `tide demo`: a lake of TPC-H rows, changed, followed, queried, and every answer checked.
//!
//! ```text
//!  tpchgen ─► orders, customer (key tables)  lineitem (append) ─► ten commits ─► queries ─┐
//!     │                            │                                                    equal?
//!     │                            └─► a second process follows orders                    │
//!     └────► the same rows, plain, in memory ─► the same changes ─────────► queries ──────┘
//! ```

mod follower;
mod plain;
mod queries;

use std::{path::PathBuf, sync::Arc};

use arrow_array::{Int8Array, RecordBatch};
use indicatif::{ProgressBar, ProgressStyle};
use tidelake::{ErrorKind, RowKind, Table, sql::SqlSession, types::arrow_schema};
use tpchgen::generators::{CustomerGenerator, LineItemGenerator, OrderGenerator};
use tpchgen_arrow::{CustomerArrow, LineItemArrow, OrderArrow};

use self::{
    follower::Follower,
    plain::{PlainRows, shifted},
};
use crate::{
    args::{DemoArgs, LakeArgs},
    output,
    report::{Failure, Result, local},
    session::Session,
};

const TABLES: &str = "
CREATE TABLE tpch.orders (o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus STRING, o_totalprice DECIMAL(15, 2), o_orderdate DATE,
  o_orderpriority STRING, o_clerk STRING, o_shippriority INT, o_comment STRING, PRIMARY KEY (o_orderkey) NOT ENFORCED) WITH ('bucket' = '4');
CREATE TABLE tpch.customer (c_custkey BIGINT, c_name STRING, c_address STRING, c_nationkey BIGINT, c_phone STRING, c_acctbal DECIMAL(15, 2),
  c_mktsegment STRING, c_comment STRING, PRIMARY KEY (c_custkey) NOT ENFORCED) WITH ('bucket' = '4');
CREATE TABLE tpch.lineitem (l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT, l_quantity DECIMAL(15, 2),
  l_extendedprice DECIMAL(15, 2), l_discount DECIMAL(15, 2), l_tax DECIMAL(15, 2), l_returnflag STRING, l_linestatus STRING, l_shipdate DATE,
  l_commitdate DATE, l_receiptdate DATE, l_shipinstruct STRING, l_shipmode STRING, l_comment STRING);";

/// Commits after the load.
const COMMITS: usize = 10;

pub(crate) async fn run(args: DemoArgs) -> Result<()> {
    if !(args.scale > 0.0 && args.scale <= 100.0) {
        return Err(Failure::new(ErrorKind::InvalidInput, format!("--scale {} is not between 0 and 100", args.scale)));
    }
    let (folder, keep) = match &args.warehouse {
        Some(folder) => (folder.clone(), true),
        None => (PathBuf::from(format!("tidelake-demo-{}", std::process::id())), args.keep),
    };
    if folder.join("tpch.db").exists() {
        let message = format!("{} holds a demo already", folder.display());
        return Err(Failure::new(ErrorKind::AlreadyExists, message).hint("name another folder, or remove it"));
    }
    std::fs::create_dir_all(&folder).map_err(|error| local(folder.display(), error))?;
    let shown = play(&args, &folder.to_string_lossy()).await;
    if !keep {
        std::fs::remove_dir_all(&folder).map_err(|error| local(folder.display(), error))?;
    } else if shown.is_ok() {
        eprintln!("the lake is in {}", folder.display());
    }
    shown
}

async fn play(args: &DemoArgs, warehouse: &str) -> Result<()> {
    let session = Session::open(&LakeArgs { warehouse: warehouse.to_owned(), catalog_options: Vec::new() }).await?;
    let sql = SqlSession::new(session.lake.inner(), &session.catalog);
    for statement in tidelake::sql::split_statements(TABLES)? {
        sql.run(&statement).await?;
    }
    let open = |name: &'static str| {
        let session = &session;
        async move { session.lake.table(&session.catalog, name).await }
    };
    let (orders, customer, lineitem) =
        (open("tpch.orders").await?, open("tpch.customer").await?, open("tpch.lineitem").await?);
    let scale = args.scale;
    let mut plain_orders = load(&orders, OrderArrow::new(OrderGenerator::new(scale, 1, 1)), true).await?;
    let mut plain_customer = load(&customer, CustomerArrow::new(CustomerGenerator::new(scale, 1, 1)), true).await?;
    let mut plain_lineitem = load(&lineitem, LineItemArrow::new(LineItemGenerator::new(scale, 1, 1)), false).await?;
    let loaded = [plain_orders.batches()?, plain_customer.batches()?, plain_lineitem.batches()?];

    let clock = session.lake.runtime().clone();
    let mut follower = Follower::start(warehouse, clock.clone())?;
    let mut committed_at = Vec::new();
    let mut applied = [0usize; 4];
    let bar = bar("ten commits", COMMITS as u64);
    let commits = async {
        for round in 0..COMMITS {
            let changes = plain_orders.changes(round, 3)?;
            for kind in changes.kinds.iter().flatten() {
                applied[usize::from(kind.unsigned_abs()).min(3)] += 1;
            }
            commit(&orders, &changes.rows, &changes.kinds).await?;
            committed_at.push(clock.clock().monotonic_ns());
            let changes = plain_customer.changes(round, 5)?;
            commit(&customer, &changes.rows, &changes.kinds).await?;
            let rows = shifted(&plain_lineitem.first(1000)?, 0, 1 << 40, round)?;
            let kinds = Int8Array::from_value(RowKind::Insert.as_byte(), rows.num_rows());
            commit(&lineitem, &rows, &kinds).await?;
            plain_lineitem.append(rows);
            bar.inc(1);
        }
        Ok(())
    };
    let ((), seen) = futures::future::try_join(commits, follower.plans(COMMITS)).await?;
    bar.finish_and_clear();

    let mut out = output::stdout();
    for table in [&orders, &customer, &lineitem] {
        describe(table, &mut out).await?;
    }
    let mut waits: Vec<u64> =
        committed_at.iter().zip(&seen.at).map(|(written, read)| read.saturating_sub(*written)).collect();
    waits.sort_unstable();
    let at = |share: usize| {
        waits.get((waits.len() * share / 100).min(waits.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let shown = |nanos: u64| format!("{:.1} ms", nanos as f64 / 1e6);
    output::line(&mut out, &format!("commit to row in another process: p50 {}, p99 {}", shown(at(50)), shown(at(99))))?;
    if seen.kinds != applied {
        let message = format!("the follower saw {:?} rows of kinds +I -U +U -D, {applied:?} were written", seen.kinds);
        return Err(Failure::new(ErrorKind::Internal, message));
    }
    let latest = [plain_orders.batches()?, plain_customer.batches()?, plain_lineitem.batches()?];
    queries::check(&sql, &loaded, &latest, &mut out).await?;
    output::flush(&mut out)?;
    eprintln!("all answers are right{}", crate::memory::peak_memory());
    Ok(())
}

/// Fills a table in one commit; gives the same rows in memory.
async fn load(
    table: &Table,
    batches: impl Iterator<Item = std::result::Result<RecordBatch, arrow_schema::ArrowError>>,
    keyed: bool,
) -> Result<PlainRows> {
    let schema = arrow_schema(&table.schema().fields)?;
    let clock = table.lake().runtime().clone();
    let begun = clock.clock().monotonic_ns();
    let bar = ProgressBar::no_length().with_style(
        ProgressStyle::with_template("{spinner} {msg}: {human_pos} rows, {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.set_message(table.identifier().to_string());
    let mut plain = PlainRows::new(Arc::clone(&schema), keyed);
    let mut writer = table.writer().build()?;
    let mut rows = 0;
    for batch in batches {
        let batch = plain::as_schema(&batch.map_err(output::arrow)?, &schema)?;
        rows += batch.num_rows();
        bar.inc(batch.num_rows() as u64);
        writer.write(batch.clone()).await?;
        plain.append(batch);
    }
    let _outcome = writer.commit().await?;
    bar.finish_and_clear();
    let seconds = clock.clock().monotonic_ns().saturating_sub(begun) as f64 / 1e9;
    eprintln!("{}: {rows} rows in {seconds:.1} s, {:.0} rows/s", table.identifier(), rows as f64 / seconds.max(1e-9));
    Ok(plain)
}

/// One commit.
async fn commit(table: &Table, rows: &RecordBatch, kinds: &Int8Array) -> Result<()> {
    let mut writer = table.writer().build()?;
    writer.write_kinds(rows.clone(), kinds).await?;
    match writer.commit().await? {
        tidelake::CommitOutcome::Committed { append: Some(_), .. } => Ok(()),
        other => Err(Failure::new(ErrorKind::Internal, format!("a commit of rows ended as {other:?}"))),
    }
}

/// Snapshots, and files of each level.
async fn describe(table: &Table, out: &mut output::Out) -> Result<()> {
    let snapshots = table.snapshots().list_ids().await?.len();
    let plan = table.scan().plan().await?;
    let mut levels = std::collections::BTreeMap::new();
    for file in plan.splits().iter().flat_map(|split| &split.files) {
        *levels.entry(file.level).or_insert(0) += 1;
    }
    let levels: Vec<String> = levels.iter().map(|(level, files)| format!("{files} at level {level}")).collect();
    output::line(out, &format!("{}: {snapshots} snapshots, files: {}", table.identifier(), levels.join(", ")))
}

fn bar(what: &'static str, length: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(what)
}
