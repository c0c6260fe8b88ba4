//! Changing a table: `ALTER TABLE`, `TRUNCATE TABLE`.

use tidelake_error::{Classify, ErrorKind};
use tidelake_table::{Identifier, SchemaChange, Table, TableSchema};

use crate::{
    Result, SqlResult, SqlSession,
    ddl::{Action, AlterTable, PartitionClause},
    session::done,
};

impl SqlSession {
    pub(crate) async fn alter_table(&self, alter: AlterTable) -> Result<SqlResult> {
        let identifier = self.identifier(&alter.path)?;
        match self.altered(&identifier, alter.action).await {
            Err(error) if alter.if_exists && error.kind() == ErrorKind::NotFound => {
                done(format!("there is no table {identifier}"))
            }
            altered => altered,
        }
    }

    async fn altered(&self, identifier: &Identifier, action: Action) -> Result<SqlResult> {
        let table = self.lake.load_table(&self.catalog, identifier).await?;
        match action {
            Action::Change(changes) => {
                let wanted = |(change, optional): (SchemaChange, bool)| {
                    (!(optional && is_made(table.schema(), &change))).then_some(change)
                };
                let changes: Vec<_> = changes.into_iter().filter_map(wanted).collect();
                self.catalog.alter_table(identifier, &changes).await?;
                done(format!("altered table {identifier}"))
            }
            Action::RenameTable(path) => {
                // A name alone stays in the table's database, not in the session's.
                let to = match path.as_slice() {
                    [name] => Identifier::new(identifier.database.as_str(), name.as_str())?,
                    _ => self.identifier(&path)?,
                };
                self.catalog.rename_table(identifier, &to).await?;
                done(format!("renamed table {identifier} to {to}"))
            }
            Action::DropPartitions(partitions) => drop_partitions(&table, &partitions).await,
        }
    }

    /// `TRUNCATE TABLE t [PARTITION (…)]`
    pub(crate) async fn truncate(&self, path: &[String], partition: Option<PartitionClause>) -> Result<SqlResult> {
        let identifier = self.identifier(path)?;
        let table = self.lake.load_table(&self.catalog, &identifier).await?;
        match partition {
            Some(partition) => drop_partitions(&table, &[partition]).await,
            None => {
                let _outcome = table.truncate().await?;
                done(format!("truncated table {identifier}"))
            }
        }
    }
}

async fn drop_partitions(table: &Table, partitions: &[PartitionClause]) -> Result<SqlResult> {
    let specs = partitions.iter().map(|partition| partition.spec(table.schema())).collect();
    let _outcome = table.drop_partitions(specs).await?;
    done(format!("dropped partitions of {}", table.identifier()))
}

/// Whether a column to be added is there, or one to be dropped is not.
fn is_made(schema: &TableSchema, change: &SchemaChange) -> bool {
    // A comment can be taken away from every column there is.
    let exists = |path: &Vec<String>| {
        let harmless = SchemaChange::SetColumnComment { path: path.clone(), comment: None };
        schema.changed(&[harmless], false, 0).is_ok()
    };
    match change {
        SchemaChange::AddColumn { path, .. } => exists(path),
        SchemaChange::DropColumn { path } => !exists(path),
        _ => false,
    }
}
