//! `$audit_log`: the rows of a table, or their changes, each with what it does as a column (data spec 8.6).
//!
//! ```text
//! rowkind | [_SEQUENCE_NUMBER] | the table's columns        rowkind: +I  -U  +U  -D
//! ```
//!
//! Whoever cannot hold kinds beside rows (SQL, a file) sees by it which rows are deletes. To all others each row of it is
//! an insert.

use arrow_array::{Int8Array, StringArray};
use tidelake_meta::TableSchema;
use tidelake_types::{DataField, OptionKey, RowKind, system_fields};

use crate::{Result, error::InvalidSnafu};

/// The name of the system table.
pub(crate) const AUDIT_LOG: &str = "audit_log";

/// Whether `$audit_log` shows the sequence numbers of rows.
pub const TABLE_READ_SEQUENCE_NUMBER_ENABLED: OptionKey<bool> =
    OptionKey::new("table-read.sequence-number.enabled", || false)
        .describe("Whether the system table `audit_log` has a column `_SEQUENCE_NUMBER`.");

/// The columns of `$audit_log` of a table with this schema.
pub fn audit_log_fields(schema: &TableSchema) -> Result<Vec<DataField>> {
    let mut fields = vec![system_fields::row_kind()];
    if schema.options.get(&TABLE_READ_SEQUENCE_NUMBER_ENABLED)? {
        if !schema.has_primary_key() {
            let message = "option `table-read.sequence-number.enabled` needs a table with a primary key";
            return InvalidSnafu { message }.fail();
        }
        fields.push(system_fields::sequence_number());
    }
    fields.extend(schema.fields.iter().cloned());
    Ok(fields)
}

/// Kinds as the column `rowkind`.
pub(crate) fn row_kinds(kinds: &Int8Array) -> StringArray {
    kinds.iter().map(|kind| kind.and_then(RowKind::from_byte).map(RowKind::as_str)).collect()
}
