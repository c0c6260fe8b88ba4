//! `CALL sys.procedure(…)`, with names as in Spark and Flink, or by position as in Flink.
//!
//! ```text
//! CALL sys.compact(table => 'db.t', compact_strategy => 'full')      CALL sys.compact('db.t', 'p=1;p=2')
//! ```

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Cursor;
use crate::{
    error::{Result, SyntaxSnafu},
    statement::Statement,
};

/// A procedure's arguments by name, as text. Empty ones and NULL count as not given.
#[derive(Debug)]
pub(crate) struct Arguments {
    procedure: String,
    given: BTreeMap<String, String>,
}

/// Each procedure with its parameters, in the order in which they are given without names.
const PROCEDURES: [(&str, &[&str]); 4] = [
    ("compact", &["table", "partitions", "compact_strategy", "where"]),
    ("expire_snapshots", &["table", "retain_max", "retain_min", "older_than", "dry_run"]),
    ("create_tag", &["table", "tag", "snapshot"]),
    ("delete_tag", &["table", "tag"]),
];

/// Other names of parameters, as one of the engines has them.
const SYNONYMS: [(&str, &str); 4] =
    [("table_id", "table"), ("tag_name", "tag"), ("snapshot_id", "snapshot"), ("identifier", "table")];

/// The procedure's name and arguments; an error names those there are.
pub(crate) fn parse_call(statement: &Statement) -> Result<Arguments> {
    let mut cursor = Cursor::new(statement);
    cursor.expect(&["CALL"])?;
    let path = cursor.path()?;
    let name = path.join(".").to_ascii_lowercase();
    let found = PROCEDURES.iter().find(|(known, _)| name.strip_prefix("sys.") == Some(known));
    let Some((procedure, parameters)) = found else {
        let known = PROCEDURES.map(|(known, _)| format!("sys.{known}")).join(", ");
        return SyntaxSnafu { message: format!("there is no procedure `{name}` (there are: {known})") }.fail();
    };
    let mut given = BTreeMap::new();
    cursor.expect_token(&Token::LParen)?;
    while !cursor.take_token(&Token::RParen) {
        if !given.is_empty() || cursor.peek().is_some_and(|piece| piece.token == Token::Comma) {
            cursor.expect_token(&Token::Comma)?;
        }
        let named = cursor.peek_at(1).is_some_and(|piece| matches!(piece.token, Token::RArrow | Token::Eq));
        let parameter = if named {
            let name = cursor.name()?.to_ascii_lowercase();
            cursor.next();
            SYNONYMS.iter().find(|(other, _)| *other == name).map_or(name, |(_, name)| (*name).to_owned())
        } else {
            parameters.get(given.len()).map(|&name| name.to_owned()).unwrap_or_default()
        };
        if !parameters.contains(&parameter.as_str()) {
            let message = format!("`sys.{procedure}` takes {}, not `{parameter}`", parameters.join(", "));
            return SyntaxSnafu { message }.fail();
        }
        let value = cursor.literal()?.unwrap_or_default();
        if given.insert(parameter.clone(), value).is_some() {
            return SyntaxSnafu { message: format!("`{parameter}` is given twice") }.fail();
        }
    }
    cursor.end()?;
    Ok(Arguments { procedure: (*procedure).to_owned(), given })
}

impl Arguments {
    /// Of which procedure.
    pub(crate) fn procedure(&self) -> &str {
        &self.procedure
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        match self.get(name) {
            Some(text) => Ok(text),
            None => SyntaxSnafu { message: format!("`sys.{}` needs `{name}`", self.procedure) }.fail(),
        }
    }

    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>> {
        let parsed = self.get(name).map(|text| (text, text.parse()));
        match parsed {
            None => Ok(None),
            Some((_, Ok(number))) => Ok(Some(number)),
            Some((text, Err(_))) => SyntaxSnafu { message: format!("`{name}` is `{text}`, expected a number") }.fail(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    fn parsed(sql: &str) -> Result<Arguments> {
        parse_call(&statements(sql).unwrap()[0])
    }

    #[test]
    fn arguments_have_names_or_places() {
        let named = parsed("CALL sys.compact(table => 'db.t', compact_strategy => 'full')").unwrap();
        assert_eq!((named.procedure(), named.get("table")), ("compact", Some("db.t")));
        assert_eq!((named.get("compact_strategy"), named.get("partitions")), (Some("full"), None));
        let placed = parsed("call sys.expire_snapshots('db.t', 3)").unwrap();
        assert_eq!(placed.number::<u32>("retain_max").unwrap(), Some(3));
        assert_eq!(
            parsed("CALL sys.create_tag(`table` => 't', tag => 'a', snapshot_id => 2)").unwrap().get("snapshot"),
            Some("2")
        );
        assert_eq!(parsed("CALL sys.compact('t', '')").unwrap().get("partitions"), None);
        for wrong in [
            "CALL sys.grow()",
            "CALL compact('t')",
            "CALL sys.compact(size => 3)",
            "CALL sys.compact('t', table => 't')",
            "CALL sys.delete_tag('t', 'a', 'b')",
            "CALL sys.compact('t' 'p')",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
        assert!(parsed("CALL sys.compact()").unwrap().required("table").is_err());
    }
}
