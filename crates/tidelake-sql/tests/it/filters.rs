//! A filter means the same whether the scan or DataFusion tests it.

use crate::lake::Sql;

/// Values of the columns `k`, `d` and `s`; nulls, both zeros and NaN among them.
const ROWS: &str = "(1, -0.0, 'a'), (2, 0.0, 'b'), (3, 1.5, NULL), (4, 'NaN', 'c'), (5, NULL, ''), (6, -1.5, 'ab')";

#[tokio::test(flavor = "multi_thread")]
async fn pushed_filters_select_the_rows_that_unpushed_ones_select() {
    let sql = Sql::new().await;
    sql.run("CREATE TABLE t (k INT, d DOUBLE, s STRING)").await.unwrap();
    sql.run(&format!("INSERT INTO t VALUES {ROWS}")).await.unwrap();
    let columns = [
        ("k", ["1", "4", "NULL", "2.5"]),
        ("d", ["0", "-0.0", "NULL", "CAST('NaN' AS DOUBLE)"]),
        ("s", ["'a'", "''", "NULL", "'b'"]),
    ];
    let mut leaves =
        vec!["k = d".to_owned(), "s LIKE 'a%'".to_owned(), "s NOT LIKE 'a%'".to_owned(), "NULL".to_owned()];
    for (column, literals) in columns {
        for literal in literals {
            for operator in ["=", "<>", "<", "<=", ">", ">="] {
                leaves.push(format!("{column} {operator} {literal}"));
            }
        }
        let [a, b, null, c] = literals;
        for list in [
            a.to_owned(),
            null.to_owned(),
            format!("{a}, {b}"),
            format!("{a}, {null}"),
            format!("{a}, {b}, {c}, {null}"),
        ] {
            leaves.push(format!("{column} IN ({list})"));
            leaves.push(format!("{column} NOT IN ({list})"));
        }
        leaves.push(format!("{column} BETWEEN {a} AND {b}"));
        leaves.push(format!("{column} NOT BETWEEN {a} AND {null}"));
        leaves.push(format!("{column} IS NULL"));
    }
    let mut filters = leaves.clone();
    for (number, leaf) in leaves.iter().enumerate() {
        let other = &leaves[(number * 7 + 3) % leaves.len()];
        filters.extend([
            format!("NOT ({leaf})"),
            format!("{leaf} AND {other}"),
            format!("{leaf} OR {other}"),
            format!("NOT ({leaf} OR {other})"),
        ]);
    }
    let mut selecting = 0;
    for filter in &filters {
        let keys = "SELECT array_to_string(array_agg(k ORDER BY k), ' ') FROM";
        let pushed = sql.text(&format!("{keys} t WHERE {filter}")).await;
        let unpushed = sql.text(&format!("{keys} (SELECT * FROM t LIMIT 99) WHERE {filter}")).await;
        assert_eq!(pushed, unpushed, "{filter}");
        selecting += usize::from(pushed != "-");
    }
    assert!(selecting > filters.len() / 4, "{selecting} of {} filters select something", filters.len());
}
