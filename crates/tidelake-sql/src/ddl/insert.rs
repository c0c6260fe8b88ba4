//! `INSERT OVERWRITE`, and `INSERT INTO` with partitions.
//!
//! ```text
//! INSERT (OVERWRITE [TABLE | INTO] | INTO) [db.]t [(col, …)] [PARTITION (p = 1, q)] [(col, …)] query
//! ```

use datafusion::sql::sqlparser::tokenizer::Token;

use super::{Cursor, PartitionClause};
use crate::{error::Result, statement::Statement};

/// Rows of a query for a table.
#[derive(Debug)]
pub(crate) struct Insert {
    pub(crate) path: Vec<String>,
    pub(crate) overwrite: bool,
    pub(crate) partition: PartitionClause,
    /// The columns that the query gives; empty for all that have no value in `partition`.
    pub(crate) columns: Vec<String>,
    pub(crate) query: String,
}

/// `None` for an `INSERT` that DataFusion understands as it is.
pub(crate) fn parse_insert(statement: &Statement) -> Result<Option<Insert>> {
    let mut cursor = Cursor::new(statement);
    let overwrite = cursor.take(&["INSERT", "OVERWRITE"]);
    if !overwrite && !cursor.take(&["INSERT", "INTO"]) {
        return Ok(None);
    }
    if overwrite {
        cursor.take(&["INTO"]);
    }
    cursor.take(&["TABLE"]);
    let path = cursor.path()?;
    let mut columns = columns(&mut cursor)?;
    let partition = cursor.take(&["PARTITION"]).then(|| cursor.partition()).transpose()?;
    if !overwrite && partition.is_none() {
        return Ok(None);
    }
    if columns.is_empty() {
        columns = self::columns(&mut cursor)?;
    }
    if cursor.peek().is_none() {
        return cursor.expected("a query");
    }
    let partition = partition.unwrap_or(PartitionClause(Vec::new()));
    Ok(Some(Insert { path, overwrite, partition, columns, query: cursor.rest().to_owned() }))
}

/// Names in brackets, unless it is a query in brackets.
fn columns(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    let after = cursor.peek_at(1);
    let query = ["SELECT", "VALUES", "WITH"].iter().any(|word| after.is_some_and(|piece| piece.is(word)));
    let bracket = cursor.peek().is_some_and(|piece| piece.token == Token::LParen);
    let nested = after.is_some_and(|piece| piece.token == Token::LParen);
    if bracket && !query && !nested { cursor.names() } else { Ok(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    fn parsed(sql: &str) -> Option<Insert> {
        parse_insert(&statements(sql).unwrap()[0]).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    #[test]
    fn what_is_replaced_and_by_what() {
        let insert = parsed("INSERT OVERWRITE TABLE db.t PARTITION (p = 1, q) (a, b) SELECT 1, 2").unwrap();
        assert_eq!((insert.path.join("."), insert.columns.join(",")), ("db.t".to_owned(), "a,b".to_owned()));
        assert_eq!((insert.overwrite, insert.query.as_str()), (true, "SELECT 1, 2"));
        assert_eq!(insert.partition.0, [("p".to_owned(), Some(Some("1".to_owned()))), ("q".to_owned(), None)]);
        let insert = parsed("INSERT OVERWRITE t (a) VALUES (1)").unwrap();
        assert_eq!((insert.columns.join(","), insert.query.as_str()), ("a".to_owned(), "VALUES (1)"));
        let insert = parsed("INSERT OVERWRITE t (SELECT 1)").unwrap();
        assert_eq!((insert.columns.len(), insert.query.as_str()), (0, "(SELECT 1)"));
        assert!(!parsed("INSERT INTO t PARTITION (p = DATE '2024-01-01') SELECT 1").unwrap().overwrite);
        assert!(parsed("INSERT INTO t (a) VALUES (1)").is_none());
        assert!(parsed("SELECT 1").is_none());
        assert!(parse_insert(&statements("INSERT OVERWRITE t").unwrap()[0]).is_err());
    }
}
