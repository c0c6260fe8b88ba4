//! The commands, one file each.

mod alter;
mod compact;
mod demo;
mod expire;
mod explain;
mod export;
mod fsck;
mod import;
mod repl;
mod rows;
mod snapshot;
mod sql;
mod table;
mod tag;
mod tail;

use crate::{
    args::{Args, Command, SqlArgs},
    report::{Failure, Result},
};

/// Does what was said.
pub(crate) async fn run(args: Args) -> Result<()> {
    crate::memory::set_budget(args.memory);
    let command = match (args.command, args.warehouse) {
        (Some(command), None) => command,
        (Some(_), Some(_)) => return Err(Failure::usage("--warehouse stands behind the command")),
        (None, warehouse) => Command::Sql(SqlArgs::shell(warehouse)),
    };
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Sql(args) => sql::run(args).await,
        Command::Table(command) => table::run(command).await,
        Command::Snapshot(command) => snapshot::run(command).await,
        Command::Tag(command) => tag::run(command).await,
        Command::Tail(args) => tail::run(args).await,
        Command::Fsck(args) => fsck::run(args).await,
        Command::Compact(args) => compact::run(args).await,
    }
}
