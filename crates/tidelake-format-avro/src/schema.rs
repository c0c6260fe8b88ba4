//! The schema in a file's header.

use std::sync::Arc;

use arrow_schema::TimeUnit;
use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    cursor::Cursor,
    fault::{Result, broken},
};

/// More parts than any table's schema has; keeps hostile ones from being unfolded without end.
const PARTS_MAX: usize = 100_000;
/// Deeper than any table's columns; reading and skipping recurse so deep.
const DEPTH_MAX: usize = 100;

/// An Avro type, with what is known of its meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Null,
    Boolean,
    Int,
    /// Days since 1970, as `int`.
    Date,
    /// Of the day, as `int`.
    TimeMillis,
    Long,
    /// Of the day, as `long`.
    TimeMicros,
    /// Since 1970, as `long`. Paimon calls wall clocks `timestamp-…` and instants `local-timestamp-…`, against the words
    /// of Avro; who reads decides by the table's type.
    Timestamp {
        unit: TimeUnit,
        local: bool,
    },
    Float,
    Double,
    Binary(Length),
    String,
    /// Two's complement, highest byte first.
    Decimal {
        length: Length,
        precision: u8,
        scale: i8,
    },
    Enum,
    Array(Arc<Type>),
    /// Keys are strings.
    Map(Arc<Type>),
    Union(Arc<[Type]>),
    Record(Arc<[(String, Type)]>),
}

/// How many bytes: said before each value, or once for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Each,
    Fixed(usize),
}

impl Length {
    pub(crate) fn take<'a>(self, cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
        match self {
            Self::Each => cursor.bytes(),
            Self::Fixed(length) => cursor.take(length),
        }
    }
}

impl Type {
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        let value: Value = match serde_json::from_slice(json) {
            Ok(value) => value,
            Err(error) => return broken(format!("its schema is not JSON: {error}")),
        };
        Parser { named: IndexMap::new(), parts: 0 }.parse(&value, "", 0)
    }

    /// Passes over a value.
    pub(crate) fn skip(&self, cursor: &mut Cursor<'_>) -> Result<()> {
        match self {
            Self::Null => {}
            Self::Boolean => drop(cursor.boolean()?),
            Self::Int | Self::Date | Self::TimeMillis | Self::Enum => drop(cursor.int()?),
            Self::Long | Self::TimeMicros | Self::Timestamp { .. } => drop(cursor.long()?),
            Self::Float => drop(cursor.take(4)?),
            Self::Double => drop(cursor.take(8)?),
            Self::Binary(length) | Self::Decimal { length, .. } => drop(length.take(cursor)?),
            Self::String => drop(cursor.bytes()?),
            Self::Array(item) => skip_runs(cursor, |cursor| item.skip(cursor))?,
            Self::Map(value) => skip_runs(cursor, |cursor| {
                cursor.bytes()?;
                value.skip(cursor)
            })?,
            Self::Union(branches) => branches[branch(branches.len(), cursor)?].skip(cursor)?,
            Self::Record(fields) => {
                for (name, field) in fields.iter() {
                    field.skip(cursor).map_err(|fault| fault.inside(name))?;
                }
            }
        }
        Ok(())
    }
}

fn skip_runs(cursor: &mut Cursor<'_>, mut skip: impl FnMut(&mut Cursor<'_>) -> Result<()>) -> Result<()> {
    loop {
        let run = cursor.run()?;
        match run.bytes {
            _ if run.items == 0 => return Ok(()),
            Some(bytes) => drop(cursor.take(bytes)?),
            None => (0..run.items).try_for_each(|_| skip(cursor))?,
        }
    }
}

/// The number of the branch that a value of a union takes.
pub(crate) fn branch(branches: usize, cursor: &mut Cursor<'_>) -> Result<usize> {
    let index = cursor.long()?;
    match usize::try_from(index) {
        Ok(index) if index < branches => Ok(index),
        _ => broken(format!("has a union of {branches} branches and a value of branch {index}")),
    }
}

struct Parser {
    /// Named types so far, with their parts and depth. A type is not yet known inside itself: no table's type recurs.
    named: IndexMap<String, Named>,
    parts: usize,
}

#[derive(Clone)]
struct Named {
    parsed: Type,
    parts: usize,
    depth: usize,
}

impl Parser {
    fn parse(&mut self, value: &Value, namespace: &str, depth: usize) -> Result<Type> {
        self.count(1, depth)?;
        match value {
            Value::String(name) => self.by_name(name, namespace, depth),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.parse(branch, namespace, depth + 1));
                Ok(Type::Union(branches.collect::<Result<_>>()?))
            }
            Value::Object(members) => match members.get("type") {
                Some(Value::String(kind)) => self.parse_kind(kind, value, namespace, depth),
                Some(inner) => self.parse(inner, namespace, depth + 1),
                None => broken("its schema has a type without `type`"),
            },
            _ => broken("its schema has a type that is neither text, list nor object"),
        }
    }

    fn parse_kind(&mut self, kind: &str, value: &Value, namespace: &str, depth: usize) -> Result<Type> {
        let inner = |name: &str| match value.get(name) {
            Some(inner) => Ok(inner),
            None => broken(format!("its schema has a `{kind}` without `{name}`")),
        };
        match kind {
            "array" => Ok(Type::Array(Arc::new(self.parse(inner("items")?, namespace, depth + 1)?))),
            "map" => Ok(Type::Map(Arc::new(self.parse(inner("values")?, namespace, depth + 1)?))),
            "record" | "enum" | "fixed" => {
                let before = self.parts;
                let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
                let namespace = value.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
                let parsed = match kind {
                    "record" => self.parse_record(inner("fields")?, namespace, depth)?,
                    "enum" => Type::Enum,
                    _ => match inner("size")?.as_u64() {
                        Some(size @ 1..=0x10_0000) => logical(Type::Binary(Length::Fixed(size as usize)), value),
                        _ => return broken("its schema has a `fixed` without a sensible size"),
                    },
                };
                let named = Named { parsed: parsed.clone(), parts: self.parts - before, depth: height(&parsed) };
                self.named.insert(full_name(name, namespace), named);
                Ok(parsed)
            }
            _ => Ok(logical(self.by_name(kind, namespace, depth)?, value)),
        }
    }

    fn parse_record(&mut self, fields: &Value, namespace: &str, depth: usize) -> Result<Type> {
        let mut parsed: Vec<(String, Type)> = Vec::new();
        for field in fields.as_array().map(Vec::as_slice).unwrap_or_default() {
            let (Some(name), Some(data_type)) = (field.get("name").and_then(Value::as_str), field.get("type")) else {
                return broken("its schema has a field without name or type");
            };
            parsed.push((name.to_owned(), self.parse(data_type, namespace, depth + 1)?));
        }
        let mut names: Vec<&str> = parsed.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => broken(format!("its schema has two fields `{}` in one record", pair[0])),
            None => Ok(Type::Record(parsed.into())),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str, depth: usize) -> Result<Type> {
        Ok(match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" => Type::Int,
            "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Binary(Length::Each),
            "string" => Type::String,
            _ => match self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name)).cloned() {
                Some(known) => {
                    self.count(known.parts, depth + known.depth)?;
                    known.parsed
                }
                None => return broken(format!("its schema names an unknown type `{name}`")),
            },
        })
    }

    fn count(&mut self, parts: usize, depth: usize) -> Result<()> {
        self.parts += parts;
        match (self.parts > PARTS_MAX, depth > DEPTH_MAX) {
            (true, _) => broken(format!("its schema has more than {PARTS_MAX} parts")),
            (_, true) => broken(format!("its schema is nested more than {DEPTH_MAX} deep")),
            _ => Ok(()),
        }
    }
}

/// A logical type that does not fit is to be ignored.
fn logical(plain: Type, value: &Value) -> Type {
    let timestamp = |unit, local| Type::Timestamp { unit, local };
    match (value.get("logicalType").and_then(Value::as_str), plain) {
        (Some("date"), Type::Int) => Type::Date,
        (Some("time-millis"), Type::Int) => Type::TimeMillis,
        (Some("time-micros"), Type::Long) => Type::TimeMicros,
        (Some("timestamp-millis"), Type::Long) => timestamp(TimeUnit::Millisecond, false),
        (Some("timestamp-micros"), Type::Long) => timestamp(TimeUnit::Microsecond, false),
        (Some("timestamp-nanos"), Type::Long) => timestamp(TimeUnit::Nanosecond, false),
        (Some("local-timestamp-millis"), Type::Long) => timestamp(TimeUnit::Millisecond, true),
        (Some("local-timestamp-micros"), Type::Long) => timestamp(TimeUnit::Microsecond, true),
        (Some("local-timestamp-nanos"), Type::Long) => timestamp(TimeUnit::Nanosecond, true),
        (Some("decimal"), Type::Binary(length)) => {
            let number = |name: &str| value.get(name).map_or(Some(0), Value::as_u64);
            match (number("precision"), number("scale")) {
                (Some(precision @ 1..=38), Some(scale)) if scale <= precision => {
                    Type::Decimal { length, precision: precision as u8, scale: scale as i8 }
                }
                _ => Type::Binary(length),
            }
        }
        (_, plain) => plain,
    }
}

fn height(data_type: &Type) -> usize {
    match data_type {
        Type::Array(inner) | Type::Map(inner) => 1 + height(inner),
        Type::Union(branches) => 1 + branches.iter().map(height).max().unwrap_or(0),
        Type::Record(fields) => 1 + fields.iter().map(|(_, field)| height(field)).max().unwrap_or(0),
        _ => 0,
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Type> {
        Type::parse(json.as_bytes())
    }

    #[test]
    fn names_are_looked_up_in_their_namespace() {
        let parsed = parse(
            r#"{"type":"record","name":"t","namespace":"n","fields":[
            {"name":"a","type":{"type":"fixed","name":"f","size":3}},{"name":"b","type":["null","n.f"]},{"name":"c","type":"f"}]}"#,
        );
        let Ok(Type::Record(fields)) = parsed else { unreachable!("a record") };
        let fixed = Type::Binary(Length::Fixed(3));
        assert_eq!(fields[1].1, Type::Union([Type::Null, fixed.clone()].into()));
        assert_eq!(fields[2].1, fixed);
    }

    #[test]
    fn logical_types_that_do_not_fit_are_ignored() {
        let of = |json: &str| parse(json).expect("a type");
        assert_eq!(of(r#"{"type":"int","logicalType":"date"}"#), Type::Date);
        assert_eq!(of(r#"{"type":"string","logicalType":"date"}"#), Type::String);
        let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":40,"scale":1}"#;
        assert_eq!(of(decimal), Type::Binary(Length::Each));
        let whole = of(r#"{"type":"bytes","logicalType":"decimal","precision":9}"#);
        assert_eq!(whole, Type::Decimal { length: Length::Each, precision: 9, scale: 0 });
    }

    #[test]
    fn schemas_that_unfold_without_end_are_refused() {
        let record = |name: usize, inner: [String; 2]| {
            let [a, b] = inner;
            format!(
                r#"{{"type":"record","name":"r{name}","fields":[{{"name":"a","type":{a}}},{{"name":"b","type":{b}}}]}}"#
            )
        };
        let mut schema = record(0, [r#""int""#.to_owned(), r#""int""#.to_owned()]);
        for level in 1..40 {
            schema = record(level, [schema, format!(r#""r{}""#, level - 1)]);
        }
        assert!(parse(&schema).is_err());
        assert!(
            parse(r#"{"type":"record","name":"t","fields":[{"name":"a","type":"t"}]}"#).is_err(),
            "a type in itself"
        );
        let chain: Vec<String> = (1..200)
            .map(|level| {
                let inner = if level == 1 { "int".to_owned() } else { format!("c{}", level - 1) };
                format!(r#"{{"name":"f{level}","type":{{"type":"record","name":"c{level}","fields":[{{"name":"x","type":"{inner}"}}]}}}}"#)
            })
            .collect();
        let chain = format!(r#"{{"type":"record","name":"t","fields":[{}]}}"#, chain.join(","));
        assert!(parse(&chain).is_err(), "a chain of types");
    }
}
