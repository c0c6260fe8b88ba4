//! `tide fsck`: whether every file of a table is there and whole.

use tidelake::ErrorKind;

use crate::{
    args::FsckArgs,
    output,
    report::{Failure, Result},
    session::Session,
};

pub(crate) async fn run(args: FsckArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.data_table(&args.table).await?;
    let report = tidelake_fsck::check_table(table.file_io(), table.location(), session.lake.runtime()).await?;
    let mut out = output::stdout();
    for problem in &report.problems {
        output::line(&mut out, &problem.to_string())?;
    }
    output::flush(&mut out)?;
    eprintln!("{}", report.summary());
    match report.problems.len() {
        0 => Ok(()),
        count => Err(Failure::new(ErrorKind::Corrupt, format!("{} has {count} problems", args.table.table))
            .hint("each line above names a file and what is wrong with it")),
    }
}
