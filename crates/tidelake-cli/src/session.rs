//! The lake of one command.

use std::sync::Arc;

use tidelake::{Catalog, ErrorKind, Identifier, Lake, Options, Table, sql::TableAddress};

use crate::{
    args::{LakeArgs, TableArgs},
    memory::budget_bytes,
    report::{Failure, Result},
};

/// A lake and its catalog.
pub(crate) struct Session {
    pub(crate) lake: Lake,
    pub(crate) catalog: Arc<dyn Catalog>,
    warehouse: String,
}

impl Session {
    pub(crate) async fn open(args: &LakeArgs) -> Result<Self> {
        let lake = Lake::builder().with_memory_bytes(budget_bytes()).build()?;
        let mut options: Options =
            args.catalog_options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let warehouse = absolute(&args.warehouse)?;
        options.set("warehouse", warehouse.as_str());
        let catalog = lake
            .open_catalog(&options)
            .await
            .map_err(|error| Failure::from(error).while_doing(format!("open the warehouse {}", args.warehouse)))?;
        Ok(Self { lake, catalog, warehouse })
    }

    /// Fails for a folder that is not there. (In an object store a place without objects cannot be told from none.)
    pub(crate) fn check_warehouse(&self) -> Result<()> {
        let path = self.warehouse.strip_prefix("file:").unwrap_or(&self.warehouse);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.contains("://") || std::path::Path::new(path).exists() {
            return Ok(());
        }
        Err(Failure::new(ErrorKind::NotFound, format!("there is no warehouse {}", self.warehouse))
            .hint("--warehouse says where the tables are"))
    }

    /// The table of a command, with the version and the options of the call; and which system table was asked for.
    pub(crate) async fn table(&self, args: &TableArgs) -> Result<(Table, Option<String>)> {
        let (name, version) = split_version(&args.table);
        let identifier = Identifier::parse(&name)?;
        let table = self.lake.load_table(&self.catalog, &identifier.base()).await.map_err(|error| {
            let failure = Failure::from(error).while_doing(format!("open the table {}", args.table));
            match self.check_warehouse() {
                Ok(()) => failure,
                Err(missing) => missing.while_doing(format!("open the table {}", args.table)),
            }
        })?;
        Ok((table.with_options(&options_of(args).overlaid(&version)), identifier.system))
    }

    /// As [`Self::table`], for commands that read rows and make no sense on a system table.
    pub(crate) async fn versioned_table(&self, args: &TableArgs) -> Result<Table> {
        match self.table(args).await? {
            (table, None) => Ok(table),
            (_, Some(system)) => Err(Failure::new(
                ErrorKind::InvalidInput,
                format!("`${system}` is a system table: it can only be read"),
            )),
        }
    }

    /// As [`Self::versioned_table`], for commands that make no sense on a version of the past either.
    pub(crate) async fn data_table(&self, args: &TableArgs) -> Result<Table> {
        let table = self.versioned_table(args).await?;
        if args.table.contains('@') {
            let message = format!("`{}` is a version of a table: it can only be read", args.table);
            return Err(Failure::new(ErrorKind::InvalidInput, message));
        }
        Ok(table)
    }
}

/// `db.t@v3$files` as `db.t$files` and the options that read that version.
fn split_version(name: &str) -> (String, Options) {
    let address = TableAddress::parse(name);
    if address.version.is_none() {
        return (name.to_owned(), Options::new());
    }
    let system = address.system.as_deref().map_or_else(String::new, |system| format!("${system}"));
    (format!("{}{system}", address.table), address.options())
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
