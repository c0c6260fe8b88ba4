//! From one schema to the next (metadata spec 2.4 and 2.6).

use tidelake_types::{CastRule, DataField, DataType, TypeKind, cast_rule};

use crate::{
    Place, Result, SchemaChange, TableSchema,
    error::invalid,
    options::{ADD_COLUMN_BEFORE_PARTITION, DISABLE_EXPLICIT_TYPE_CASTING, DISABLE_NULL_TO_NOT_NULL},
};

use super::{create::keys_from_option, option_rules};

impl TableSchema {
    /// What the next schema is after these changes: all of them, or an error. `has_snapshots` tells whether there may be data
    /// files, whose meaning some options decide. What is not allowed is `Invalid`.
    pub fn changed(&self, changes: &[SchemaChange], has_snapshots: bool, time_ms: i64) -> Result<Self> {
        let mut next = Self { version: Self::VERSION, id: self.id + 1, time_ms, ..self.clone() };
        let rules = Rules { before: self, has_snapshots };
        for change in changes {
            rules.apply(&mut next, change)?;
        }
        next.primary_keys = keys_from_option(next.primary_keys, &mut next.options, "primary-key")?;
        next.partition_keys = keys_from_option(next.partition_keys, &mut next.options, "partition")?;
        next.make_keys_not_null()?;
        next.check()?;
        Ok(next)
    }
}

/// What decides about changes: the schema as it was, as in Java.
struct Rules<'a> {
    before: &'a TableSchema,
    has_snapshots: bool,
}

impl Rules<'_> {
    fn apply(&self, next: &mut TableSchema, change: &SchemaChange) -> Result<()> {
        match change {
            SchemaChange::SetOption(name, value) => {
                if !option_rules::is_same(self.before, name, value) {
                    option_rules::check_change(self.before, name, Some(value), self.has_snapshots)?;
                    next.options.set(name, value);
                }
            }
            SchemaChange::UnsetOption(name) => {
                option_rules::check_change(self.before, name, None, self.has_snapshots)?;
                next.options.unset(name);
            }
            SchemaChange::SetComment(comment) => next.comment.clone_from(comment),
            SchemaChange::AddColumn { path, data_type, comment, default_value, place } => {
                let field = DataField {
                    description: comment.clone(),
                    default_value: default_value.clone(),
                    ..DataField::new(0, name_of(path)?, data_type.clone())
                };
                self.add(next, path, field, place.as_ref())?;
            }
            SchemaChange::DropColumn { path } => self.drop(next, path)?,
            SchemaChange::RenameColumn { path, name } => self.rename(next, path, name)?,
            SchemaChange::SetType { path, data_type, keep_nullability } => {
                self.set_type(next, path, data_type, *keep_nullability)?;
            }
            SchemaChange::SetNullable { path, nullable } => {
                if *nullable && is_key(&next.primary_keys, path) {
                    return refuse(path, "is of the primary key, which is never null");
                }
                let data_type = type_at(&mut next.fields, path)?;
                self.check_nullability(path, data_type.nullable, *nullable)?;
                data_type.nullable = *nullable;
            }
            SchemaChange::SetColumnComment { path, comment } => {
                field_at(&mut next.fields, path)?.description.clone_from(comment);
            }
            SchemaChange::SetDefault { path, default_value } => {
                field_at(&mut next.fields, path)?.default_value.clone_from(default_value);
            }
            SchemaChange::MoveColumn { path, place } => {
                let fields = siblings(&mut next.fields, path)?;
                let field = fields.remove(position(fields, path)?);
                insert(fields, field, place)?;
            }
            SchemaChange::DropPrimaryKey if self.has_snapshots => {
                return invalid("the primary key cannot be dropped from a table that has snapshots");
            }
            SchemaChange::DropPrimaryKey => next.primary_keys.clear(),
        }
        Ok(())
    }

    fn add(&self, next: &mut TableSchema, path: &[String], mut field: DataField, place: Option<&Place>) -> Result<()> {
        if !field.data_type.nullable {
            return refuse(path, "cannot be NOT NULL: the rows that are there have no value for it");
        }
        // The column first, then what is inside of it.
        field.id = next.highest_field_id + 1;
        let mut next_id = field.id + 1;
        field.data_type.number_fields(&mut next_id);
        next.highest_field_id = next_id - 1;
        let before_partition = path.len() == 1 && next.options.get(&ADD_COLUMN_BEFORE_PARTITION)?;
        let partition = next.fields.iter().find(|field| before_partition && next.partition_keys.contains(&field.name));
        let default_place = partition.map_or(Place::Last, |field| Place::Before(field.name.clone()));
        let fields = siblings(&mut next.fields, path)?;
        check_free(fields, &field.name)?;
        insert(fields, field, place.unwrap_or(&default_place))
    }

    fn drop(&self, next: &mut TableSchema, path: &[String]) -> Result<()> {
        if is_key(&next.primary_keys, path) || is_key(&next.partition_keys, path) {
            return refuse(path, "is of a key and cannot be dropped");
        }
        if let [name] = path
            && let Some(option) = option_rules::naming(&next.options, name)
        {
            return refuse(path, &format!("is named by option `{option}`: change that first"));
        }
        let fields = siblings(&mut next.fields, path)?;
        fields.remove(position(fields, path)?);
        if fields.is_empty() {
            return refuse(path, "is the only one there and cannot be dropped");
        }
        Ok(())
    }

    fn rename(&self, next: &mut TableSchema, path: &[String], name: &str) -> Result<()> {
        if is_key(&next.partition_keys, path) {
            return refuse(path, "is a partition key and cannot be renamed");
        }
        let fields = siblings(&mut next.fields, path)?;
        let at = position(fields, path)?;
        check_free(fields, name)?;
        fields[at].name = name.to_owned();
        if let [old] = path {
            next.primary_keys.iter_mut().filter(|key| *key == old).for_each(|key| name.clone_into(key));
            next.options = option_rules::renamed(&next.options, old, name)?;
        }
        Ok(())
    }

    fn set_type(&self, next: &mut TableSchema, path: &[String], to: &DataType, keep_nullability: bool) -> Result<()> {
        if is_key(&next.primary_keys, path) || is_key(&next.partition_keys, path) {
            return refuse(path, "is of a key, whose type cannot change");
        }
        let explicit = !self.before.options.get(&DISABLE_EXPLICIT_TYPE_CASTING)?;
        let from = type_at(&mut next.fields, path)?;
        if !keep_nullability {
            self.check_nullability(path, from.nullable, to.nullable)?;
        }
        if !from.same_values(to) && (has_fields(from) || has_fields(to)) {
            return refuse(path, "holds a ROW, whose type cannot be given anew: change its fields by their paths");
        }
        if cast_rule(from, to) == CastRule::No || !(explicit || is_implicit(&from.kind, &to.kind)) {
            let option = if explicit { "" } else { " while option `disable-explicit-type-casting` is true" };
            return refuse(path, &format!("cannot become {to}: values of {from} cannot be cast to it{option}"));
        }
        let nullable = if keep_nullability { from.nullable } else { to.nullable };
        if !from.same_values(to) {
            *from = to.clone();
        }
        from.nullable = nullable;
        Ok(())
    }

    fn check_nullability(&self, path: &[String], from: bool, to: bool) -> Result<()> {
        if from && !to && self.before.options.get(&DISABLE_NULL_TO_NOT_NULL)? {
            return refuse(
                path,
                "cannot become NOT NULL: rows that are there may have no value (option `alter-column-null-to-not-null.disabled` = false allows it)",
            );
        }
        Ok(())
    }
}

/// What becomes what without being asked to, as Java's implicit casts: the same kind of type whatever its length, wider numbers.
fn is_implicit(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind as K;
    let rank = |kind: &K| match kind {
        K::TinyInt => 1,
        K::SmallInt => 2,
        K::Int => 3,
        K::BigInt => 4,
        K::Decimal { .. } => 5,
        K::Float => 6,
        K::Double => 7,
        _ => 0,
    };
    match (rank(from), rank(to)) {
        (0, _) | (_, 0) => {
            matches!((from, to), (K::Char(_), K::Varchar(_)) | (K::Binary(_), K::Varbinary(_)))
                || matches!((from, to), (K::Timestamp(_) | K::TimestampLtz(_), K::Timestamp(_) | K::TimestampLtz(_)))
                || matches!((from, to), (K::Timestamp(_), K::Date | K::Time(_)))
                || std::mem::discriminant(from) == std::mem::discriminant(to)
        }
        // Any number becomes a decimal.
        (_, 5) => true,
        (from, to) => from <= to,
    }
}

fn has_fields(data_type: &DataType) -> bool {
    match &data_type.kind {
        TypeKind::Row(_) => true,
        TypeKind::Array(element) | TypeKind::Multiset(element) | TypeKind::Vector(element, _) => has_fields(element),
        TypeKind::Map(key, value) => has_fields(key) || has_fields(value),
        _ => false,
    }
}

/// Keys are columns, never fields within one.
fn is_key(keys: &[String], path: &[String]) -> bool {
    matches!(path, [name] if keys.contains(name))
}

fn name_of(path: &[String]) -> Result<&str> {
    match path.last() {
        Some(name) => Ok(name),
        None => invalid("a change names no column"),
    }
}

fn refuse<T>(path: &[String], reason: &str) -> Result<T> {
    invalid(format!("column `{}` {reason}", path.join(".")))
}

fn check_free(fields: &[DataField], name: &str) -> Result<()> {
    match fields.iter().any(|field| field.name == name) {
        true => invalid(format!("there is a column `{name}` already")),
        false => Ok(()),
    }
}

fn position(fields: &[DataField], path: &[String]) -> Result<usize> {
    let name = name_of(path)?;
    match fields.iter().position(|field| field.name == name) {
        Some(at) => Ok(at),
        None => {
            let known = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
            refuse(path, &format!("is not there (there are: {known})"))
        }
    }
}

fn insert(fields: &mut Vec<DataField>, field: DataField, place: &Place) -> Result<()> {
    let at = match place {
        Place::First => 0,
        Place::Last => fields.len(),
        Place::After(name) | Place::Before(name) if *name == field.name => {
            return invalid(format!("column `{name}` cannot be placed beside itself"));
        }
        Place::After(name) => position(fields, std::slice::from_ref(name))? + 1,
        Place::Before(name) => position(fields, std::slice::from_ref(name))?,
    };
    fields.insert(at, field);
    Ok(())
}

/// The fields among which the last name of a path stands, or shall stand.
fn siblings<'a>(fields: &'a mut Vec<DataField>, path: &[String]) -> Result<&'a mut Vec<DataField>> {
    match path {
        [] | [_] => Ok(fields),
        [first, rest @ ..] => {
            let at = position(fields, std::slice::from_ref(first))?;
            let mut within = &mut fields[at].data_type;
            let mut rest = rest;
            loop {
                match (&mut within.kind, rest) {
                    (TypeKind::Row(fields), rest) => return siblings(fields, rest),
                    (TypeKind::Array(inner), [name, deeper @ ..]) if name == "element" => {
                        (within, rest) = (inner, deeper)
                    }
                    (TypeKind::Map(_, inner), [name, deeper @ ..]) if name == "value" => {
                        (within, rest) = (inner, deeper)
                    }
                    _ => return refuse(path, "is no field of a ROW"),
                }
            }
        }
    }
}

fn field_at<'a>(fields: &'a mut Vec<DataField>, path: &[String]) -> Result<&'a mut DataField> {
    let fields = siblings(fields, path)?;
    let at = position(fields, path)?;
    Ok(&mut fields[at])
}

/// The type that a path leads to: of a field, or within an ARRAY or a MAP.
fn type_at<'a>(fields: &'a mut [DataField], path: &[String]) -> Result<&'a mut DataType> {
    let Some((first, rest)) = path.split_first() else { return refuse(path, "is not named") };
    let at = position(fields, std::slice::from_ref(first))?;
    let (mut within, mut rest) = (&mut fields[at].data_type, rest);
    while let [name, deeper @ ..] = rest {
        match &mut within.kind {
            TypeKind::Row(fields) => return type_at(fields, rest),
            TypeKind::Array(inner) if name == "element" => within = inner,
            TypeKind::Map(_, inner) if name == "value" => within = inner,
            _ => return refuse(path, &format!("is not there: nothing is called `{name}` in what holds it")),
        }
        rest = deeper;
    }
    Ok(within)
}
