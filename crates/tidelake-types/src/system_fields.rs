//! Columns that the format adds to files: their names and ids.

use crate::{DataField, TypeKind};

/// Added to a key column's id to make that of its `_KEY_` column.
pub const KEY_ID_OFFSET: i32 = 1_073_741_823;
/// What the name of a key column in a file begins with.
pub const KEY_PREFIX: &str = "_KEY_";
/// Which of two rows with one key is newer.
pub const SEQUENCE_NUMBER: &str = "_SEQUENCE_NUMBER";
/// The row kind's byte.
pub const VALUE_KIND: &str = "_VALUE_KIND";
/// The id of [`SEQUENCE_NUMBER`].
pub const SEQUENCE_NUMBER_ID: i32 = 2_147_483_646;
/// The row kind's text, in the system table `audit_log`.
pub const ROW_KIND: &str = "rowkind";
/// The id of [`VALUE_KIND`].
pub const VALUE_KIND_ID: i32 = 2_147_483_645;
/// The id of [`ROW_KIND`].
pub const ROW_KIND_ID: i32 = 2_147_483_643;

/// `_SEQUENCE_NUMBER BIGINT NOT NULL`.
pub fn sequence_number() -> DataField {
    DataField::new(SEQUENCE_NUMBER_ID, SEQUENCE_NUMBER, TypeKind::BigInt.not_null())
}

/// `_VALUE_KIND TINYINT NOT NULL`.
pub fn value_kind() -> DataField {
    DataField::new(VALUE_KIND_ID, VALUE_KIND, TypeKind::TinyInt.not_null())
}

/// `rowkind STRING NOT NULL`.
pub fn row_kind() -> DataField {
    DataField::new(ROW_KIND_ID, ROW_KIND, TypeKind::STRING.not_null())
}

/// The `_KEY_` column of a key column.
pub fn key_field(field: &DataField) -> DataField {
    DataField::new(field.id.wrapping_add(KEY_ID_OFFSET), format!("{KEY_PREFIX}{}", field.name), field.data_type.clone())
}

/// Whether an id belongs to the format rather than to a user.
pub fn is_system_id(id: i32) -> bool {
    id >= KEY_ID_OFFSET
}

/// Whether users may not give a column this name.
pub fn is_reserved_name(name: &str) -> bool {
    name.starts_with(KEY_PREFIX) || matches!(name, SEQUENCE_NUMBER | VALUE_KIND | ROW_KIND | "_LEVEL" | "_ROW_ID")
}
