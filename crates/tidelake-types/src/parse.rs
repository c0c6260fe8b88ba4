//! From text and JSON to types.
use serde_json::Value;

use crate::{DataField, DataType, error::Result};

/// The `type` of a schema file: a JSON string for atomic types, an object for nested ones (metadata spec 2.3).
pub fn parse_data_type(_json: &Value) -> Result<DataType> {
    todo!()
}

/// DDL text, nested types too: `ARRAY<ROW<x INT, y STRING> NOT NULL>`, ids of ROW fields from `next_id`.
pub fn parse_ddl_type(_text: &str, _next_id: &mut i32) -> Result<DataType> {
    todo!()
}

impl DataType {
    /// The `type` member of schema files, in Java's form.
    pub fn to_json(&self) -> Value {
        todo!()
    }
}

impl DataField {
    /// A member of `fields` in schema files. A `null` description or default is taken as absent.
    pub fn from_json(_json: &Value) -> Result<Self> {
        todo!()
    }
    /// A member of `fields` in schema files; absent members are omitted.
    pub fn to_json(&self) -> Value {
        todo!()
    }
}
