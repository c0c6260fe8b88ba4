//! `tide snapshot`: ls, show; expire has a file of its own.

use tidelake::{ErrorKind, system_schema};

use super::expire;
use crate::{
    args::{SnapshotCommand, TableArgs},
    output::{self, Printer},
    report::{Failure, Result},
    session::Session,
};

/// What `ls` shows unless the format is one for machines.
const SHOWN: [&str; 7] = [
    "snapshot_id",
    "commit_time",
    "commit_kind",
    "schema_id",
    "total_record_count",
    "delta_record_count",
    "commit_user",
];

pub(crate) async fn run(command: SnapshotCommand) -> Result<()> {
    match command {
        SnapshotCommand::Ls { table, format } => {
            let session = Session::open(&table.lake).await?;
            let found = session.data_table(&table).await?;
            let mut fields = system_schema("snapshots")?;
            let mut batch = found.system("snapshots").await?;
            if format == crate::args::Format::Table {
                let (shown, picked) = output::picked(&fields, &SHOWN.map(str::to_owned))?;
                fields = shown;
                batch = batch.project(&picked.unwrap_or_default()).map_err(output::arrow)?;
            }
            let mut printer = Printer::new(format, fields, false, false);
            printer.batch(&batch, None)?;
            printer.finish()
        }
        SnapshotCommand::Show { table, id } => show(&table, id).await,
        SnapshotCommand::Expire(args) => expire::run(args).await,
    }
}

async fn show(args: &TableArgs, id: Option<i64>) -> Result<()> {
    let session = Session::open(&args.lake).await?;
    let table = session.data_table(args).await?;
    let snapshot = match id {
        Some(id) => table.snapshots().load(id).await?,
        None => match table.snapshots().latest().await? {
            Some(snapshot) => snapshot,
            None => return Err(Failure::new(ErrorKind::NotFound, format!("{} has no snapshot yet", args.table))),
        },
    };
    let mut out = output::stdout();
    output::line(&mut out, String::from_utf8_lossy(&snapshot.to_json()).trim_end())?;
    output::flush(&mut out)
}
