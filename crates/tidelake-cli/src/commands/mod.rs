//! The commands, one file each.

mod compact;
mod demo;
mod fsck;
mod import;
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
