//! Walking over the tokens of a statement.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::PartitionClause;
use crate::{
    error::{Result, SyntaxSnafu},
    statement::{Piece, Statement},
};

/// A place in a statement.
pub(crate) struct Cursor<'a> {
    statement: &'a Statement,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(statement: &'a Statement) -> Self {
        Self { statement, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<&'a Piece> {
        self.statement.pieces.get(self.at)
    }

    /// What comes so many pieces later.
    pub(crate) fn peek_at(&self, later: usize) -> Option<&'a Piece> {
        self.statement.pieces.get(self.at + later)
    }

    pub(crate) fn next(&mut self) -> Option<&'a Piece> {
        let piece = self.peek()?;
        self.at += 1;
        Some(piece)
    }

    /// Steps over these words if they come next.
    pub(crate) fn take(&mut self, words: &[&str]) -> bool {
        let rest = &self.statement.pieces[self.at..];
        let there = rest.len() >= words.len() && words.iter().zip(rest).all(|(word, piece)| piece.is(word));
        if there {
            self.at += words.len();
        }
        there
    }

    /// Steps over this token if it comes next.
    pub(crate) fn take_token(&mut self, token: &Token) -> bool {
        let there = self.peek().is_some_and(|piece| piece.token == *token);
        if there {
            self.at += 1;
        }
        there
    }

    pub(crate) fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.take_token(token) { Ok(()) } else { self.expected(&format!("`{token}`")) }
    }

    pub(crate) fn expect(&mut self, words: &[&str]) -> Result<()> {
        if self.take(words) { Ok(()) } else { self.expected(&words.join(" ")) }
    }

    /// A name.
    pub(crate) fn name(&mut self) -> Result<String> {
        match self.peek().and_then(Piece::name) {
            Some(name) => {
                self.at += 1;
                Ok(name.to_owned())
            }
            None => self.expected("a name"),
        }
    }

    /// A string literal.
    pub(crate) fn string(&mut self) -> Result<String> {
        match self.peek().and_then(Piece::string) {
            Some(text) => {
                self.at += 1;
                Ok(text.to_owned())
            }
            None => self.expected("a string in single quotes"),
        }
    }

    /// A literal as text; `None` for NULL. `DATE '…'`, `TIMESTAMP '…'` and `TIME '…'` are their strings.
    pub(crate) fn literal(&mut self) -> Result<Option<String>> {
        if self.take(&["NULL"]) {
            return Ok(None);
        }
        for word in ["true", "false"] {
            if self.take(&[word]) {
                return Ok(Some(word.to_owned()));
            }
        }
        let typed = self.peek().is_some_and(|piece| ["DATE", "TIME", "TIMESTAMP"].iter().any(|word| piece.is(word)));
        self.at += usize::from(typed);
        let sign = if !typed && self.take_token(&Token::Minus) { "-" } else { "" };
        match self.peek().map(|piece| &piece.token) {
            Some(Token::Number(number, _)) if !typed => {
                self.at += 1;
                Ok(Some(format!("{sign}{number}")))
            }
            _ if sign.is_empty() => self.string().map(Some),
            _ => self.expected("a number"),
        }
    }

    /// `(p = 1, q)`
    pub(crate) fn partition(&mut self) -> Result<PartitionClause> {
        self.expect_token(&Token::LParen)?;
        let mut values = Vec::new();
        loop {
            let name = self.name()?;
            let value = if self.take_token(&Token::Eq) { Some(self.literal()?) } else { None };
            values.push((name, value));
            if self.take_token(&Token::RParen) {
                return Ok(PartitionClause(values));
            }
            self.expect_token(&Token::Comma)?;
        }
    }

    /// `(a, b)`
    pub(crate) fn names(&mut self) -> Result<Vec<String>> {
        self.expect_token(&Token::LParen)?;
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            if self.take_token(&Token::RParen) {
                return Ok(names);
            }
            self.expect_token(&Token::Comma)?;
        }
    }

    /// `name`, `db.name` or `catalog.db.name`: the parts.
    pub(crate) fn path(&mut self) -> Result<Vec<String>> {
        let mut parts = vec![self.name()?];
        while self.take_token(&Token::Period) {
            parts.push(self.name()?);
        }
        Ok(parts)
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { self.expected("the end of the statement") }
    }

    /// The text from here up to where `stops` says, at the outermost level of brackets.
    pub(crate) fn text_until(&mut self, stops: impl Fn(&Piece) -> bool) -> Result<&'a str> {
        let Some(first) = self.peek() else { return self.expected("more") };
        let (start, mut end, mut depth) = (first.start, first.start, 0i32);
        while let Some(piece) = self.peek() {
            if depth == 0 && stops(piece) {
                break;
            }
            match piece.token {
                Token::LParen | Token::Lt => depth += 1,
                Token::RParen | Token::Gt => depth -= 1,
                Token::ShiftRight => depth -= 2,
                _ => {}
            }
            end = piece.end;
            self.at += 1;
        }
        Ok(self.statement.text[start..end].trim())
    }

    /// The rest of the text.
    pub(crate) fn rest(&mut self) -> &'a str {
        let start = self.peek().map_or(self.statement.text.len(), |piece| piece.start);
        self.at = self.statement.pieces.len();
        &self.statement.text[start..]
    }

    pub(crate) fn expected<T>(&self, what: &str) -> Result<T> {
        let message = match self.peek() {
            Some(piece) => {
                let before = &self.statement.text[..piece.start];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                format!("expected {what}, found `{}` at line {line}, column {column}", piece.token)
            }
            None => format!("expected {what} at the end of the statement"),
        };
        SyntaxSnafu { message }.fail()
    }
}
