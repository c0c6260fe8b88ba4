//! CREATE TABLE.

use crate::lake::Sql;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_query_fails_stays_with_the_rows_it_has() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT)").await.unwrap();
    sql.run("INSERT INTO t VALUES (1), (2)").await.unwrap();
    assert!(sql.run("CREATE TABLE halves AS SELECT k, 10 / (k - 1) AS half FROM t").await.is_err());
    sql.run("INSERT INTO halves SELECT k, 10 / (k + 1) FROM t").await.unwrap();
    assert_eq!(sql.text("SELECT count(*) FROM halves").await, "2");
}
