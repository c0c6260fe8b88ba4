//! `PARTITION (p = 1, q)`

use datafusion::sql::sqlparser::tokenizer::Token;
use tidelake_table::{PartitionSpec, TableSchema};

use super::Cursor;
use crate::{
    error::{Result, SyntaxSnafu},
    statement::statements,
};

/// Partition columns, each with a value if it has one in the statement; the value NULL is `Some(None)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartitionClause(pub(crate) Vec<(String, Option<Option<String>>)>);

impl PartitionClause {
    /// The columns that have a value, as the table calls partitions.
    pub(crate) fn spec(&self, schema: &TableSchema) -> PartitionSpec {
        let null = schema.options.text("partition.default-name").unwrap_or("__DEFAULT_PARTITION__");
        let value = |text: &Option<String>| text.clone().unwrap_or_else(|| null.to_owned());
        self.0.iter().filter_map(|(name, given)| given.as_ref().map(|text| (name.clone(), value(text)))).collect()
    }
}

/// `p = 1 AND q = 'x' OR p = 2`: which partitions a condition of equalities means.
pub(crate) fn parse_conditions(text: &str) -> Result<Vec<PartitionClause>> {
    let parsed = statements(text)?;
    let [condition] = parsed.as_slice() else {
        return SyntaxSnafu { message: format!("`{text}` is not a condition") }.fail();
    };
    let mut cursor = Cursor::new(condition);
    let mut clauses = vec![PartitionClause(Vec::new())];
    loop {
        let name = cursor.name()?;
        let value = match cursor.take(&["IS", "NULL"]) {
            true => None,
            false => {
                cursor.expect_token(&Token::Eq)?;
                cursor.literal()?
            }
        };
        if let Some(clause) = clauses.last_mut() {
            clause.0.push((name, Some(value)));
        }
        if cursor.take(&["OR"]) {
            clauses.push(PartitionClause(Vec::new()));
        } else if !cursor.take(&["AND"]) {
            cursor.end()?;
            return Ok(clauses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_equalities_name_partitions() {
        let clauses = parse_conditions("p = 1 AND q = 'x' OR p IS NULL").unwrap();
        let fixed = |name: &str, value: Option<&str>| (name.to_owned(), Some(value.map(str::to_owned)));
        assert_eq!(clauses[0].0, [fixed("p", Some("1")), fixed("q", Some("x"))]);
        assert_eq!(clauses[1].0, [fixed("p", None)]);
        for wrong in ["", "p > 1", "p = 1 AND", "p = 1; q = 2"] {
            assert!(parse_conditions(wrong).is_err(), "{wrong}");
        }
    }
}
