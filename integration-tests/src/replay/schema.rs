//! Schemas and their changes: from the oracle's words, or from two schemas.

use serde_json::Value;
use tidelake::{DataField, DataType, Options, Place, SchemaChange, TableSchema, TypeKind, types::parse_ddl_type};

use super::Result;
use crate::answers::text;

/// A new table's schema, from what `write --create` takes.
pub fn created_schema(json: &Value, now_ms: i64) -> Result<TableSchema> {
    let list = |name: &str| json[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut next_id = list("fields").len() as i32;
    let fields = (list("fields").iter().zip(0..))
        .map(|(field, id)| {
            let data_type = parse_ddl_type(&word(&field["type"]), &mut next_id).map_err(text)?;
            Ok(DataField::new(id, word(&field["name"]), data_type))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut options = Options::new();
    for (key, value) in json["options"].as_object().into_iter().flatten() {
        options.set(key, word(value));
    }
    let words = |name| list(name).iter().map(word).collect();
    TableSchema::create(fields, words("partitionKeys"), words("primaryKeys"), options, None, now_ms).map_err(text)
}

/// The changes that make one schema the other, whose columns keep their ids.
pub fn changes_between(from: &TableSchema, to: &TableSchema) -> Vec<SchemaChange> {
    let mut changes = Changes::default();
    for (key, value) in to.options.iter().filter(|(key, value)| from.options.text(key) != Some(*value)) {
        changes.first.push(SchemaChange::SetOption(key.to_owned(), value.to_owned()));
    }
    for (key, _) in from.options.iter().filter(|(key, _)| to.options.text(key).is_none()) {
        changes.first.push(SchemaChange::UnsetOption(key.to_owned()));
    }
    if from.comment != to.comment {
        changes.first.push(SchemaChange::SetComment(to.comment.clone()));
    }
    changes.fields(&[], &from.fields, &to.fields);
    // Ids are given in the order of adding.
    changes.added.sort_by_key(|(id, _)| *id);
    let added = changes.added.into_iter().map(|(_, change)| change);
    changes.first.into_iter().chain(added).chain(changes.moves).collect()
}

#[derive(Default)]
struct Changes {
    first: Vec<SchemaChange>,
    /// Columns to be added, by their ids.
    added: Vec<(i32, SchemaChange)>,
    moves: Vec<SchemaChange>,
}

impl Changes {
    /// Fields that stand side by side, in the table or in a ROW at `path`.
    fn fields(&mut self, path: &[String], from: &[DataField], to: &[DataField]) {
        let at = |name: &str| [path, &[name.to_owned()]].concat();
        let mut names: Vec<String> = Vec::new();
        for old in from {
            let Some(new) = to.iter().find(|new| new.id == old.id) else {
                self.first.push(SchemaChange::DropColumn { path: at(&old.name) });
                continue;
            };
            if new.name != old.name {
                self.first.push(SchemaChange::RenameColumn { path: at(&old.name), name: new.name.clone() });
            }
            names.push(new.name.clone());
        }
        let mut added: Vec<&DataField> = Vec::new();
        for new in to {
            match from.iter().find(|old| old.id == new.id) {
                Some(old) => self.field(&at(&new.name), old, new),
                None => added.push(new),
            }
        }
        added.sort_by_key(|new| new.id);
        for new in added {
            let change = SchemaChange::AddColumn {
                path: at(&new.name),
                data_type: new.data_type.clone(),
                comment: new.description.clone(),
                default_value: new.default_value.clone(),
                place: None,
            };
            self.added.push((new.id, change));
            names.push(new.name.clone());
        }
        for (index, new) in to.iter().enumerate() {
            if names[index] == new.name {
                continue;
            }
            let place = if index == 0 { Place::First } else { Place::After(to[index - 1].name.clone()) };
            self.moves.push(SchemaChange::MoveColumn { path: at(&new.name), place });
            names.retain(|name| *name != new.name);
            names.insert(index, new.name.clone());
        }
    }

    fn field(&mut self, path: &[String], from: &DataField, to: &DataField) {
        self.types(path, &from.data_type, &to.data_type);
        if from.description != to.description {
            let comment = to.description.clone();
            self.first.push(SchemaChange::SetColumnComment { path: path.to_vec(), comment });
        }
        if from.default_value != to.default_value {
            let default_value = to.default_value.clone();
            self.first.push(SchemaChange::SetDefault { path: path.to_vec(), default_value });
        }
    }

    /// What one column holds.
    fn types(&mut self, path: &[String], from: &DataType, to: &DataType) {
        let below = |step: &str| [path, &[step.to_owned()]].concat();
        match (&from.kind, &to.kind) {
            (TypeKind::Row(from), TypeKind::Row(to)) => self.fields(path, from, to),
            (TypeKind::Array(from), TypeKind::Array(to)) => self.types(&below("element"), from, to),
            (TypeKind::Map(_, from), TypeKind::Map(_, to)) => self.types(&below("value"), from, to),
            (from, to_kind) if from != to_kind => {
                let (path, data_type) = (path.to_vec(), to.clone());
                return self.first.push(SchemaChange::SetType { path, data_type, keep_nullability: false });
            }
            _ => {}
        }
        if from.nullable != to.nullable {
            self.first.push(SchemaChange::SetNullable { path: path.to_vec(), nullable: to.nullable });
        }
    }
}
