//! `PARTITION (p = 1, q)`

use tidelake_table::{PartitionSpec, TableSchema};

/// Partition columns, each with a value if it has one in the statement; the value NULL is `Some(None)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartitionClause(pub(crate) Vec<(String, Option<Option<String>>)>);

impl PartitionClause {
    /// The columns that have a value, as the table calls partitions.
    pub(crate) fn spec(&self, schema: &TableSchema) -> PartitionSpec {
        let null = schema.options.text("partition.default-name").unwrap_or("__DEFAULT_PARTITION__");
        let value = |text: &Option<String>| text.clone().unwrap_or_else(|| null.to_owned());
        self.0.iter().filter_map(|(name, given)| given.as_ref().map(|text| (name.clone(), value(text)))).collect()
    }
}
