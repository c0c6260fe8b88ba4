//! Statements from a terminal, a key at a time, or from a pipe, a line at a time.
//!
//! ```text
//! tide> SELECT *          lines are gathered until the statement is whole;
//!    -> FROM t;           the last one is edited, those above stay as they are
//! ```

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
};

use console::{Key, Term, measure_text_width};

use super::{
    line::{Line, is_complete},
    words::Words,
};

const PROMPT: &str = "tide> ";
const MORE: &str = "   -> ";
/// Older statements are forgotten.
const REMEMBERED: usize = 1000;

/// Where statements come from.
pub(super) struct Input {
    term: Term,
    /// Whether keys can be read.
    keys: bool,
    words: Arc<Words>,
    /// The oldest first.
    history: Vec<String>,
    file: Option<PathBuf>,
}

/// What came.
pub(super) enum Typed {
    Statement(String),
    /// What was typed so far is given up.
    Interrupted,
    End,
}

impl Input {
    pub(super) fn new(words: Arc<Words>) -> Self {
        let term = Term::stderr();
        let keys = io::stdin().is_terminal() && term.is_term();
        let file = history_file(keys);
        let kept = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        Self { term, keys, words, history: kept.lines().map(unescaped).collect(), file }
    }

    /// Whether a person types.
    pub(super) fn is_terminal(&self) -> bool {
        self.keys
    }

    /// The next statement.
    pub(super) fn read(&mut self) -> io::Result<Typed> {
        let mut text = String::new();
        loop {
            let line = match self.keys {
                true => match self.typed_line(if text.is_empty() { PROMPT } else { MORE })? {
                    Ok(line) => line,
                    Err(Key::CtrlC) => return Ok(Typed::Interrupted),
                    Err(_) if text.is_empty() => return Ok(Typed::End),
                    Err(_) => return Ok(Typed::Interrupted),
                },
                false => {
                    let mut line = String::new();
                    if io::stdin().read_line(&mut line)? == 0 {
                        return Ok(if text.is_empty() { Typed::End } else { Typed::Statement(text) });
                    }
                    line
                }
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line.trim_end_matches(['\r', '\n']));
            if is_complete(&text) {
                return Ok(Typed::Statement(text));
            }
        }
    }

    /// Keeps a statement for later, also for later runs.
    pub(super) fn remember(&mut self, statement: &str) {
        if self.history.last().is_none_or(|last| last != statement) {
            self.history.push(statement.to_owned());
        }
        let old = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..old);
        if let Some(file) = &self.file {
            let lines: String = self.history.iter().map(|statement| escaped(statement) + "\n").collect();
            // A history that cannot be kept is no reason to stop.
            let _ = std::fs::write(file, lines);
        }
    }

    /// Edits one line; the key that gave it up, if it was one.
    fn typed_line(&self, prompt: &str) -> io::Result<Result<String, Key>> {
        let mut line = Line::default();
        // The place in the history, and what was typed before it was looked at.
        let (mut place, mut begun) = (self.history.len(), String::new());
        loop {
            self.draw(prompt, &line)?;
            let key = self.term.read_key_raw()?;
            match &key {
                Key::Enter | Key::CtrlC => {}
                Key::Char('\u{4}') if line.text().is_empty() => {}
                Key::Char('\u{4}') => {
                    line.edit(&Key::Del);
                    continue;
                }
                Key::Tab => {
                    self.complete(&mut line)?;
                    continue;
                }
                Key::ArrowUp | Key::ArrowDown => {
                    if place == self.history.len() {
                        begun = line.text().to_owned();
                    }
                    let fits = |at: &usize| self.history[*at].starts_with(&begun);
                    let found = match key {
                        Key::ArrowUp => (0..place).rev().find(fits),
                        _ => (place + 1..self.history.len()).find(fits),
                    };
                    match (found, &key) {
                        (Some(at), _) => {
                            place = at;
                            line = Line::new(self.history[at].replace('\n', " "));
                        }
                        (None, Key::ArrowDown) => {
                            place = self.history.len();
                            line = Line::new(std::mem::take(&mut begun));
                        }
                        _ => {}
                    }
                    continue;
                }
                _ => {
                    line.edit(&key);
                    place = self.history.len();
                    continue;
                }
            }
            self.term.write_line("")?;
            return Ok(if key == Key::Enter { Ok(line.text().to_owned()) } else { Err(key) });
        }
    }

    /// One screen line, scrolled sideways so that the cursor is on it.
    fn draw(&self, prompt: &str, line: &Line) -> io::Result<()> {
        let width = usize::from(self.term.size().1).saturating_sub(prompt.len() + 1).max(10);
        let mut from = 0;
        while measure_text_width(&line.before()[from..]) > width {
            from += line.before()[from..].chars().next().map_or(1, char::len_utf8);
        }
        let shown: String = line.text()[from..].chars().take(width).collect();
        let back = measure_text_width(&shown).saturating_sub(measure_text_width(&line.before()[from..]));
        self.term.clear_line()?;
        self.term.write_str(&format!("{prompt}{shown}"))?;
        self.term.move_cursor_left(back)
    }

    /// Completes as far as it is clear, and shows what there is.
    fn complete(&self, line: &mut Line) -> io::Result<()> {
        let found = self.words.completions(line.word());
        let Some(common) = common_start(&found) else { return Ok(()) };
        if common.len() >= line.word().len() {
            line.replace_word(&common);
        }
        if found.len() > 1 {
            self.term.write_line("")?;
            let shown: Vec<&str> = found.iter().take(60).map(String::as_str).collect();
            self.term.write_line(&shown.join("  "))?;
        }
        Ok(())
    }
}

/// What all of these begin with.
fn common_start(words: &[String]) -> Option<String> {
    let mut common = words.first()?.clone();
    for word in words {
        let same = common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        common.truncate(same);
    }
    Some(common)
}

/// `TIDE_HISTORY`, or `.tide_history` in the user's folder where a person types.
fn history_file(keys: bool) -> Option<PathBuf> {
    if let Some(file) = std::env::var_os("TIDE_HISTORY") {
        return Some(file.into()).filter(|file: &PathBuf| !file.as_os_str().is_empty());
    }
    std::env::var_os("HOME").filter(|_| keys).map(|home| PathBuf::from(home).join(".tide_history"))
}

/// On one line.
fn escaped(statement: &str) -> String {
    statement.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => text.push(if chars.next() == Some('n') { '\n' } else { '\\' }),
            (c, false) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_kept_on_one_line_each() {
        for text in ["SELECT 1;", "SELECT\n'\\n';", "\\d", "a\\", ""] {
            assert_eq!(unescaped(&escaped(text)), text);
            assert!(!escaped(text).contains('\n'));
        }
    }

    #[test]
    fn what_is_clear_is_completed() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(common_start(&words(&["orders", "order_id"])).as_deref(), Some("order"));
        assert_eq!(common_start(&words(&["é", "è"])).as_deref(), Some(""));
        assert_eq!(common_start(&[]), None);
    }
}
