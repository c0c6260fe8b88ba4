//! `$options`: one row for each explicit option.

use tidelake_types::{DataField, TypeKind};

use super::{Rows, columns, string};
use crate::Table;

pub(super) fn fields() -> Vec<DataField> {
    columns([("key", TypeKind::STRING, false), ("value", TypeKind::STRING, false)])
}

pub(super) fn read(table: &Table, rows: &mut Rows) {
    for (key, value) in table.entry.schema.options.iter() {
        rows.push([string(key), string(value)]);
    }
}
