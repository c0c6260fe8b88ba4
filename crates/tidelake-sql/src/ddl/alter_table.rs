//! `ALTER TABLE` as users of Spark and Flink write it for Paimon.
//!
//! ```text
//! ALTER TABLE [IF EXISTS] [db.]t
//!   ADD [COLUMN | COLUMNS] [IF NOT EXISTS] [(] col TYPE [COMMENT 'text'] [DEFAULT literal] [place], … [)]
//!   DROP [COLUMN | COLUMNS] [IF EXISTS] [(] col, … [)]
//!   RENAME COLUMN col TO name     RENAME col TO name     RENAME TO table
//!   (ALTER | CHANGE) [COLUMN] col
//!       [SET DATA] TYPE type | (SET | DROP) NOT NULL | SET DEFAULT literal | DROP DEFAULT | COMMENT 'text' | place
//!   MODIFY [COLUMN] [(] col TYPE [[NOT] NULL] [COMMENT 'text'] [place], … [)]
//!   SET [TBLPROPERTIES] ('key' = 'value', …)      (RESET | UNSET TBLPROPERTIES) [IF EXISTS] ('key', …)
//!   DROP [IF EXISTS] PARTITION (p = 1, …), …      DROP PRIMARY KEY      COMMENT 'text'
//! ```
//!
//! `col` is a path with dots (`address.street`, `tags.element`), `place` is FIRST, LAST, AFTER name or BEFORE name.

use datafusion::sql::sqlparser::tokenizer::Token;
use tidelake_table::{Options, Place, SchemaChange};
use tidelake_types::{DataType, parse_ddl_type};

use super::{Cursor, PartitionClause, create_table::options};
use crate::{
    error::Result,
    statement::{Piece, Statement},
};

/// A table to be changed.
#[derive(Debug)]
pub(crate) struct AlterTable {
    pub(crate) path: Vec<String>,
    pub(crate) if_exists: bool,
    pub(crate) action: Action,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Action {
    /// Each with whether it may be left out: a column to be added that is there, or one to be dropped that is not.
    Change(Vec<(SchemaChange, bool)>),
    RenameTable(Vec<String>),
    DropPartitions(Vec<PartitionClause>),
}

pub(crate) fn parse_alter_table(statement: &Statement) -> Result<AlterTable> {
    let mut cursor = Cursor::new(statement);
    cursor.expect(&["ALTER", "TABLE"])?;
    let if_exists = cursor.take(&["IF", "EXISTS"]);
    let path = cursor.path()?;
    let action = action(&mut cursor)?;
    cursor.end()?;
    Ok(AlterTable { path, if_exists, action })
}

fn action(cursor: &mut Cursor<'_>) -> Result<Action> {
    let all =
        |changes: Vec<SchemaChange>| Ok(Action::Change(changes.into_iter().map(|change| (change, false)).collect()));
    if cursor.take(&["ADD"]) {
        take_column_word(cursor);
        let quiet = cursor.take(&["IF", "NOT", "EXISTS"]);
        let added = in_brackets(cursor, |cursor| {
            let Column { path, data_type, nullable, comment, default_value, place } = column(cursor)?;
            let data_type = data_type.with_nullable(nullable.unwrap_or(true));
            Ok((SchemaChange::AddColumn { path, data_type, comment, default_value, place }, quiet))
        });
        return Ok(Action::Change(added?));
    }
    if cursor.take(&["DROP", "PRIMARY", "KEY"]) {
        return all(vec![SchemaChange::DropPrimaryKey]);
    }
    if cursor.take(&["DROP", "PARTITION"]) || cursor.take(&["DROP", "IF", "EXISTS", "PARTITION"]) {
        let mut partitions = vec![cursor.partition()?];
        while cursor.take_token(&Token::Comma) {
            cursor.expect(&["PARTITION"])?;
            partitions.push(cursor.partition()?);
        }
        cursor.take(&["PURGE"]);
        return Ok(Action::DropPartitions(partitions));
    }
    if cursor.take(&["DROP"]) {
        take_column_word(cursor);
        let quiet = cursor.take(&["IF", "EXISTS"]);
        let dropped = in_brackets(cursor, |cursor| Ok((SchemaChange::DropColumn { path: cursor.path()? }, quiet)));
        return Ok(Action::Change(dropped?));
    }
    if cursor.take(&["RENAME", "TO"]) {
        return Ok(Action::RenameTable(cursor.path()?));
    }
    if cursor.take(&["RENAME"]) {
        take_column_word(cursor);
        let path = cursor.path()?;
        cursor.expect(&["TO"])?;
        return all(vec![SchemaChange::RenameColumn { path, name: cursor.name()? }]);
    }
    if cursor.take(&["MODIFY"]) {
        take_column_word(cursor);
        let modified = in_brackets(cursor, |cursor| Ok(modifications(column(cursor)?)))?;
        return all(modified.into_iter().flatten().collect());
    }
    if cursor.take(&["ALTER"]) || cursor.take(&["CHANGE"]) {
        take_column_word(cursor);
        let path = cursor.path()?;
        return all(vec![column_change(cursor, path)?]);
    }
    if cursor.take(&["SET", "TBLPROPERTIES"]) || cursor.take(&["SET"]) {
        let mut set = Options::new();
        options(cursor, &mut set)?;
        return all(set.iter().map(|(key, value)| SchemaChange::SetOption(key.to_owned(), value.to_owned())).collect());
    }
    if cursor.take(&["UNSET", "TBLPROPERTIES"]) || cursor.take(&["UNSET"]) || cursor.take(&["RESET"]) {
        cursor.take(&["IF", "EXISTS"]);
        cursor.expect_token(&Token::LParen)?;
        let keys = list(cursor, |cursor| Ok(SchemaChange::UnsetOption(cursor.string()?)))?;
        cursor.expect_token(&Token::RParen)?;
        return all(keys);
    }
    if cursor.take(&["COMMENT"]) {
        return all(vec![SchemaChange::SetComment(Some(cursor.string()?))]);
    }
    cursor.expected("ADD, DROP, RENAME, ALTER, MODIFY, SET, UNSET or RESET")
}

/// A column as it is written in a list.
struct Column {
    path: Vec<String>,
    data_type: DataType,
    nullable: Option<bool>,
    comment: Option<String>,
    default_value: Option<String>,
    place: Option<Place>,
}

fn column(cursor: &mut Cursor<'_>) -> Result<Column> {
    let path = cursor.path()?;
    let data_type = parse_ddl_type(cursor.text_until(ends_type)?, &mut 0)?;
    let (mut nullable, mut comment, mut default_value, mut place) = (None, None, None, None);
    loop {
        if cursor.take(&["NOT", "NULL"]) {
            nullable = Some(false);
        } else if cursor.take(&["NULL"]) {
            nullable = Some(true);
        } else if cursor.take(&["COMMENT"]) {
            comment = Some(cursor.string()?);
        } else if cursor.take(&["DEFAULT"]) {
            default_value = cursor.literal()?;
        } else if let Some(found) = take_place(cursor)? {
            place = Some(found);
        } else {
            return Ok(Column { path, data_type, nullable, comment, default_value, place });
        }
    }
}

fn modifications(column: Column) -> Vec<SchemaChange> {
    let Column { path, data_type, nullable, comment, default_value, place } = column;
    let keep_nullability = nullable.is_none();
    let data_type = data_type.with_nullable(nullable.unwrap_or(true));
    let mut changes = vec![SchemaChange::SetType { path: path.clone(), data_type, keep_nullability }];
    changes.extend(comment.map(|text| SchemaChange::SetColumnComment { path: path.clone(), comment: Some(text) }));
    changes
        .extend(default_value.map(|text| SchemaChange::SetDefault { path: path.clone(), default_value: Some(text) }));
    changes.extend(place.map(|place| SchemaChange::MoveColumn { path, place }));
    changes
}

fn column_change(cursor: &mut Cursor<'_>, path: Vec<String>) -> Result<SchemaChange> {
    Ok(if cursor.take(&["SET", "NOT", "NULL"]) {
        SchemaChange::SetNullable { path, nullable: false }
    } else if cursor.take(&["DROP", "NOT", "NULL"]) {
        SchemaChange::SetNullable { path, nullable: true }
    } else if cursor.take(&["SET", "DEFAULT"]) {
        SchemaChange::SetDefault { path, default_value: cursor.literal()? }
    } else if cursor.take(&["DROP", "DEFAULT"]) {
        SchemaChange::SetDefault { path, default_value: None }
    } else if cursor.take(&["COMMENT"]) {
        SchemaChange::SetColumnComment { path, comment: Some(cursor.string()?) }
    } else if cursor.take(&["TYPE"]) || cursor.take(&["SET", "DATA", "TYPE"]) {
        let data_type = parse_ddl_type(cursor.text_until(|_| false)?, &mut 0)?;
        let keep_nullability = data_type.nullable;
        SchemaChange::SetType { path, data_type, keep_nullability }
    } else if let Some(place) = take_place(cursor)? {
        SchemaChange::MoveColumn { path, place }
    } else {
        return cursor.expected("TYPE, SET, DROP, COMMENT, FIRST, LAST, AFTER or BEFORE");
    })
}

fn take_column_word(cursor: &mut Cursor<'_>) {
    if !cursor.take(&["COLUMNS"]) {
        cursor.take(&["COLUMN"]);
    }
}

fn take_place(cursor: &mut Cursor<'_>) -> Result<Option<Place>> {
    Ok(Some(if cursor.take(&["FIRST"]) {
        Place::First
    } else if cursor.take(&["LAST"]) {
        Place::Last
    } else if cursor.take(&["AFTER"]) {
        Place::After(cursor.name()?)
    } else if cursor.take(&["BEFORE"]) {
        Place::Before(cursor.name()?)
    } else {
        return Ok(None);
    }))
}

/// A list, in brackets or without.
fn in_brackets<T>(cursor: &mut Cursor<'_>, item: impl FnMut(&mut Cursor<'_>) -> Result<T>) -> Result<Vec<T>> {
    let bracket = cursor.take_token(&Token::LParen);
    let items = list(cursor, item)?;
    if bracket {
        cursor.expect_token(&Token::RParen)?;
    }
    Ok(items)
}

fn list<T>(cursor: &mut Cursor<'_>, mut item: impl FnMut(&mut Cursor<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut items = vec![item(cursor)?];
    while cursor.take_token(&Token::Comma) {
        items.push(item(cursor)?);
    }
    Ok(items)
}

/// Where a column's type ends.
fn ends_type(piece: &Piece) -> bool {
    const WORDS: [&str; 8] = ["NOT", "NULL", "COMMENT", "DEFAULT", "FIRST", "LAST", "AFTER", "BEFORE"];
    matches!(piece.token, Token::Comma | Token::RParen) || WORDS.iter().any(|word| piece.is(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    fn parsed(sql: &str) -> Action {
        parse_alter_table(&statements(sql).unwrap()[0]).unwrap_or_else(|error| panic!("{sql}: {error}")).action
    }

    /// The changes of a statement are those that these words name, none of them to be left out.
    fn same(sql: &str, words: &[&str]) {
        let changes = words.iter().map(|text| (SchemaChange::parse(text).unwrap(), false)).collect();
        assert_eq!(parsed(sql), Action::Change(changes), "{sql}");
    }

    #[test]
    fn spark_and_flink_say_the_same_in_their_own_words() {
        for sql in [
            "ALTER TABLE db.t ADD COLUMNS (a INT, b.c DECIMAL(10, 2) AFTER d)",
            "ALTER TABLE t ADD (a INT, b.c DECIMAL(10, 2) AFTER d)",
            "alter table t add column a int, b.c decimal(10, 2) after d",
        ] {
            same(sql, &["add a INT", "add b.c DECIMAL(10, 2) after d"]);
        }
        same(
            "ALTER TABLE t ADD COLUMN v ARRAY<ROW<x INT NOT NULL>> FIRST",
            &["add v ARRAY<ROW<x INT NOT NULL>> first"],
        );
        same("ALTER TABLE t DROP COLUMN a", &["drop a"]);
        same("ALTER TABLE t DROP (a, r.b)", &["drop a", "drop r.b"]);
        same("ALTER TABLE t RENAME COLUMN r.a TO b", &["rename r.a b"]);
        same("ALTER TABLE t RENAME a TO b", &["rename a b"]);
        same("ALTER TABLE t ALTER COLUMN a SET NOT NULL", &["not-null a"]);
        same("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", &["null a"]);
        same("ALTER TABLE t CHANGE COLUMN a COMMENT 'it''s'", &["comment a it's"]);
        same("ALTER TABLE t ALTER COLUMN a AFTER b", &["move a after b"]);
        same("ALTER TABLE t ALTER a SET DEFAULT 'x'", &["default a x"]);
        same("ALTER TABLE t ALTER a DROP DEFAULT", &["undefault a"]);
        for sql in ["ALTER TABLE t SET ('a' = 'b', 'c' = 3)", "ALTER TABLE t SET TBLPROPERTIES ('a' = 'b', 'c' = '3')"]
        {
            same(sql, &["set a b", "set c 3"]);
        }
        for sql in ["ALTER TABLE t RESET ('a', 'b')", "ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS ('a', 'b')"] {
            same(sql, &["unset a", "unset b"]);
        }
    }

    #[test]
    fn a_type_keeps_whether_a_column_may_be_null_unless_it_says_so() {
        let keeps = |sql: &str| match parsed(sql) {
            Action::Change(changes) => match &changes[0].0 {
                SchemaChange::SetType { data_type, keep_nullability, .. } => (data_type.to_string(), *keep_nullability),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(keeps("ALTER TABLE t ALTER COLUMN a TYPE BIGINT"), ("BIGINT".to_owned(), true));
        assert_eq!(keeps("ALTER TABLE t ALTER a SET DATA TYPE BIGINT NOT NULL"), ("BIGINT NOT NULL".to_owned(), false));
        assert_eq!(keeps("ALTER TABLE t MODIFY a STRING COMMENT 'x' FIRST"), ("STRING".to_owned(), true));
        assert_eq!(keeps("ALTER TABLE t MODIFY (a STRING NULL)"), ("STRING".to_owned(), false));
    }

    #[test]
    fn partitions_tables_and_the_unknown() {
        let Action::DropPartitions(partitions) =
            parsed("ALTER TABLE t DROP PARTITION (p = 1, q = NULL), PARTITION (q='x')")
        else {
            panic!()
        };
        let fixed = |name: &str, value: Option<&str>| (name.to_owned(), Some(value.map(str::to_owned)));
        assert_eq!(partitions[0].0, [fixed("p", Some("1")), fixed("q", None)]);
        assert_eq!(partitions[1].0, [fixed("q", Some("x"))]);
        assert_eq!(parsed("ALTER TABLE t RENAME TO db.u"), Action::RenameTable(vec!["db".to_owned(), "u".to_owned()]));
        for sql in
            ["ALTER TABLE t", "ALTER TABLE t GROW", "ALTER TABLE t ADD COLUMN a", "ALTER TABLE t DROP COLUMN a b"]
        {
            assert!(parse_alter_table(&statements(sql).unwrap()[0]).is_err(), "{sql}");
        }
    }
}
