//! CREATE TABLE.

use crate::lake::Sql;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_query_fails_is_not_left_behind() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT)").await.unwrap();
    sql.run("INSERT INTO t VALUES (1), (2)").await.unwrap();
    let create = |divisor: &str| format!("CREATE TABLE halves AS SELECT k, 10 / ({divisor}) AS half FROM t");
    assert!(sql.run(&create("k - 1")).await.is_err());
    sql.run(&create("k + 1")).await.unwrap();
    assert_eq!(sql.text("SELECT count(*) FROM halves").await, "2");
}
