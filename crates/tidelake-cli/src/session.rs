//! The lake of one command.

use std::sync::Arc;

use tidelake::{Catalog, ErrorKind, Identifier, Lake, Options, Table};

use crate::{
    args::{LakeArgs, TableArgs},
    report::{Failure, Result},
};

/// A lake and its catalog.
pub(crate) struct Session {
    pub(crate) lake: Lake,
    pub(crate) catalog: Arc<dyn Catalog>,
}

impl Session {
    pub(crate) async fn open(args: &LakeArgs) -> Result<Self> {
        let lake = Lake::builder().build()?;
        let mut options: Options =
            args.catalog_options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        options.set("warehouse", absolute(&args.warehouse)?);
        let catalog = lake
            .open_catalog(&options)
            .await
            .map_err(|error| Failure::from(error).while_doing(format!("open the warehouse {}", args.warehouse)))?;
        Ok(Self { lake, catalog })
    }

    /// The table of a command, with the options of the call; and which system table was asked for.
    pub(crate) async fn table(&self, args: &TableArgs) -> Result<(Table, Option<String>)> {
        let identifier = Identifier::parse(&args.table)?;
        let table = self
            .lake
            .load_table(&self.catalog, &identifier.base())
            .await
            .map_err(|error| Failure::from(error).while_doing(format!("open the table {}", args.table)))?;
        Ok((table.with_options(&options_of(args)), identifier.system))
    }

    /// As [`Self::table`], for commands that make no sense on a system table.
    pub(crate) async fn data_table(&self, args: &TableArgs) -> Result<Table> {
        match self.table(args).await? {
            (table, None) => Ok(table),
            (_, Some(system)) => Err(Failure::new(
                ErrorKind::InvalidInput,
                format!("`${system}` is a system table: it can only be read"),
            )),
        }
    }
}

/// The options of the call.
pub(crate) fn options_of(args: &TableArgs) -> Options {
    args.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// A folder of this machine as an absolute path; URLs as they are.
fn absolute(warehouse: &str) -> Result<String> {
    if warehouse.is_empty() {
        return Err(Failure::new(ErrorKind::InvalidInput, "the warehouse has no name")
            .hint("--warehouse takes a folder or a URL such as s3://bucket/lake"));
    }
    if warehouse.contains("://") || warehouse.starts_with('/') || warehouse.starts_with("file:") {
        return Ok(warehouse.to_owned());
    }
    match std::path::absolute(warehouse) {
        Ok(path) => {
            // `.` and `..` of the command line are the shell user's, not a path of the table format.
            let mut whole = std::path::PathBuf::new();
            for part in path.components() {
                match part {
                    std::path::Component::ParentDir => {
                        whole.pop();
                    }
                    std::path::Component::CurDir => {}
                    other => whole.push(other),
                }
            }
            Ok(whole.to_string_lossy().into_owned())
        }
        Err(error) => Err(crate::report::local(warehouse, error)),
    }
}
