//! Statements that DataFusion does not know in Paimon's words.

mod alter_table;
mod call;
mod create_table;
mod cursor;
mod insert;
mod partition;
mod show;

pub(crate) use alter_table::{Action, AlterTable, parse_alter_table};
pub(crate) use call::{Arguments, parse_call};
pub(crate) use create_table::{CreateTable, parse_create_table};
pub(crate) use cursor::Cursor;
pub(crate) use insert::{Insert, parse_insert};
pub(crate) use partition::{PartitionClause, parse_conditions};
pub(crate) use show::{describe, show_create_table};
