//! One line while it is typed.

use console::Key;

/// The text, and where the cursor stands.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    /// Before this byte.
    at: usize,
}

impl Line {
    pub(super) fn new(text: String) -> Self {
        Self { at: text.len(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub(super) fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// The word that the cursor stands behind.
    pub(super) fn word(&self) -> &str {
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '@');
        let before = self.before();
        &before[before.trim_end_matches(in_word).len()..]
    }

    /// Puts a word in the place of [`Self::word`].
    pub(super) fn replace_word(&mut self, with: &str) {
        let from = self.at - self.word().len();
        self.text.replace_range(from..self.at, with);
        self.at = from + with.len();
    }

    /// What a key changes. Keys as in other shells: arrows, Home, End, Ctrl-A, E, K, U, W.
    pub(super) fn edit(&mut self, key: &Key) {
        let previous = self.before().char_indices().next_back().map_or(0, |(at, _)| at);
        let next = self.text[self.at..].chars().next().map_or(self.at, |c| self.at + c.len_utf8());
        match key {
            Key::ArrowLeft => self.at = previous,
            Key::ArrowRight => self.at = next,
            Key::Home | Key::Char('\u{1}') => self.at = 0,
            Key::End | Key::Char('\u{5}') => self.at = self.text.len(),
            Key::Backspace | Key::Char('\u{8}' | '\u{7f}') => self.cut(previous, self.at),
            Key::Del => self.cut(self.at, next),
            Key::Char('\u{b}') => self.text.truncate(self.at),
            Key::Char('\u{15}') => self.cut(0, self.at),
            Key::Char('\u{17}') => {
                let kept = self.before().trim_end().trim_end_matches(|c: char| !c.is_whitespace()).len();
                self.cut(kept, self.at);
            }
            Key::Char(c) if !c.is_control() => {
                self.text.insert(self.at, *c);
                self.at += c.len_utf8();
            }
            _ => {}
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = from;
    }
}

/// Whether a statement is whole: a shell's command, or SQL up to a `;` that stands in no quotes or comment.
pub(super) fn is_complete(text: &str) -> bool {
    let text = text.trim();
    let leaves = text.eq_ignore_ascii_case("quit") || text.eq_ignore_ascii_case("exit");
    if text.is_empty() || text.starts_with('\\') || leaves {
        return true;
    }
    let (mut chars, mut last, mut quote) = (text.chars().peekable(), ' ', None);
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '-' && chars.peek() == Some(&'-') => {
                chars.by_ref().find(|c| *c == '\n');
                continue;
            }
            _ => {}
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    quote.is_none() && last == ';'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_the_line() {
        let mut line = Line::default();
        let mut typed = |keys: &[Key]| {
            keys.iter().for_each(|key| line.edit(key));
            format!("{}|{}", line.before(), &line.text()[line.before().len()..])
        };
        let text = |text: &str| text.chars().map(Key::Char).collect::<Vec<_>>();
        assert_eq!(typed(&text("sélect x")), "sélect x|");
        assert_eq!(typed(&[Key::ArrowLeft, Key::ArrowLeft, Key::Backspace]), "sélec| x");
        assert_eq!(typed(&[Key::Home, Key::ArrowRight, Key::Del]), "s|lec x");
        assert_eq!(typed(&[Key::End, Key::Char('\u{17}')]), "slec |");
        assert_eq!(typed(&[Key::Home, Key::ArrowLeft, Key::Backspace, Key::Char('\u{b}')]), "|");
        assert_eq!(typed(&[Key::Del, Key::Tab, Key::Char('\u{4}'), Key::Char('ü')]), "ü|");
        assert_eq!(typed(&[Key::Char('\u{15}')]), "|");
    }

    #[test]
    fn a_word_is_replaced_where_the_cursor_stands() {
        let mut line = Line::new("SELECT * FROM shop.or WHERE é".to_owned());
        assert_eq!(line.word(), "é");
        (0..8).for_each(|_| line.edit(&Key::ArrowLeft));
        assert_eq!(line.word(), "shop.or");
        line.replace_word("shop.orders");
        assert_eq!((line.before(), line.text()), ("SELECT * FROM shop.orders", "SELECT * FROM shop.orders WHERE é"));
    }

    #[test]
    fn a_statement_ends_at_its_semicolon() {
        for text in ["", "  ", "\\d", "SELECT 1;", "SELECT ';' ; ", "SELECT 1; -- done", "quit", "SELECT \"a;\";\n"] {
            assert!(is_complete(text), "{text}");
        }
        for text in ["SELECT 1", "SELECT ';", "SELECT 1 -- ;", "SELECT 'it''s;", "SELECT 1;\nSELECT 2"] {
            assert!(!is_complete(text), "{text}");
        }
    }
}
