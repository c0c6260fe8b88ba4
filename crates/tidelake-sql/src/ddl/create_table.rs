//! `CREATE TABLE` as users of Flink and Spark write it for Paimon.
//!
//! ```text
//! CREATE TABLE [IF NOT EXISTS] [db.]t (
//!   col TYPE [NOT NULL] [PRIMARY KEY [NOT ENFORCED]] [DEFAULT literal] [COMMENT 'text'], …
//!   [, PRIMARY KEY (a, b) NOT ENFORCED]
//! ) [COMMENT 'text'] [PARTITIONED BY (c)] [WITH ('bucket' = '4', …) | TBLPROPERTIES (…)] [AS SELECT …]
//! ```

use datafusion::sql::sqlparser::tokenizer::Token;
use tidelake_table::{DataField, Options};
use tidelake_types::parse_ddl_type;

use super::Cursor;
use crate::{
    error::{Result, SyntaxSnafu},
    statement::{Piece, Statement},
};

/// A table to be made.
#[derive(Debug)]
pub(crate) struct CreateTable {
    pub(crate) path: Vec<String>,
    pub(crate) if_not_exists: bool,
    pub(crate) fields: Vec<DataField>,
    pub(crate) primary_keys: Vec<String>,
    pub(crate) partition_keys: Vec<String>,
    pub(crate) options: Options,
    pub(crate) comment: Option<String>,
    /// Fill it with the rows of this query.
    pub(crate) query: Option<String>,
}

pub(crate) fn parse_create_table(statement: &Statement) -> Result<CreateTable> {
    let mut cursor = Cursor::new(statement);
    cursor.expect(&["CREATE", "TABLE"])?;
    let mut table = CreateTable {
        if_not_exists: cursor.take(&["IF", "NOT", "EXISTS"]),
        path: cursor.path()?,
        fields: Vec::new(),
        primary_keys: Vec::new(),
        partition_keys: Vec::new(),
        options: Options::new(),
        comment: None,
        query: None,
    };
    if cursor.take_token(&Token::LParen) {
        columns(&mut cursor, &mut table)?;
    }
    loop {
        if cursor.take(&["COMMENT"]) {
            table.comment = Some(cursor.string()?);
        } else if cursor.take(&["PARTITIONED", "BY"]) {
            table.partition_keys = cursor.names()?;
        } else if cursor.take(&["WITH"]) || cursor.take(&["TBLPROPERTIES"]) || cursor.take(&["OPTIONS"]) {
            options(&mut cursor, &mut table.options)?;
        } else if cursor.take(&["USING"]) {
            let engine = cursor.name()?;
            if !engine.eq_ignore_ascii_case("paimon") {
                return SyntaxSnafu { message: format!("tables are `USING paimon`, not `{engine}`") }.fail();
            }
        } else if cursor.take(&["AS"]) {
            table.query = Some(cursor.rest().to_owned());
        } else {
            cursor.end()?;
            return Ok(table);
        }
    }
}

fn columns(cursor: &mut Cursor<'_>, table: &mut CreateTable) -> Result<()> {
    let mut types = Vec::new();
    loop {
        if cursor.take(&["CONSTRAINT"]) {
            cursor.name()?;
        }
        if cursor.take(&["PRIMARY", "KEY"]) {
            let keys = cursor.names()?;
            primary_key(cursor, table, keys)?;
        } else {
            let name = cursor.name()?;
            let text = cursor.text_until(ends_type)?;
            let mut field = DataField::new(
                0,
                name.clone(),
                tidelake_types::DataType { kind: tidelake_types::TypeKind::Int, nullable: true },
            );
            let mut nullable = None;
            loop {
                if cursor.take(&["NOT", "NULL"]) {
                    nullable = Some(false);
                } else if cursor.take(&["NULL"]) {
                    nullable = Some(true);
                } else if cursor.take(&["COMMENT"]) {
                    field.description = Some(cursor.string()?);
                } else if cursor.take(&["PRIMARY", "KEY"]) {
                    primary_key(cursor, table, vec![name.clone()])?;
                } else if cursor.take(&["DEFAULT"]) {
                    let literal = cursor.text_until(ends_type)?;
                    let unquoted = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                    field.default_value =
                        Some(unquoted.map_or_else(|| literal.to_owned(), |text| text.replace("''", "'")));
                } else {
                    break;
                }
            }
            types.push((text.to_owned(), nullable));
            table.fields.push(field);
        }
        if cursor.take_token(&Token::RParen) {
            break;
        }
        cursor.expect_token(&Token::Comma)?;
    }
    // As Java counts: a column, the fields inside of it, the next column.
    let mut next_id = 0;
    for (field, (text, nullable)) in table.fields.iter_mut().zip(types) {
        field.id = next_id;
        next_id += 1;
        let parsed = parse_ddl_type(&text, &mut next_id)?;
        field.data_type = match nullable {
            Some(nullable) => parsed.with_nullable(nullable),
            None => parsed,
        };
    }
    Ok(())
}

/// Where a column's type, or its default, ends.
fn ends_type(piece: &Piece) -> bool {
    matches!(piece.token, Token::Comma | Token::RParen)
        || ["NOT", "NULL", "COMMENT", "PRIMARY", "DEFAULT"].iter().any(|word| piece.is(word))
}

fn primary_key(cursor: &mut Cursor<'_>, table: &mut CreateTable, keys: Vec<String>) -> Result<()> {
    if !table.primary_keys.is_empty() {
        return SyntaxSnafu { message: "the table has two primary keys" }.fail();
    }
    table.primary_keys = keys;
    if !cursor.take(&["NOT", "ENFORCED"]) {
        cursor.take(&["ENFORCED"]);
    }
    Ok(())
}

/// `('key' = 'value', …)`
pub(super) fn options(cursor: &mut Cursor<'_>, options: &mut Options) -> Result<()> {
    cursor.expect_token(&Token::LParen)?;
    loop {
        let key = cursor.string()?;
        cursor.expect_token(&Token::Eq)?;
        let value = match cursor.peek().map(|piece| &piece.token) {
            Some(Token::Number(number, _)) => {
                cursor.next();
                number.clone()
            }
            _ if cursor.take(&["true"]) => "true".to_owned(),
            _ if cursor.take(&["false"]) => "false".to_owned(),
            _ => cursor.string()?,
        };
        options.set(key, value);
        if cursor.take_token(&Token::RParen) {
            return Ok(());
        }
        cursor.expect_token(&Token::Comma)?;
    }
}

#[cfg(test)]
mod tests {
    use tidelake_types::TypeKind;

    use super::*;
    use crate::statement::statements;

    fn parsed(sql: &str) -> CreateTable {
        parse_create_table(&statements(sql).unwrap()[0]).unwrap()
    }

    #[test]
    fn columns_keys_partitions_and_options_are_read() {
        let table = parsed(
            "CREATE TABLE IF NOT EXISTS shop.orders (
               id BIGINT NOT NULL COMMENT 'it''s', day STRING, tags ARRAY<STRING NOT NULL>, total DECIMAL(10, 2) DEFAULT '0',
               at TIMESTAMP(3) WITH LOCAL TIME ZONE, place ROW<city STRING, at MAP<INT, ARRAY<DOUBLE>>>, last INT,
               PRIMARY KEY (id, day) NOT ENFORCED
             ) COMMENT 'all' PARTITIONED BY (day) WITH ('bucket' = '4', 'file.format' = 'parquet')",
        );
        assert_eq!(table.path, ["shop", "orders"]);
        assert!(table.if_not_exists);
        let types: Vec<String> = table.fields.iter().map(|field| field.data_type.to_string()).collect();
        assert_eq!(
            types,
            [
                "BIGINT NOT NULL",
                "STRING",
                "ARRAY<STRING NOT NULL>",
                "DECIMAL(10, 2)",
                "TIMESTAMP(3) WITH LOCAL TIME ZONE",
                "ROW<city STRING, at MAP<INT, ARRAY<DOUBLE>>>",
                "INT"
            ]
        );
        assert_eq!(table.fields.iter().map(|field| field.id).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 8]);
        let TypeKind::Row(place) = &table.fields[5].data_type.kind else { panic!("{:?}", table.fields[5]) };
        assert_eq!(place.iter().map(|field| field.id).collect::<Vec<_>>(), [6, 7]);
        assert_eq!(table.fields[0].description.as_deref(), Some("it's"));
        assert_eq!(table.fields[3].default_value.as_deref(), Some("0"));
        assert_eq!(table.primary_keys, ["id", "day"]);
        assert_eq!(table.partition_keys, ["day"]);
        assert_eq!(table.options.text("bucket"), Some("4"));
        assert_eq!(table.comment.as_deref(), Some("all"));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let statement = &statements("CREATE TABLE t (id INT,\n  , v INT)").unwrap()[0];
        let error = parse_create_table(statement).unwrap_err().to_string();
        assert_eq!(error, "expected a name, found `,` at line 2, column 3");
    }
}
