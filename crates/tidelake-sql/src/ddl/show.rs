//! What a table looks like, as rows and as a statement.

use std::{fmt::Write, sync::Arc};

use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use tidelake_table::{Table, TableSchema};

use crate::Result;

/// `DESCRIBE`: a row for each column.
pub(crate) fn describe(schema: &TableSchema) -> Result<RecordBatch> {
    let fields = &schema.fields;
    let names: StringArray = fields.iter().map(|field| Some(field.name.as_str())).collect();
    let types: StringArray =
        fields.iter().map(|field| Some(field.data_type.clone().with_nullable(true).to_string())).collect();
    let nullable: BooleanArray = fields.iter().map(|field| Some(field.data_type.nullable)).collect();
    let keys: StringArray = (fields.iter())
        .map(|field| {
            let primary = schema.primary_keys.contains(&field.name);
            let partition = schema.partition_keys.contains(&field.name);
            match (primary, partition) {
                (true, true) => Some("primary, partition"),
                (true, false) => Some("primary"),
                (false, true) => Some("partition"),
                (false, false) => None,
            }
        })
        .collect();
    let comments: StringArray = fields.iter().map(|field| field.description.as_deref()).collect();
    let described = Schema::new(vec![
        Field::new("column_name", DataType::Utf8, false),
        Field::new("data_type", DataType::Utf8, false),
        Field::new("is_nullable", DataType::Boolean, false),
        Field::new("key", DataType::Utf8, true),
        Field::new("comment", DataType::Utf8, true),
    ]);
    let columns: Vec<arrow_array::ArrayRef> =
        vec![Arc::new(names), Arc::new(types), Arc::new(nullable), Arc::new(keys), Arc::new(comments)];
    Ok(RecordBatch::try_new(Arc::new(described), columns).map_err(datafusion::error::DataFusionError::from)?)
}

/// `SHOW CREATE TABLE`: a statement that makes such a table.
pub(crate) fn show_create_table(table: &Table) -> String {
    let schema = table.schema();
    let name = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let list = |names: &[String]| names.iter().map(|part| name(part)).collect::<Vec<_>>().join(", ");
    let mut lines = Vec::new();
    for field in &schema.fields {
        let mut line = format!("  {} {}", name(&field.name), field.data_type);
        if let Some(default) = &field.default_value {
            let _ = write!(line, " DEFAULT {}", text(default));
        }
        if let Some(comment) = &field.description {
            let _ = write!(line, " COMMENT {}", text(comment));
        }
        lines.push(line);
    }
    if !schema.primary_keys.is_empty() {
        lines.push(format!("  PRIMARY KEY ({}) NOT ENFORCED", list(&schema.primary_keys)));
    }
    let mut statement = format!("CREATE TABLE {} (\n{}\n)", table.identifier(), lines.join(",\n"));
    if let Some(comment) = &schema.comment {
        let _ = write!(statement, " COMMENT {}", text(comment));
    }
    if !schema.partition_keys.is_empty() {
        let _ = write!(statement, " PARTITIONED BY ({})", list(&schema.partition_keys));
    }
    if !schema.options.is_empty() {
        let options: Vec<String> =
            schema.options.iter().map(|(key, value)| format!("  {} = {}", text(key), text(value))).collect();
        let _ = write!(statement, " WITH (\n{}\n)", options.join(",\n"));
    }
    statement
}
