//! ALTER TABLE: rows written before a change are read after it.

use datafusion::common::cast::as_string_array;

use crate::lake::Sql;

#[tokio::test(flavor = "multi_thread")]
async fn rows_written_before_a_change_are_read_in_the_new_columns() {
    let sql = Sql::new().await;
    sql.run(
        "CREATE TABLE t (k INT, v INT, r ROW<x INT, y STRING>, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')",
    )
    .await
    .unwrap();
    sql.run("INSERT INTO t SELECT 1, 10, named_struct('x', 7, 'y', 'a')").await.unwrap();
    for change in [
        "ALTER TABLE t ADD COLUMNS (a BIGINT COMMENT 'added', b STRING FIRST)",
        "ALTER TABLE t ALTER COLUMN v TYPE BIGINT",
        "ALTER TABLE t RENAME COLUMN v TO w",
        "ALTER TABLE t RENAME COLUMN r.x TO xx",
        "ALTER TABLE t ADD COLUMN r.z INT",
        "ALTER TABLE t ALTER COLUMN r AFTER k",
    ] {
        sql.run(change).await.unwrap_or_else(|error| panic!("{change}: {error}"));
    }
    sql.run("INSERT INTO t (k, w, a) VALUES (2, 5000000000, 3)").await.unwrap();
    let described = sql.run("DESCRIBE t").await.unwrap();
    let text = |column: usize, row| as_string_array(described[0].column(column)).unwrap().value(row).to_owned();
    let columns: Vec<_> =
        (0..described[0].num_rows()).map(|row| format!("{} {}", text(0, row), text(1, row))).collect();
    assert_eq!(columns.join(", "), "b STRING, k INT, r ROW<xx INT, y STRING, z INT>, w BIGINT, a BIGINT");
    assert_eq!(sql.text("SELECT sum(w) FROM t").await, "5000000010");
    assert_eq!(sql.text("SELECT r['xx'] FROM t WHERE k = 1").await, "7");
    assert_eq!(sql.text("SELECT count(*) FROM t WHERE a IS NULL AND b IS NULL").await, "1");
    assert_eq!(sql.text("SELECT a FROM t WHERE w = 5000000000").await, "3");
    // What was there before has the columns of its time.
    assert_eq!(sql.text("SELECT v FROM t VERSION AS OF 1").await, "10");
    sql.run("ALTER TABLE t DROP COLUMN w").await.unwrap();
    sql.run("ALTER TABLE t ADD COLUMN w BIGINT").await.unwrap();
    assert_eq!(sql.text("SELECT count(w) FROM t").await, "0");
    sql.run("CALL sys.compact(table => 'db.t')").await.unwrap();
    assert_eq!(sql.text("SELECT sum(a) FROM t").await, "3");
    assert_eq!(sql.text("SELECT r['xx'] FROM t WHERE k = 1").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_are_not_allowed_say_why() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, p INT, v INT, PRIMARY KEY (k, p) NOT ENFORCED) PARTITIONED BY (p) WITH ('bucket' = '1')")
        .await
        .unwrap();
    sql.run("INSERT INTO t VALUES (1, 1, 1)").await.unwrap();
    for (change, told) in [
        ("ALTER TABLE t DROP COLUMN k", "`k`"),
        ("ALTER TABLE t RENAME COLUMN p TO q", "partition"),
        ("ALTER TABLE t ALTER COLUMN v SET NOT NULL", "alter-column-null-to-not-null.disabled"),
        ("ALTER TABLE t ADD COLUMN v INT", "already"),
        ("ALTER TABLE t SET ('merge-engine' = 'first-row')", "merge-engine"),
        ("ALTER TABLE t SET ('bucket' = '-1')", "bucket"),
        ("ALTER TABLE missing ADD COLUMN v INT", "missing"),
        ("ALTER TABLE t RENAME TO u", "rename"),
    ] {
        let error = sql.run(change).await.unwrap_err().to_string();
        assert!(error.contains(told), "{change}: {error}");
    }
    for fine in [
        "ALTER TABLE IF EXISTS missing ADD COLUMN v INT",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS v INT",
        "ALTER TABLE t DROP COLUMN IF EXISTS missing",
        "ALTER TABLE t SET ('snapshot.num-retained.min' = '2', 'merge-engine' = 'deduplicate')",
        "ALTER TABLE t RESET ('snapshot.num-retained.min')",
    ] {
        // `deduplicate` is the default, yet the option was not there: that is a change too.
        let allowed = !fine.contains("merge-engine");
        assert_eq!(sql.run(fine).await.is_ok(), allowed, "{fine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_tag_expire_and_compact() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket' = '1')").await.unwrap();
    for value in 1..=4 {
        sql.run(&format!("INSERT INTO t VALUES (1, {value})")).await.unwrap();
    }
    sql.run("CALL sys.create_tag(table => 'db.t', tag => 'second', snapshot => 2)").await.unwrap();
    sql.run("CALL sys.create_tag('t', 'last')").await.unwrap();
    let snapshots = r#"SELECT count(*) FROM "t$snapshots""#;
    sql.run("CALL sys.expire_snapshots(table => 't', retain_max => 1, retain_min => 1, dry_run => true)")
        .await
        .unwrap();
    assert_eq!(sql.text(snapshots).await, "4");
    sql.run("CALL sys.expire_snapshots(table => 't', retain_max => 1, retain_min => 1)").await.unwrap();
    assert_eq!(sql.text(snapshots).await, "1");
    assert_eq!(sql.text("SELECT v FROM t VERSION AS OF 'second'").await, "2");
    sql.run("CALL sys.delete_tag('t', 'second,last')").await.unwrap();
    assert!(sql.run("SELECT v FROM t VERSION AS OF 'second'").await.is_err());
    assert_eq!(sql.text("SELECT v FROM t").await, "4");
    for wrong in [
        "CALL sys.expire_snapshots('t', 'many')",
        "CALL sys.expire_snapshots(table => 't', older_than => 'yesterday')",
        "CALL sys.compact('t', compact_strategy => 'some')",
        "CALL sys.delete_tag('t', 'none')",
        "CALL sys.create_tag('missing', 'a')",
    ] {
        assert!(sql.run(wrong).await.is_err(), "{wrong}");
    }
}
