//! What was found.

use std::{collections::BTreeSet, fmt};

/// Something that is wrong, and with which file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// What is wrong with it; lower case, without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// What was checked, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong. Empty for a whole table.
    pub problems: Vec<Problem>,
    /// What is odd but does no harm: a stale hint, a leftover snapshot, a format whose rows cannot be looked at.
    pub notes: Vec<Problem>,
    /// Schema files.
    pub schemas: u64,
    /// Snapshots, without tags.
    pub snapshots: u64,
    /// Tags.
    pub tags: u64,
    /// Manifest lists, manifests and index manifests, each counted once.
    pub manifests: u64,
    /// Data and changelog files, each counted once.
    pub data_files: u64,
    /// Rows that were decoded.
    pub rows: u64,
}

impl Report {
    /// One line: how much was checked and how many problems there are.
    pub fn summary(&self) -> String {
        let counted = |count: u64, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        [
            counted(self.snapshots, "snapshot", "snapshots"),
            counted(self.tags, "tag", "tags"),
            counted(self.manifests, "manifest", "manifests"),
            counted(self.data_files, "data file", "data files"),
            format!("{} checked", counted(self.rows, "row", "rows")),
            counted(self.problems.len() as u64, "problem", "problems"),
        ]
        .join(", ")
    }

    pub(crate) fn problem(&mut self, path: impl ToString, message: impl Into<String>) {
        self.problems.push(Problem { path: path.to_string(), message: message.into() });
    }

    pub(crate) fn note(&mut self, path: impl ToString, message: impl Into<String>) {
        self.notes.push(Problem { path: path.to_string(), message: message.into() });
    }

    /// What several snapshots share is told once.
    pub(crate) fn without_repetition(mut self) -> Self {
        for told in [&mut self.problems, &mut self.notes] {
            let mut seen = BTreeSet::new();
            told.retain(|problem| seen.insert(problem.clone()));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_in_words_and_a_problem_is_told_once() {
        let mut report = Report { snapshots: 1, rows: 2, ..Report::default() };
        report.problem("a", "it is missing");
        report.problem("a", "it is missing");
        let report = report.without_repetition();
        assert_eq!(report.summary(), "1 snapshot, 0 tags, 0 manifests, 0 data files, 2 rows checked, 1 problem");
        assert_eq!(report.problems[0].to_string(), "a: it is missing");
    }
}
