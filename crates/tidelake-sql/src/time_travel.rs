//! Versions of a table in a query, written as Spark and Flink write them, become part of the table's name.
//!
//! `FROM orders VERSION AS OF 3 o` becomes `FROM "orders@v3" o`; so do `FOR VERSION AS OF 'tag'`,
//! `FOR SYSTEM_TIME AS OF TIMESTAMP '2024-02-29 01:02:03'` and `TIMESTAMP AS OF '…'`.

use datafusion::sql::sqlparser::tokenizer::Token;

use crate::{
    Result, Version,
    error::SyntaxSnafu,
    statement::{Piece, Statement},
};

/// The statement's text, with versions moved into names.
pub(crate) fn with_versions_in_names(statement: &Statement) -> Result<String> {
    let pieces = &statement.pieces;
    let mut text = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at + 1 < pieces.len() {
        let version = if names_a_table(pieces, at) { version_at(&pieces[at + 1..])? } else { None };
        match version {
            Some((version, length)) => {
                text.push_str(&statement.text[copied..pieces[at].start]);
                let name = pieces[at].name().unwrap_or_default();
                text.push_str(&format!("\"{}@{}\"", name.replace('"', "\"\""), version.address().replace('"', "\"\"")));
                // `FROM t VERSION AS OF 3` without an alias is still called `t`.
                let last = at + length;
                copied = pieces[last].end;
                if !followed_by_alias(&pieces[last + 1..]) {
                    text.push_str(&format!(" AS \"{}\"", name.replace('"', "\"\"")));
                }
                at = last + 1;
            }
            None => at += 1,
        }
    }
    text.push_str(&statement.text[copied..]);
    Ok(text)
}

/// Whether the piece stands where a table's name ends; `version` and `of` are fine names of columns.
fn names_a_table(pieces: &[Piece], at: usize) -> bool {
    let after_table_word = at.checked_sub(1).and_then(|before| pieces.get(before)).is_some_and(|before| {
        before.is("FROM") || before.is("JOIN") || matches!(before.token, Token::Comma | Token::Period)
    });
    after_table_word && pieces[at].name().is_some()
}

/// The version that these tokens begin with, and how many of them it takes.
fn version_at(pieces: &[Piece]) -> Result<Option<(Version, usize)>> {
    let mut at = usize::from(pieces.first().is_some_and(|piece| piece.is("FOR")));
    let Some(word) = pieces.get(at) else { return Ok(None) };
    let by_time = word.is("TIMESTAMP") || word.is("SYSTEM_TIME");
    let by_version = word.is("VERSION") || word.is("SYSTEM_VERSION");
    let as_of = matches!(pieces.get(at + 1..at + 3), Some([first, second]) if first.is("AS") && second.is("OF"));
    if !(by_time || by_version) || !as_of {
        return Ok(None);
    }
    at += 3;
    if by_time && pieces.get(at).is_some_and(|piece| piece.is("TIMESTAMP")) {
        at += 1;
    }
    let version = match pieces.get(at).map(|piece| &piece.token) {
        Some(Token::Number(digits, _)) if by_time => digits.parse().ok().map(Version::Millis),
        Some(Token::Number(digits, _)) => digits.parse().ok().map(Version::Snapshot),
        Some(Token::SingleQuotedString(text)) if by_time => match Version::at_time(text) {
            Some(version) => Some(version),
            None => {
                let message = format!("`{text}` is not a time: write 'YYYY-MM-DD hh:mm:ss', in UTC");
                return SyntaxSnafu { message }.fail();
            }
        },
        Some(Token::SingleQuotedString(text)) => Some(Version::Named(text.clone())),
        _ => None,
    };
    match version {
        Some(version) => Ok(Some((version, at + 1))),
        None => SyntaxSnafu { message: "AS OF needs a snapshot's number, a tag in quotes, or a time in quotes" }.fail(),
    }
}

/// Whether the next token names the table anew.
fn followed_by_alias(pieces: &[Piece]) -> bool {
    const CLAUSES: [&str; 22] = [
        "WHERE",
        "GROUP",
        "ORDER",
        "LIMIT",
        "JOIN",
        "INNER",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
        "NATURAL",
        "ON",
        "USING",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "HAVING",
        "OFFSET",
        "FETCH",
        "WINDOW",
        "QUALIFY",
        "SET",
    ];
    match pieces.first() {
        Some(piece) => piece.name().is_some() && !CLAUSES.iter().any(|clause| piece.is(clause)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    fn rewritten(sql: &str) -> String {
        with_versions_in_names(&statements(sql).unwrap()[0]).unwrap()
    }

    #[test]
    fn versions_move_into_names() {
        assert_eq!(rewritten("SELECT * FROM db.t VERSION AS OF 3"), r#"SELECT * FROM db."t@v3" AS "t""#);
        assert_eq!(
            rewritten(
                "SELECT * FROM t FOR VERSION AS OF 'a tag' x JOIN u TIMESTAMP AS OF '2024-01-01 10:00:00' WHERE 1 = 1"
            ),
            r#"SELECT * FROM "t@a tag" x JOIN "u@2024-01-01T10:00:00" AS "u" WHERE 1 = 1"#
        );
        assert_eq!(
            rewritten("SELECT 1 FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00' AS x"),
            r#"SELECT 1 FROM "t@2024-01-01T00:00:00" AS x"#
        );
        assert_eq!(rewritten("SELECT version AS of FROM t"), "SELECT version AS of FROM t");
        assert_eq!(
            rewritten("SELECT * FROM t TIMESTAMP AS OF '2024-01-01' x"),
            r#"SELECT * FROM "t@2024-01-01T00:00:00" x"#
        );
        for wrong in ["t VERSION AS OF x", "t TIMESTAMP AS OF 'a tag'", "t TIMESTAMP AS OF '2024'"] {
            let sql = format!("SELECT * FROM {wrong}");
            assert!(with_versions_in_names(&statements(&sql).unwrap()[0]).is_err(), "{wrong}");
        }
    }
}
