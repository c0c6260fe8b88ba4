//! What may change in a schema.

use std::{fmt, str::FromStr};

use tidelake_types::{DataType, parse_ddl_type};

use crate::{Error, Result, error::invalid};

/// A change of a schema; [`TableSchema::changed`](crate::TableSchema::changed) applies it.
///
/// Columns are named by their path: `["address", "street"]` is the field `street` of the ROW in `address`. `element` stands
/// for what is in an ARRAY, `value` for the values of a MAP.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// Sets an option.
    SetOption(String, String),
    /// Removes an option.
    UnsetOption(String),
    /// Sets the table's comment, or takes it away.
    SetComment(Option<String>),
    /// Adds a nullable column: at the end, or at a place.
    AddColumn {
        /// Where, and its name.
        path: Vec<String>,
        /// What it holds. Ids inside of it are given anew.
        data_type: DataType,
        /// Its comment.
        comment: Option<String>,
        /// A literal of its type.
        default_value: Option<String>,
        /// Among its neighbours.
        place: Option<Place>,
    },
    /// Drops a column. Its id is never used again.
    DropColumn {
        /// Which.
        path: Vec<String>,
    },
    /// Gives a column another name; options that name it follow.
    RenameColumn {
        /// Which.
        path: Vec<String>,
        /// Its new name, the last of the path.
        name: String,
    },
    /// Gives a column another type, that its values can be cast to.
    SetType {
        /// Which.
        path: Vec<String>,
        /// The new type.
        data_type: DataType,
        /// Whether it stays nullable or not as it was, whatever the new type says.
        keep_nullability: bool,
    },
    /// Whether a column may be null.
    SetNullable {
        /// Which.
        path: Vec<String>,
        /// Whether it may be.
        nullable: bool,
    },
    /// Sets a column's comment, or takes it away.
    SetColumnComment {
        /// Which.
        path: Vec<String>,
        /// The comment.
        comment: Option<String>,
    },
    /// Sets a column's default, or takes it away.
    SetDefault {
        /// Which.
        path: Vec<String>,
        /// A literal of its type.
        default_value: Option<String>,
    },
    /// Moves a column among its neighbours.
    MoveColumn {
        /// Which.
        path: Vec<String>,
        /// Where to.
        place: Place,
    },
    /// Makes a table without rows one without a key.
    DropPrimaryKey,
}

/// A place among the columns of a table, or the fields of a ROW.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    First,
    Last,
    After(String),
    Before(String),
}

impl SchemaChange {
    /// From words:
    ///
    /// ```text
    /// add COL TYPE [first | last | after COL | before COL]     drop COL         rename COL NAME
    /// type COL TYPE                                            null COL         not-null COL
    /// move COL (first | last | after COL | before COL)         comment COL TEXT default COL TEXT
    /// set KEY VALUE                                            unset KEY        uncomment COL      undefault COL
    /// ```
    ///
    /// COL is a path with dots; a name with a dot of its own stands in backquotes ([`column_path`]). TYPE is as in DDL.
    ///
    /// ```
    /// use tidelake_meta::SchemaChange;
    /// let change = SchemaChange::parse("rename address.street road")?;
    /// let path = vec!["address".to_owned(), "street".to_owned()];
    /// assert_eq!(change, SchemaChange::RenameColumn { path, name: "road".to_owned() });
    /// # Ok::<(), tidelake_meta::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let words = Words(text.trim());
        let (verb, words) = words.next();
        let (object, rest) = words.next_name();
        let short = || invalid(format!("the change `{text}` is too short: {VERBS}"));
        if object.is_empty() {
            return short();
        }
        let needs_more = matches!(verb, "add" | "rename" | "type" | "set" | "move" | "comment" | "default");
        if needs_more == rest.0.is_empty() {
            return if needs_more { short() } else { invalid(format!("the change `{text}` ends after `{object}`")) };
        }
        let more = rest.0.to_owned();
        if matches!(verb, "set" | "unset") {
            return Ok(match verb {
                "set" => Self::SetOption(object.to_owned(), more),
                _ => Self::UnsetOption(object.to_owned()),
            });
        }
        let path = column_path(object)?;
        Ok(match verb {
            "add" => {
                let (data_type, place) = rest.split_place();
                let data_type = parse_ddl_type(data_type, &mut 0)?;
                Self::AddColumn { path, data_type, comment: None, default_value: None, place }
            }
            "drop" => Self::DropColumn { path },
            "rename" => match column_path(&more)?.as_slice() {
                [name] => Self::RenameColumn { path, name: name.clone() },
                _ => return invalid(format!("the new name `{more}` is a path: give the last name alone")),
            },
            "type" => Self::SetType { path, data_type: parse_ddl_type(&more, &mut 0)?, keep_nullability: false },
            "null" => Self::SetNullable { path, nullable: true },
            "not-null" => Self::SetNullable { path, nullable: false },
            "comment" => Self::SetColumnComment { path, comment: Some(more) },
            "uncomment" => Self::SetColumnComment { path, comment: None },
            "default" => Self::SetDefault { path, default_value: Some(more) },
            "undefault" => Self::SetDefault { path, default_value: None },
            "move" => match rest.split_place() {
                ("", Some(place)) => Self::MoveColumn { path, place },
                _ => return invalid(format!("`{more}` is no place: first, last, after COL, before COL")),
            },
            _ => return invalid(format!("there is no change `{verb}`: {VERBS}")),
        })
    }
}

const VERBS: &str = "say add COL TYPE, drop COL, rename COL NAME, type COL TYPE, move COL PLACE, null COL, not-null COL, comment COL TEXT, \
                     default COL TEXT, set KEY VALUE or unset KEY";

impl FromStr for SchemaChange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The names of a path: split at dots, except in backquotes (a backquote in them is doubled).
pub fn column_path(text: &str) -> Result<Vec<String>> {
    let mut names = vec![String::new()];
    let (mut chars, mut quoted) = (text.chars().peekable(), false);
    while let Some(next) = chars.next() {
        match next {
            '`' if quoted && chars.next_if_eq(&'`').is_some() => names.last_mut().into_iter().for_each(|n| n.push('`')),
            '`' => quoted = !quoted,
            '.' if !quoted => names.push(String::new()),
            _ => names.last_mut().into_iter().for_each(|name| name.push(next)),
        }
    }
    if quoted || names.iter().any(String::is_empty) {
        return invalid(format!("`{text}` names no column: a name is empty, or a backquote is missing"));
    }
    Ok(names)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::Last => f.write_str("last"),
            Self::After(name) => write!(f, "after `{name}`"),
            Self::Before(name) => write!(f, "before `{name}`"),
        }
    }
}

/// What is left of a text, without space around it.
#[derive(Clone, Copy)]
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(self) -> (&'a str, Self) {
        let (word, rest) = self.0.split_once(char::is_whitespace).unwrap_or((self.0, ""));
        (word, Self(rest.trim_start()))
    }

    /// As [`Self::next`], where space in backquotes belongs to the word.
    fn next_name(self) -> (&'a str, Self) {
        let mut quoted = false;
        let end = self.0.find(|c: char| {
            quoted ^= c == '`';
            c.is_whitespace() && !quoted
        });
        let (word, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        (word, Self(rest.trim_start()))
    }

    /// The place at the end, and what stands before it.
    fn split_place(self) -> (&'a str, Option<Place>) {
        let cut = |text: &'a str| {
            let text = text.trim_end();
            let at = text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
            (&text[..at], &text[at..])
        };
        let (before, last) = cut(self.0);
        let place = match last.to_ascii_lowercase().as_str() {
            "first" => Some(Place::First),
            "last" => Some(Place::Last),
            _ => None,
        };
        if place.is_some() {
            return (before.trim_end(), place);
        }
        let (front, keyword) = cut(before);
        let name = last.trim_matches('`').to_owned();
        match keyword.to_ascii_lowercase().as_str() {
            "after" => (front.trim_end(), Some(Place::After(name))),
            "before" => (front.trim_end(), Some(Place::Before(name))),
            _ => (self.0, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelake_types::TypeKind;

    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn add(names: &[&str], data_type: DataType, place: Option<Place>) -> SchemaChange {
        SchemaChange::AddColumn { path: path(names), data_type, comment: None, default_value: None, place }
    }

    #[test]
    fn a_change_is_read_from_words() {
        let parse = |text: &str| SchemaChange::parse(text).unwrap();
        assert_eq!(parse("add x INT"), add(&["x"], TypeKind::Int.nullable(), None));
        let decimal = TypeKind::Decimal { precision: 10, scale: 2 };
        assert_eq!(
            parse(" add a.b  DECIMAL(10, 2) NOT NULL AFTER c "),
            add(&["a", "b"], decimal.not_null(), Some(Place::After("c".to_owned())))
        );
        assert_eq!(parse("add `a b.c` STRING first"), add(&["a b.c"], TypeKind::STRING.nullable(), Some(Place::First)));
        assert_eq!(parse("drop v.element.x"), SchemaChange::DropColumn { path: path(&["v", "element", "x"]) });
        assert_eq!(parse("rename a b"), SchemaChange::RenameColumn { path: path(&["a"]), name: "b".to_owned() });
        let data_type = TypeKind::Timestamp(3).nullable();
        assert_eq!(
            parse("type t TIMESTAMP(3)"),
            SchemaChange::SetType { path: path(&["t"]), data_type, keep_nullability: false }
        );
        assert_eq!(parse("set file.format  a b "), SchemaChange::SetOption("file.format".to_owned(), "a b".to_owned()));
        assert_eq!(parse("unset a.b"), SchemaChange::UnsetOption("a.b".to_owned()));
        assert_eq!(parse("move a last"), SchemaChange::MoveColumn { path: path(&["a"]), place: Place::Last });
        assert_eq!(
            parse("move a before b"),
            SchemaChange::MoveColumn { path: path(&["a"]), place: Place::Before("b".to_owned()) }
        );
        assert_eq!(parse("not-null a"), SchemaChange::SetNullable { path: path(&["a"]), nullable: false });
    }

    #[test]
    fn words_that_are_no_change_are_refused() {
        for text in [
            "",
            "add",
            "add x",
            "add x FOO",
            "drop",
            "drop a b",
            "rename a",
            "rename a b.c",
            "set k",
            "grow a",
            "drop a..b",
            "drop `a",
            "move a up",
            "unset a b",
        ] {
            assert!(SchemaChange::parse(text).is_err(), "{text}");
        }
    }
}
