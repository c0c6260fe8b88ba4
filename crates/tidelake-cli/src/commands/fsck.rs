//! `tide fsck`: whether every file of a table is there and whole.

use tidelake::ErrorKind;

use crate::{
    args::FsckArgs,
    report::{Failure, Result},
};

pub(crate) async fn run(args: FsckArgs) -> Result<()> {
    Err(Failure::new(ErrorKind::Unsupported, format!("cannot check {} yet", args.table.table)))
}
