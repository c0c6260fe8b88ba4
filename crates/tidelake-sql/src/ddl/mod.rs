//! Statements that DataFusion does not know in Paimon's words.

mod create_table;
mod cursor;
mod show;

pub(crate) use create_table::{CreateTable, parse_create_table};
pub(crate) use cursor::Cursor;
pub(crate) use show::{describe, show_create_table};
