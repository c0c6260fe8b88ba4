//! INSERT OVERWRITE, TRUNCATE and dropped partitions.

use crate::lake::Sql;

async fn partitioned() -> Sql {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, v STRING, p INT, q STRING) PARTITIONED BY (p, q)").await.unwrap();
    sql.run("INSERT INTO t VALUES (1, 'a', 1, 'x'), (2, 'b', 1, 'y'), (3, 'c', 2, 'x'), (4, 'd', NULL, 'x')")
        .await
        .unwrap();
    sql
}

async fn rows(sql: &Sql) -> String {
    sql.text("SELECT string_agg(k || v || coalesce(p, 0) || q, ' ' ORDER BY k) FROM t").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_partition_is_replaced_and_others_stay() {
    let sql = partitioned().await;
    sql.run("INSERT OVERWRITE t PARTITION (p = 1, q = 'x') SELECT 9, 'n'").await.unwrap();
    assert_eq!(rows(&sql).await, "2b1y 3c2x 4d0x 9n1x");
    // A part of the partition columns names all below it.
    sql.run("INSERT OVERWRITE TABLE t PARTITION (p = 1, q) (q, k) SELECT 'z', 8").await.unwrap();
    assert_eq!(sql.text("SELECT string_agg(k || q, ' ' ORDER BY k) FROM t").await, "3x 4x 8z");
    sql.run("INSERT OVERWRITE t PARTITION (p = NULL, q = 'x') VALUES (5, 'e')").await.unwrap();
    assert_eq!(sql.text("SELECT k FROM t WHERE p IS NULL").await, "5");
    // No row for it: it is empty then.
    sql.run("INSERT OVERWRITE t PARTITION (p = 2, q = 'x') SELECT k, v FROM t WHERE false").await.unwrap();
    assert_eq!(sql.text("SELECT count(*) FROM t WHERE p = 2").await, "0");
    sql.run("INSERT INTO t PARTITION (p = 7, q = 'w') VALUES (7, 'g')").await.unwrap();
    assert_eq!(sql.text("SELECT v || q FROM t WHERE p = 7").await, "gw");
    for wrong in [
        "INSERT OVERWRITE t PARTITION (v = 'a') SELECT 1, 2, 3",
        "INSERT OVERWRITE t PARTITION (p = 1) (p, k) SELECT 1, 2",
        "INSERT OVERWRITE t PARTITION (p = 'one', q = 'x') SELECT 1, 'a'",
        "INSERT OVERWRITE t PARTITION (p = 1, q = 'x') SELECT 1, 'a', 3",
    ] {
        assert!(sql.run(wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_partition_those_with_rows_are_replaced_or_all() {
    let sql = partitioned().await;
    sql.run("INSERT OVERWRITE t SELECT k + 10, v, p, q FROM t WHERE p = 2").await.unwrap();
    assert_eq!(rows(&sql).await, "1a1x 2b1y 4d0x 13c2x");
    sql.run("INSERT OVERWRITE t SELECT * FROM t WHERE false").await.unwrap();
    assert_eq!(rows(&sql).await, "1a1x 2b1y 4d0x 13c2x");
    sql.run("ALTER TABLE t SET ('dynamic-partition-overwrite' = 'false')").await.unwrap();
    sql.run("INSERT OVERWRITE t VALUES (1, 'z', 5, 'x')").await.unwrap();
    assert_eq!(rows(&sql).await, "1z5x");
    // What it was is still there.
    assert_eq!(sql.text("SELECT count(*) FROM t VERSION AS OF 1").await, "4");
    sql.run("CREATE TABLE u (k INT, d DECIMAL(12, 2))").await.unwrap();
    sql.run("INSERT INTO u VALUES (1, 1.5), (2, 2.5)").await.unwrap();
    sql.run("INSERT OVERWRITE u SELECT k, d + 1 FROM u WHERE k = 2").await.unwrap();
    assert_eq!(sql.text("SELECT string_agg(k || ':' || d, ' ') FROM u").await, "2:3.50");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_by_partition_or_all_at_once() {
    let sql = partitioned().await;
    sql.run("ALTER TABLE t DROP PARTITION (p = 1, q = 'y'), PARTITION (p = 2)").await.unwrap();
    assert_eq!(rows(&sql).await, "1a1x 4d0x");
    sql.run("TRUNCATE TABLE t PARTITION (p = NULL)").await.unwrap();
    assert_eq!(rows(&sql).await, "1a1x");
    assert!(sql.run("ALTER TABLE t DROP PARTITION (v = 'a')").await.is_err());
    sql.run("TRUNCATE TABLE t").await.unwrap();
    assert_eq!(sql.text("SELECT count(*) FROM t").await, "0");
    assert_eq!(sql.text("SELECT count(*) FROM t VERSION AS OF 1").await, "4");
    let told = sql.run("DELETE FROM t WHERE k = 1").await.unwrap_err().to_string();
    assert!(told.contains("DELETE"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_compacted_by_name() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE k (id INT, v INT, p INT, PRIMARY KEY (id, p) NOT ENFORCED) PARTITIONED BY (p) WITH ('bucket' = '1', 'write-only' = 'true')")
        .await
        .unwrap();
    for v in 1..=3 {
        sql.run(&format!("INSERT INTO k VALUES (1, {v}, 1), (1, {v}, 2), (1, {v}, 3)")).await.unwrap();
    }
    let files = r#"SELECT string_agg(n || '', ' ' ORDER BY partition) FROM (SELECT partition, count(*) AS n FROM "k$files" GROUP BY partition)"#;
    assert_eq!(sql.text(files).await, "3 3 3");
    sql.run("CALL sys.compact(table => 'db.k', partitions => 'p=1')").await.unwrap();
    assert_eq!(sql.text(files).await, "1 3 3");
    sql.run("CALL sys.compact(table => 'db.k', where => 'p = 2 OR p = 1')").await.unwrap();
    assert_eq!(sql.text(files).await, "1 1 3");
    assert!(sql.run("CALL sys.compact(table => 'db.k', where => 'v = 2')").await.is_err());
    assert!(sql.run("CALL sys.compact(table => 'db.k', partitions => 'one')").await.is_err());
    assert_eq!(sql.text("SELECT sum(v) FROM k").await, "9");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_a_table_of_queries() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE k (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '1')").await.unwrap();
    sql.run("INSERT INTO k VALUES (1, 1), (2, 2)").await.unwrap();
    sql.run("INSERT INTO k VALUES (2, 3)").await.unwrap();
    let log = "SELECT string_agg(rowkind || id || v, ' ' ORDER BY id) FROM";
    assert_eq!(sql.text(&format!(r#"{log} "k$audit_log""#)).await, "+I11 +I23");
    assert_eq!(sql.text(&format!(r#"{log} "k@v1$audit_log" WHERE rowkind = '+I' AND v > 1"#)).await, "+I22");
    assert_eq!(sql.text(r#"SELECT count(*) FROM "k$audit_log""#).await, "2");
    assert!(sql.run(r#"INSERT INTO "k$audit_log" VALUES ('+I', 1, 1)"#).await.is_err());
}
