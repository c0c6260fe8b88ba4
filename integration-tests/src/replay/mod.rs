//! Histories of another writer, replayed by Tidelake on a table of its own.
//!
//! A [`History`] is what Java's oracle wrote down while it changed a table: `input.jsonl` with its commits, schema changes and
//! tags, and the rows that Java read after each step. A [`Player`] does the same things through Tidelake's library.
//! [`changes`] compares two streams of changes although compactions came at other times.

pub mod changes;
mod history;
mod player;
mod schema;
mod unsettled;

pub use history::{Commit, Compact, History, Op, Step};
pub use player::Player;
pub use schema::{changes_between, created_schema};

/// Fails are texts here: a test collects them.
pub type Result<T, E = String> = std::result::Result<T, E>;

/// The first lines in which two answers differ; `None` if they are the same.
pub fn difference(ours: &[String], expected: &[String]) -> Option<String> {
    if ours == expected {
        return None;
    }
    let at = ours.iter().zip(expected).take_while(|(ours, expected)| ours == expected).count();
    let shown = |lines: &[String]| {
        let shown: Vec<_> = lines.iter().skip(at).take(3).map(String::as_str).collect();
        if shown.is_empty() { "(end)".to_owned() } else { shown.join("\n          ") }
    };
    Some(format!(
        "{} lines, expected {}; from line {}\n      ours {}\n      Java {}",
        ours.len(),
        expected.len(),
        at + 1,
        shown(ours),
        shown(expected)
    ))
}
