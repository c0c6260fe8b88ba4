//! `tide table alter`: changes of a schema in words, all of them or none.

use tidelake::SchemaChange;

use crate::{
    args::AlterArgs,
    report::{Failure, Result},
    session::Session,
};

pub(crate) async fn run(args: AlterArgs) -> Result<()> {
    let name = &args.table.table;
    let change = |text: &String| SchemaChange::parse(text).map_err(|error| Failure::usage(format!("{error}")));
    let changes = args.changes.iter().map(change).collect::<Result<Vec<_>>>()?;
    let session = Session::open(&args.table.lake).await?;
    let before = session.data_table(&args.table).await?;
    let after = (session.lake.alter_table(&session.catalog, name, &changes).await)
        .map_err(|error| Failure::from(error).while_doing(format!("alter {name}")))?;
    match after.schema().id == before.schema().id {
        true => eprintln!("nothing changed: {name} is as it was"),
        false => eprintln!("altered {name}: schema {}", after.schema().id),
    }
    Ok(())
}
