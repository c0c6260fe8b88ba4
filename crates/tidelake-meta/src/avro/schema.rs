//! The schema in a file's header, and values as it lays them out.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Fault, Result, broken, cursor::Cursor};

/// More nested parts than any schema of the table format has; keeps hostile ones from being unfolded without end.
const PARTS_MAX: usize = 10_000;

/// More items than any list in metadata has: one for each column, or file beside a file.
const ITEMS_MAX: usize = 1 << 20;

/// An Avro type. Names of records do not matter to us, logical types neither.
#[derive(Debug, Clone)]
pub(super) enum Type {
    Null,
    Boolean,
    /// `int` and `long`, which are stored alike, and the index of an `enum`.
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Array(Arc<Type>),
    Map(Arc<Type>),
    Union(Arc<[Type]>),
    Record(Arc<[(String, Type)]>),
}

/// One value that is not a record, borrowed from its block.
#[derive(Debug, Clone, Default)]
pub(super) enum Datum<'a> {
    /// The file has no such field.
    #[default]
    Missing,
    Null,
    Long(i64),
    Bytes(&'a [u8]),
    String(&'a str),
    Array(Vec<Datum<'a>>),
    /// A value of a type that metadata does not use.
    Other,
}

impl Type {
    pub(super) fn parse(json: &str) -> Result<Self> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| Fault::Broken(format!("the schema is not JSON: {error}")))?;
        let mut parser = Parser { named: IndexMap::new(), parts: 0 };
        parser.parse(&value, "")
    }

    pub(super) fn read<'a>(&self, cursor: &mut Cursor<'a>) -> Result<Datum<'a>> {
        Ok(match self {
            Self::Null => Datum::Null,
            Self::Long => Datum::Long(cursor.long()?),
            Self::Bytes => Datum::Bytes(cursor.bytes()?),
            Self::Fixed(length) => Datum::Bytes(cursor.take(*length)?),
            Self::String => Datum::String(cursor.string()?),
            Self::Array(item) => {
                let mut items = Vec::new();
                loop {
                    match cursor.run()? {
                        0 => return Ok(Datum::Array(items)),
                        count if items.len() + count > ITEMS_MAX => return broken("a list has too many items"),
                        count => {
                            for _ in 0..count {
                                items.push(item.read(cursor)?);
                            }
                        }
                    }
                }
            }
            Self::Union(branches) => branch(branches, cursor)?.read(cursor)?,
            Self::Boolean => {
                cursor.take(1)?;
                Datum::Other
            }
            Self::Float => {
                cursor.take(4)?;
                Datum::Other
            }
            Self::Double => {
                cursor.take(8)?;
                Datum::Other
            }
            Self::Map(value) => loop {
                match cursor.run()? {
                    0 => return Ok(Datum::Other),
                    count => {
                        for _ in 0..count {
                            cursor.bytes()?;
                            value.read(cursor)?;
                        }
                    }
                }
            },
            Self::Record(fields) => {
                for (_, field) in fields.iter() {
                    field.read(cursor)?;
                }
                Datum::Other
            }
        })
    }
}

/// The branch that a union's value takes.
pub(super) fn branch<'t, T>(branches: &'t [T], cursor: &mut Cursor<'_>) -> Result<&'t T> {
    let index = cursor.long()?;
    usize::try_from(index)
        .ok()
        .and_then(|index| branches.get(index))
        .ok_or_else(|| Fault::Broken(format!("a union has {} branches, not one numbered {index}", branches.len())))
}

struct Parser {
    /// Named types so far, with their parts. A type is not yet known inside itself: none of ours recurs.
    named: IndexMap<String, (Type, usize)>,
    parts: usize,
}

impl Parser {
    fn parse(&mut self, value: &Value, namespace: &str) -> Result<Type> {
        self.count(1)?;
        match value {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => {
                Ok(Type::Union(branches.iter().map(|branch| self.parse(branch, namespace)).collect::<Result<_>>()?))
            }
            Value::Object(members) => match members.get("type") {
                Some(Value::String(kind)) => self.parse_kind(kind, value, namespace),
                Some(inner) => self.parse(inner, namespace),
                None => broken("a type in the schema has no `type`"),
            },
            _ => broken("a type in the schema is neither text, list nor object"),
        }
    }

    fn parse_kind(&mut self, kind: &str, value: &Value, namespace: &str) -> Result<Type> {
        let member = |name: &str| {
            value.get(name).ok_or_else(|| Fault::Broken(format!("a type `{kind}` in the schema has no `{name}`")))
        };
        match kind {
            "array" => Ok(Type::Array(Arc::new(self.parse(member("items")?, namespace)?))),
            "map" => Ok(Type::Map(Arc::new(self.parse(member("values")?, namespace)?))),
            "fixed" | "enum" | "record" => {
                let before = self.parts;
                let name = member("name")?.as_str().unwrap_or_default();
                let namespace = value.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
                let parsed = match kind {
                    "fixed" => {
                        let size = member("size")?.as_u64().filter(|size| *size > 0 && *size <= 1 << 20);
                        Type::Fixed(
                            size.ok_or_else(|| Fault::Broken("a fixed type has no sensible size".to_owned()))? as usize
                        )
                    }
                    "enum" => Type::Long,
                    _ => self.parse_record(member("fields")?, namespace)?,
                };
                self.named.insert(full_name(name, namespace), (parsed.clone(), self.parts - before));
                Ok(parsed)
            }
            _ => self.by_name(kind, namespace),
        }
    }

    fn parse_record(&mut self, fields: &Value, namespace: &str) -> Result<Type> {
        let mut parsed: Vec<(String, Type)> = Vec::new();
        for field in fields.as_array().map(Vec::as_slice).unwrap_or_default() {
            let (Some(name), Some(data_type)) = (field.get("name").and_then(Value::as_str), field.get("type")) else {
                return broken("a field in the schema has no name or no type");
            };
            if parsed.iter().any(|(other, _)| other == name) {
                return broken(format!("the schema has two fields `{name}` in one record"));
            }
            parsed.push((name.to_owned(), self.parse(data_type, namespace)?));
        }
        Ok(Type::Record(parsed.into()))
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<Type> {
        Ok(match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" | "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes,
            "string" => Type::String,
            _ => match self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name)).cloned() {
                Some((known, parts)) => {
                    self.count(parts)?;
                    known
                }
                None => return broken(format!("the schema names an unknown type `{name}`")),
            },
        })
    }

    fn count(&mut self, parts: usize) -> Result<()> {
        self.parts += parts;
        if self.parts > PARTS_MAX { broken("the schema has too many parts") } else { Ok(()) }
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}
