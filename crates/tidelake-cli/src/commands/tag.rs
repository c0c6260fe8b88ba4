//! `tide tag`: create, delete, ls.

use tidelake::system_schema;

use crate::{
    args::TagCommand,
    output::Printer,
    progress::grouped,
    report::{Failure, Result},
    session::Session,
};

pub(crate) async fn run(command: TagCommand) -> Result<()> {
    match command {
        TagCommand::Ls { table, format } => {
            let session = Session::open(&table.lake).await?;
            let found = session.data_table(&table).await?;
            let mut printer = Printer::new(format, system_schema("tags")?, false, false);
            printer.batch(&found.system("tags").await?, None)?;
            printer.finish()
        }
        TagCommand::Create { table, name, snapshot } => {
            let session = Session::open(&table.lake).await?;
            let found = session.data_table(&table).await?;
            let tag = found
                .create_tag(&name, snapshot)
                .await
                .map_err(|error| Failure::from(error).while_doing(format!("tag {}", table.table)))?;
            eprintln!("tag {name} of {} keeps snapshot {}", table.table, tag.snapshot.id);
            Ok(())
        }
        TagCommand::Delete { table, name } => {
            let session = Session::open(&table.lake).await?;
            let found = session.data_table(&table).await?;
            let gone = found.delete_tag(&name).await.map_err(|error| {
                Failure::from(error)
                    .hint(format!("`tide tag ls {}` shows what there is", table.table))
                    .while_doing(format!("delete the tag {name} of {}", table.table))
            })?;
            eprintln!(
                "deleted the tag {name} of {}, {} data files and {} manifests that only it has kept",
                table.table,
                grouped(gone.data_files),
                grouped(gone.manifests)
            );
            Ok(())
        }
    }
}
