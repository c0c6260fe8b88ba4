//! How Paimon's types lie in Arrow memory.
//!
//! | Paimon | Arrow |
//! |---|---|
//! | CHAR, VARCHAR, STRING | Utf8 |
//! | BINARY, VARBINARY, BYTES, BLOB | Binary |
//! | BOOLEAN, TINYINT .. BIGINT, FLOAT, DOUBLE | Boolean, Int8 .. Int64, Float32, Float64 |
//! | DECIMAL(p, s) | Decimal128(p, s) |
//! | DATE | Date32 |
//! | TIME(p) | Time32(Millisecond) |
//! | TIMESTAMP(0..3 / 4..6 / 7..9) | Timestamp(Millisecond / Microsecond / Nanosecond, None) |
//! | TIMESTAMP_LTZ | the same with time zone "UTC" |
//! | ARRAY | List(field "element") |
//! | MAP, MULTISET | Map(entries "entries" of "key" NOT NULL, "value"; unsorted) |
//! | ROW | Struct |
use arrow_schema::{DataType as ArrowType, Field, SchemaRef};

use crate::{DataField, DataType, error::Result};

/// The key of Arrow field metadata that holds a field id, as Parquet's Arrow mapping names it.
pub const FIELD_ID_KEY: &str = "PARQUET:field_id";

/// The Arrow type of a Paimon type, with field ids in the metadata of nested fields.
pub fn arrow_type(_data_type: &DataType) -> Result<ArrowType> {
    todo!()
}

/// The Arrow field of a column, with its id in the metadata.
pub fn arrow_field(_field: &DataField) -> Result<Field> {
    todo!()
}

/// The Arrow schema of some columns.
pub fn arrow_schema(_fields: &[DataField]) -> Result<SchemaRef> {
    todo!()
}

/// The Paimon type that fits an Arrow field best (CREATE TABLE from Arrow or SQL types). Ids of nested fields come from
/// `next_id`, post-order (metadata spec 2.4).
pub fn field_from_arrow(_field: &Field, _next_id: &mut i32) -> Result<DataField> {
    todo!()
}

/// As [`field_from_arrow`] for all columns, ids from 0: each column's own id first, then its nested ones as spec 2.4 says.
pub fn fields_from_arrow(_schema: &arrow_schema::Schema) -> Result<Vec<DataField>> {
    todo!()
}
