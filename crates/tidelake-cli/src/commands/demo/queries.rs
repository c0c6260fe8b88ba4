//! TPC-H queries over the lake and over plain Arrow tables: the answers must be the same.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::pretty::pretty_format_batches;
use datafusion::{datasource::MemTable, prelude::SessionContext};
use tidelake::{ErrorKind, sql::SqlSession};

use crate::{
    output,
    report::{Failure, Result},
};

const TABLES: [&str; 3] = ["orders", "customer", "lineitem"];

const Q1: &str = "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
  sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
  avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order
FROM {lineitem} WHERE l_shipdate <= date '1998-09-02' GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus";

const Q3: &str = "SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
FROM {customer}, {orders}, {lineitem} WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
  AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15'
GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10";

const Q6: &str =
    "SELECT sum(l_extendedprice * l_discount) AS revenue FROM {lineitem} WHERE l_shipdate >= date '1994-01-01'
  AND l_shipdate < date '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24";

/// What the ten commits changed: a lost update, delete or insert shows here.
const SUMS: &str =
    "SELECT (SELECT count(*) FROM {orders}) AS orders, (SELECT sum(o_totalprice) FROM {orders}) AS totalprice,
  (SELECT sum(o_orderkey) FROM {orders}) AS orderkeys, (SELECT count(*) FROM {customer}) AS customers,
  (SELECT sum(c_acctbal) FROM {customer}) AS acctbal, (SELECT sum(c_custkey) FROM {customer}) AS custkeys,
  (SELECT count(*) FROM {lineitem}) AS lineitems";

/// Rows of orders, customer and lineitem.
pub(super) type Rows = [Vec<RecordBatch>; 3];

/// Asks both, prints the answers, fails on a difference: as loaded (snapshot 1 of each table), and now.
pub(super) async fn check(sql: &SqlSession, loaded: &Rows, latest: &Rows, out: &mut output::Out) -> Result<()> {
    let plain = SessionContext::new();
    for (name, (loaded, latest)) in TABLES.iter().zip(loaded.iter().zip(latest)) {
        register(&plain, &format!("{name}_loaded"), loaded)?;
        register(&plain, name, latest)?;
    }
    for (title, query, lake, beside) in [
        ("Q1, latest", Q1, "", ""),
        ("Q3, latest", Q3, "", ""),
        ("Q6, latest", Q6, "", ""),
        ("what the commits changed, latest", SUMS, "", ""),
        ("Q1, as loaded", Q1, " VERSION AS OF 1", "_loaded"),
        ("what the commits changed, as loaded", SUMS, " VERSION AS OF 1", "_loaded"),
    ] {
        let asked = |before: &str, after: &str| {
            TABLES.iter().fold(query.to_owned(), |query, name| {
                query.replace(&format!("{{{name}}}"), &format!("{before}{name}{after}"))
            })
        };
        let ours = sql.collect(&asked("tpch.", lake)).await?;
        let theirs =
            async { plain.sql(&asked("", beside)).await?.collect().await }.await.map_err(tidelake::sql::Error::from)?;
        let (ours, theirs) = (text(&ours)?, text(&theirs)?);
        output::line(out, &format!("{title}:\n{ours}"))?;
        if ours != theirs {
            let message = format!("{title}: the lake and plain Arrow tables differ; plain Arrow says\n{theirs}");
            return Err(Failure::new(ErrorKind::Internal, message));
        }
        output::line(out, "equal to the same query over plain Arrow tables")?;
    }
    Ok(())
}

fn register(context: &SessionContext, name: &str, batches: &[RecordBatch]) -> Result<()> {
    let registered = || {
        let Some(first) = batches.first() else { return Ok(()) };
        context.register_table(name, Arc::new(MemTable::try_new(first.schema(), vec![batches.to_vec()])?)).map(drop)
    };
    registered().map_err(|error: datafusion::error::DataFusionError| tidelake::sql::Error::from(error).into())
}

fn text(batches: &[RecordBatch]) -> Result<String> {
    Ok(pretty_format_batches(batches).map_err(output::arrow)?.to_string())
}
