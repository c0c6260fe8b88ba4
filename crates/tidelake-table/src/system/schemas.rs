//! `$schemas`: one row for each version of the schema.

use serde_json::{Map, Value};
use tidelake_types::{DataField, TypeKind};

use super::{Rows, columns, long, millis, string};
use crate::{Result, Table};

pub(super) fn fields() -> Vec<DataField> {
    columns([
        ("schema_id", TypeKind::BigInt, false),
        ("fields", TypeKind::STRING, false),
        ("partition_keys", TypeKind::STRING, false),
        ("primary_keys", TypeKind::STRING, false),
        ("options", TypeKind::STRING, false),
        ("comment", TypeKind::STRING, true),
        ("update_time", TypeKind::Timestamp(3), false),
    ])
}

pub(super) async fn read(table: &Table, rows: &mut Rows) -> Result<()> {
    for id in table.schemas().list_ids().await? {
        let schema = table.schemas().load(id).await?;
        let fields: Vec<Value> = schema.fields.iter().map(DataField::to_json).collect();
        let options: Map<String, Value> =
            schema.options.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        rows.push([
            long(schema.id),
            string(Value::Array(fields).to_string()),
            string(Value::from(schema.partition_keys.clone()).to_string()),
            string(Value::from(schema.primary_keys.clone()).to_string()),
            string(Value::Object(options).to_string()),
            schema.comment.clone().and_then(string),
            millis(schema.time_ms),
        ]);
    }
    Ok(())
}
