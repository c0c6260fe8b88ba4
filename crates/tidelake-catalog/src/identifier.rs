//! What a table is called.
//!
//! ```text
//! shop . orders $branch_test $files
//!  │       │         │         └ system table
//!  │       │         └ branch
//!  │       └ table
//!  └ database
//! ```

use std::fmt;

use crate::{
    Result,
    error::{InvalidNameSnafu, InvalidSnafu},
};

/// A table's name, perhaps of a branch of it or of a system table over it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// The branch; `None` for `main`.
    pub branch: Option<String>,
    /// The system table over it, without `$`: `files`.
    pub system: Option<String>,
}

const BRANCH_PREFIX: &str = "branch_";

impl Identifier {
    /// A plain table. Its names are checked.
    pub fn new(database: impl Into<String>, table: impl Into<String>) -> Result<Self> {
        let made = Self { database: database.into(), table: table.into(), branch: None, system: None };
        check_name("database", &made.database)?;
        check_name("table", &made.table)?;
        Ok(made)
    }

    /// From `database.table`, with `$branch_NAME` and `$system` behind it. Everything after the first dot is the table's.
    pub fn parse(text: &str) -> Result<Self> {
        let Some((database, object)) = text.split_once('.') else {
            let message = format!("`{}` is not the name of a table: write `database.table`", text.escape_debug());
            return InvalidSnafu { message }.fail();
        };
        let mut parts = object.split('$');
        let mut made = Self::new(database, parts.next().unwrap_or_default())?;
        let mut next = parts.next();
        if let Some(branch) = next.and_then(|part| part.strip_prefix(BRANCH_PREFIX)) {
            check_name("branch", branch)?;
            made.branch = (branch != "main").then(|| branch.to_owned());
            next = parts.next();
        }
        if let Some(system) = next {
            check_name("system table", system)?;
            made.system = Some(system.to_ascii_lowercase());
        }
        match parts.next() {
            None => Ok(made),
            Some(_) => {
                let message =
                    format!("`{}` has too many `$`: write `database.table$branch_NAME$system`", text.escape_debug());
                InvalidSnafu { message }.fail()
            }
        }
    }

    /// The table itself, without branch and system table.
    pub fn base(&self) -> Self {
        Self { database: self.database.clone(), table: self.table.clone(), branch: None, system: None }
    }

    /// For catalogs, first of all: whether a table can be made, changed or dropped under this name.
    pub fn check_plain(&self) -> Result<()> {
        check_name("database", &self.database)?;
        check_name("table", &self.table)?;
        if self.branch.is_some() || self.system.is_some() || self.table.contains('$') {
            let reason = "`$` marks branches and system tables, which are made from a table";
            return InvalidNameSnafu { what: "table", name: self.to_string(), reason }.fail();
        }
        Ok(())
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)?;
        if let Some(branch) = &self.branch {
            write!(f, "${BRANCH_PREFIX}{branch}")?;
        }
        self.system.as_ref().map_or(Ok(()), |system| write!(f, "${system}"))
    }
}

/// The one rule for names of databases, tables and branches: they become a segment of a path, on every storage.
///
/// Not empty, not blank, no `.` or `..`, no `/` and `\`, no control characters (NUL among them), at most 255 bytes; 252 for
/// a `database`, whose folder ends in `.db`.
pub fn check_name(what: &'static str, name: &str) -> Result<()> {
    let bytes_max = if what == "database" { 252 } else { 255 };
    let reason = match name {
        _ if name.trim().is_empty() => "it is empty",
        "." | ".." => "it means a folder",
        _ if name.contains(['/', '\\']) => "it has a `/` or `\\`",
        _ if name.contains(char::is_control) => "it has a control character",
        _ if name.len() > bytes_max => "it is too long (255 bytes, 252 for a database)",
        _ => return Ok(()),
    };
    InvalidNameSnafu { what, name, reason }.fail()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_told_apart() {
        let parts = |text: &str| {
            let id = Identifier::parse(text).unwrap();
            (id.database, id.table, id.branch, id.system)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("d.t"), ("d".into(), "t".into(), None, None));
        assert_eq!(parts("d.t$files"), ("d".into(), "t".into(), None, some("files")));
        assert_eq!(parts("d.t$branch_b1"), ("d".into(), "t".into(), some("b1"), None));
        assert_eq!(parts("d.t$branch_b1$Files"), ("d".into(), "t".into(), some("b1"), some("files")));
        assert_eq!(parts("d.t$branch_main$files"), ("d".into(), "t".into(), None, some("files")));
        assert_eq!(parts("d.a.b"), ("d".into(), "a.b".into(), None, None));
    }

    #[test]
    fn names_are_printed_as_they_are_parsed() {
        for text in ["d.t", "d.t$files", "d.t$branch_b", "d.t$branch_b$files", "ü.表"] {
            assert_eq!(Identifier::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        for text in [
            "t",
            "",
            ".",
            "d.",
            ".t",
            "d..",
            "d...",
            "..t",
            "d.a/b",
            "d.a\\b",
            "d.a\0b",
            "d.\n",
            "d.t$",
            "d.t$a$b",
            "d.t$branch_b$x$y",
            "d.t$branch_",
            "d.t$branch_../x",
            "d/e.t",
            "d. ",
        ] {
            // `d...` and `d..` mean the tables `..` and `.`.
            assert!(Identifier::parse(text).is_err(), "{text:?}");
        }
        assert!(Identifier::new("d", "x".repeat(256)).is_err());
        assert!(Identifier::new("d", "x".repeat(255)).is_ok());
    }

    #[test]
    fn only_plain_names_can_be_made() {
        assert!(Identifier::parse("d.t").unwrap().check_plain().is_ok());
        assert!(Identifier::parse("d.t$files").unwrap().check_plain().is_err());
        assert!(Identifier::new("d", "a$b").unwrap().check_plain().is_err());
    }
}
