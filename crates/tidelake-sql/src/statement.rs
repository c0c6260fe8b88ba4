//! One text, several statements; and what kind each is.

use datafusion::sql::sqlparser::{
    dialect::GenericDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace, Word},
};

use crate::error::{Error, Result, UnsupportedSnafu};

/// A token, and where its text begins and ends.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) token: Token,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A statement's text and its tokens, comments and blanks left out.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) pieces: Vec<Piece>,
}

/// Splits at `;` outside of strings, names and comments. Empty statements are left out.
pub fn split_statements(sql: &str) -> Result<Vec<String>> {
    Ok(statements(sql)?.into_iter().map(|statement| statement.text).collect())
}

pub(crate) fn statements(sql: &str) -> Result<Vec<Statement>> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location();
    let tokens = tokens.map_err(|error| Error::Syntax {
        message: format!("the statement cannot be read: {error}"),
        location: std::panic::Location::caller(),
    })?;
    let offsets = LineStarts::of(sql);
    let mut found = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut close = |pieces: &mut Vec<Piece>| {
        if let (Some(first), Some(last)) = (pieces.first(), pieces.last()) {
            let (start, end) = (first.start, last.end);
            let pieces =
                pieces.drain(..).map(|piece| Piece { start: piece.start - start, end: piece.end - start, ..piece });
            found.push(Statement { text: sql[start..end].to_owned(), pieces: pieces.collect() });
        }
    };
    for TokenWithSpan { token, span } in tokens {
        match token {
            Token::SemiColon => close(&mut pieces),
            Token::EOF => {}
            // A hint would change what is read: it is not passed over in silence.
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.starts_with('+') => {
                let message = format!("hints are not supported (`/*{text}*/`): write `t VERSION AS OF 3` or `t@tag`");
                return UnsupportedSnafu { message }.fail();
            }
            Token::Whitespace(_) => {}
            token => pieces.push(Piece {
                token,
                start: offsets.of_location(sql, span.start.line, span.start.column),
                end: offsets.of_location(sql, span.end.line, span.end.column),
            }),
        }
    }
    close(&mut pieces);
    Ok(found)
}

/// Where lines begin, to turn the tokenizer's lines and columns (of characters, from 1) into bytes.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn of_location(&self, text: &str, line: u64, column: u64) -> usize {
        let start = (line as usize).checked_sub(1).and_then(|line| self.0.get(line)).copied().unwrap_or(text.len());
        text[start..].char_indices().nth((column as usize).saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
    }
}

impl Statement {
    /// Whether it begins with these words.
    pub(crate) fn begins(&self, words: &[&str]) -> bool {
        words.len() <= self.pieces.len() && words.iter().zip(&self.pieces).all(|(word, piece)| piece.is(word))
    }
}

impl Piece {
    /// Whether it is this unquoted word, in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(word))
    }

    /// A name, quoted or not.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => Some(&word.value),
            _ => None,
        }
    }

    /// The text of a string literal.
    pub(crate) fn string(&self) -> Option<&str> {
        match &self.token {
            Token::SingleQuotedString(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_strings_and_comments() {
        let sql = "SELECT ';' -- not ; here\n, \"a;b\" /* ; */ ;;\n INSERT INTO t VALUES ('ü;')\n;";
        assert_eq!(
            split_statements(sql).unwrap(),
            ["SELECT ';' -- not ; here\n, \"a;b\"", "INSERT INTO t VALUES ('ü;')"]
        );
        assert!(split_statements("SELECT 'open").is_err());
    }
}
