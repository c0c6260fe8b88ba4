//! The commands, one file each.

mod alter;
mod compact;
mod demo;
mod export;
mod fsck;
mod import;
mod rows;
mod snapshot;
mod sql;
mod table;
mod tail;

use crate::{
    args::{Args, Command},
    report::Result,
};

/// Does what was said.
pub(crate) async fn run(args: Args) -> Result<()> {
    crate::memory::set_budget(args.memory);
    match args.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Sql(args) => sql::run(args).await,
        Command::Table(command) => table::run(command).await,
        Command::Snapshot(command) => snapshot::run(command).await,
        Command::Tail(args) => tail::run(args).await,
        Command::Fsck(args) => fsck::run(args).await,
        Command::Compact(args) => compact::run(args).await,
    }
}
