//! What scans tell DataFusion, and what it makes of it.

use std::time::Duration;

use datafusion::arrow::array::Array;

use crate::lake::Sql;

/// The physical plan's text.
async fn explained(sql: &Sql, query: &str) -> String {
    let batches = sql.run(&format!("EXPLAIN FORMAT INDENT {query}")).await.unwrap();
    let column = batches[0].column(1);
    let plans = datafusion::common::cast::as_string_array(column).unwrap();
    plans.value(plans.len() - 1).to_owned()
}
#[tokio::test(flavor = "multi_thread")]
async fn counts_and_bounds_of_append_tables_come_from_metadata() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, s STRING, d DOUBLE, p INT) PARTITIONED BY (p)").await.unwrap();
    sql.run("INSERT INTO t VALUES (5, 'a', 0.5, 1), (-3, NULL, 1.5, 1), (NULL, 'c', NULL, 2)").await.unwrap();
    sql.run("INSERT INTO t VALUES (9, 'd', 2.5, 2)").await.unwrap();
    for (query, answer) in [
        ("SELECT count(*) FROM t", "4"),
        ("SELECT count(k) FROM t", "3"),
        ("SELECT count(s) FROM t", "3"),
        ("SELECT min(k) FROM t", "-3"),
        ("SELECT max(k) FROM t", "9"),
        ("SELECT count(*) FROM t WHERE p = 2", "2"),
    ] {
        assert_eq!(sql.text(query).await, answer, "{query}");
        let plan = explained(&sql, query).await;
        assert!(!plan.contains("TidelakeScan"), "{query} reads rows: {plan}");
    }
    for (query, answer) in [
        ("SELECT max(s) FROM t", "d"),
        ("SELECT max(d) FROM t", "2.5"),
        ("SELECT count(*) FROM t WHERE k > 0", "2"),
        ("SELECT max(k) FROM t WHERE k < 9", "5"),
        ("SELECT count(*) FROM (SELECT k FROM t LIMIT 3)", "3"),
        ("SELECT max(k) FROM (SELECT k FROM t ORDER BY k NULLS LAST LIMIT 2)", "5"),
    ] {
        assert_eq!(sql.text(query).await, answer, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_merge_are_counted_by_reading_them() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '2')").await.unwrap();
    sql.run("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)").await.unwrap();
    sql.run("INSERT INTO t VALUES (3, 1), (4, 2)").await.unwrap();
    assert_eq!(sql.text("SELECT count(*) FROM t").await, "4");
    assert_eq!(sql.text("SELECT max(v) FROM t").await, "20");
    assert_eq!(sql.text("SELECT count(*) FROM t WHERE v < 20").await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widened_column_has_the_bounds_of_its_old_files_and_a_new_one_only_nulls() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT)").await.unwrap();
    sql.run("INSERT INTO t VALUES (5), (7)").await.unwrap();
    sql.run("ALTER TABLE t ALTER COLUMN k TYPE BIGINT").await.unwrap();
    sql.run("ALTER TABLE t ADD COLUMN n INT").await.unwrap();
    sql.run("INSERT INTO t VALUES (5000000000, 1)").await.unwrap();
    assert_eq!(sql.text("SELECT max(k) FROM t").await, "5000000000");
    assert_eq!(sql.text("SELECT min(k) FROM t").await, "5");
    assert_eq!(sql.text("SELECT count(n) FROM t").await, "1");
    assert_eq!(sql.text("SELECT max(n) FROM t").await, "1");
    // The order of texts is another than that of numbers.
    sql.run("ALTER TABLE t ALTER COLUMN k TYPE STRING").await.unwrap();
    assert_eq!(sql.text("SELECT max(k) FROM t").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_compared_with_a_decimal_is_the_number_written() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (d DECIMAL(12, 2), l DECIMAL(22, 4), f DOUBLE, i INT)").await.unwrap();
    sql.run(
        "INSERT INTO t VALUES (3743252828.80, CAST('123456789012345678.1234' AS DECIMAL(22, 4)), 1e300, 1), (0.10, 0.5, 0.1, 2)",
    )
    .await
    .unwrap();
    for (condition, rows) in [
        ("d = 3743252828.80", "1"),
        ("3743252828.8 = d", "1"),
        ("d IN (0.1, 3743252828.80)", "2"),
        ("d BETWEEN 0.1 AND 3743252828.8", "2"),
        ("d < 3743252828.80", "1"),
        ("d <> 0.1", "1"),
        ("d > 0.105", "1"),
        ("d = 1e300", "0"),
        ("d < 1e300", "2"),
        ("l = 123456789012345678.1234", "1"),
        ("l < 123456789012345678.1234", "1"),
        ("f = 1e300", "1"),
        ("f = 0.1", "1"),
        ("f = 0.10000000000000000000", "1"),
        ("f > 0.5", "1"),
        ("i > 1.5", "1"),
        ("d IN (SELECT d FROM t WHERE d = 0.10)", "1"),
    ] {
        let query = format!("SELECT count(*) FROM t WHERE {condition}");
        assert_eq!(sql.text(&query).await, rows, "{condition}");
    }
    assert_eq!(sql.text("SELECT CASE WHEN d = 3743252828.80 THEN 'yes' END FROM t WHERE i = 1").await, "yes");
    assert_eq!(sql.text("SELECT sum(CASE WHEN d = 0.1 THEN 1 ELSE 0 END) FROM t").await, "1");
    assert_eq!(sql.text("SELECT 1.5 + 1").await, "2.5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_spends_from_the_budget_of_the_lake() {
    let sql = Sql::with_memory_bytes(8 << 20).await;
    let numbers = "WITH d(x) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)), \
                   n AS (SELECT a.x + 10 * b.x + 100 * c.x + 1000 * e.x + 10000 * f.x + 100000 * g.x AS x \
                         FROM d a, d b, d c, d e, d f, d g)";
    let hungry = format!("{numbers} SELECT count(*) FROM n l JOIN n r ON l.x = r.x");
    let error = sql.run(&hungry).await.unwrap_err();
    assert_eq!(tidelake_table::Classify::kind(&error), tidelake_table::ErrorKind::ResourceExhausted, "{error}");
    assert_eq!(sql.text(&format!("{numbers} SELECT count(*) FROM n")).await, "1000000");
    // The parts of a query that failed end a moment after it.
    let all_given_back = async {
        while sql.used_bytes() > 0 {
            sql.pause().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_given_back).await.unwrap();
}
