//! The options that catalogs read.

use tidelake_types::OptionKey;

/// `warehouse`
pub const WAREHOUSE: OptionKey<Option<String>> =
    OptionKey::new("warehouse", || None).describe("The folder of the databases: a path or URL.");

/// `metastore`
pub const METASTORE: OptionKey<String> = OptionKey::new("metastore", || "filesystem".to_owned())
    .or(&["type"])
    .describe("The kind of the catalog: `filesystem`, or what is registered.");

/// `tide.external-roots`
pub const EXTERNAL_ROOTS: OptionKey<Option<String>> = OptionKey::new("tide.external-roots", || None).describe(
    "Roots outside of the warehouse that tables may keep files in, separated by commas. Only a catalog sets it.",
);

/// Options of this prefix become options of new tables, unless they have their own.
pub const TABLE_DEFAULT_PREFIX: &str = "table-default.";
