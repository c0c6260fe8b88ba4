//! From text and JSON to types.
//!
//! ```text
//! type    = base [NOT NULL | NULL] { (ARRAY | MULTISET) [NOT NULL | NULL] }
//! base    = NAME [ "(" parameter {"," parameter} ")" ] [ WITH LOCAL TIME ZONE | WITHOUT TIME ZONE | PRECISION ]
//!         | VECTOR "<" type "," length ">"
//!         | (ARRAY | MULTISET) "<" type ">" | MAP "<" type "," type ">"                    DDL only
//!         | ROW ( "<" ">" | "<" field {"," field} ">" ), parentheses will do               DDL only
//! field   = name type [ [COMMENT] 'text' ]
//! ```
//!
//! Schema files hold atomic types as such text and nested ones as JSON objects (metadata spec 2.3).
use serde_json::{Map, Value, json};

use crate::{
    DataField, DataType, TypeKind,
    data_type::MAX_LENGTH,
    error::{InvalidTypeSnafu, Result},
};

/// How deep types may be nested: foreign schemas must not exhaust the stack.
const MAX_DEPTH: usize = 64;

/// The `type` of a schema file: a JSON string for atomic types, an object for nested ones (metadata spec 2.3).
pub fn parse_data_type(json: &Value) -> Result<DataType> {
    JsonIds::default().data_type(json, 0)
}

/// DDL text, nested types too: `ARRAY<ROW<x INT, y STRING> NOT NULL>`, ids of ROW fields from `next_id`.
pub fn parse_ddl_type(text: &str, next_id: &mut i32) -> Result<DataType> {
    parse_text(text, Some(next_id), 0)
}

/// The `fields` of a schema file. Where no field has an id (requests of REST clients) they are counted from 0.
pub fn parse_fields(json: &Value) -> Result<Vec<DataField>> {
    JsonIds::default().fields(json, 0)
}

impl DataType {
    /// Gives every field inside new ids from `next_id`, in the order of CREATE TABLE: for each field of a ROW first
    /// what is inside of it, then the field itself.
    pub fn number_fields(&mut self, next_id: &mut i32) {
        match &mut self.kind {
            TypeKind::Array(element) | TypeKind::Multiset(element) | TypeKind::Vector(element, _) => {
                element.number_fields(next_id);
            }
            TypeKind::Map(key, value) => {
                key.number_fields(next_id);
                value.number_fields(next_id);
            }
            TypeKind::Row(fields) => {
                for field in fields {
                    field.data_type.number_fields(next_id);
                    field.id = *next_id;
                    *next_id += 1;
                }
            }
            _ => (),
        }
    }

    /// The `type` member of schema files, in Java's form.
    pub fn to_json(&self) -> Value {
        let name = |name: &str| format!("{name}{}", if self.nullable { "" } else { " NOT NULL" });
        match &self.kind {
            TypeKind::Array(element) => json!({"type": name("ARRAY"), "element": element.to_json()}),
            TypeKind::Multiset(element) => json!({"type": name("MULTISET"), "element": element.to_json()}),
            TypeKind::Map(key, value) => {
                json!({"type": name("MAP"), "key": key.to_json(), "value": value.to_json()})
            }
            TypeKind::Vector(element, length) => {
                json!({"type": name("VECTOR"), "element": element.to_json(), "length": length})
            }
            TypeKind::Row(fields) => {
                json!({"type": name("ROW"), "fields": fields.iter().map(DataField::to_json).collect::<Vec<_>>()})
            }
            _ => Value::String(self.to_string()),
        }
    }
}

impl DataField {
    /// A member of `fields` in schema files. A `null` description or default is taken as absent.
    pub fn from_json(json: &Value) -> Result<Self> {
        JsonIds { next: 0, given: Some(true) }.field(json, 0)
    }

    /// A member of `fields` in schema files; absent members are omitted.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("id".to_owned(), self.id.into());
        members.insert("name".to_owned(), self.name.as_str().into());
        members.insert("type".to_owned(), self.data_type.to_json());
        if let Some(description) = &self.description {
            members.insert("description".to_owned(), description.as_str().into());
        }
        if let Some(default_value) = &self.default_value {
            members.insert("defaultValue".to_owned(), default_value.as_str().into());
        }
        Value::Object(members)
    }
}

/// Reads JSON types. Either every field brings its id, or none does and they are counted here.
#[derive(Default)]
struct JsonIds {
    next: i32,
    given: Option<bool>,
}

impl JsonIds {
    fn data_type(&mut self, json: &Value, depth: usize) -> Result<DataType> {
        if depth > MAX_DEPTH {
            return invalid(json, "it is nested too deeply");
        }
        let object = match json {
            Value::String(text) => return parse_text(text, None, depth),
            Value::Object(object) => object,
            _ => return invalid(json, "expected a string or an object"),
        };
        let Some(name) = object.get("type").and_then(Value::as_str) else {
            return invalid(json, "`type` is missing");
        };
        let mut child = |member: &str| match object.get(member) {
            Some(child) => self.data_type(child, depth + 1).map(Box::new),
            None => invalid(json, format!("`{member}` is missing")),
        };
        let upper = name.to_ascii_uppercase();
        let kind = match upper.split([' ', '<', '(']).next().unwrap_or_default() {
            "ARRAY" => TypeKind::Array(child("element")?),
            "MULTISET" => TypeKind::Multiset(child("element")?),
            "MAP" => TypeKind::Map(child("key")?, child("value")?),
            "VECTOR" => {
                let length = object.get("length").and_then(Value::as_u64).and_then(|length| u32::try_from(length).ok());
                match length {
                    Some(length @ 1..) => TypeKind::Vector(child("element")?, length),
                    _ => return invalid(json, "`length` is not a positive number"),
                }
            }
            "ROW" => match object.get("fields") {
                Some(fields) => TypeKind::Row(self.fields(fields, depth + 1)?),
                None => return invalid(json, "`fields` is missing"),
            },
            _ => return invalid(json, format!("`{name}` is not a nested type")),
        };
        Ok(DataType { kind, nullable: !upper.contains("NOT NULL") })
    }

    fn fields(&mut self, json: &Value, depth: usize) -> Result<Vec<DataField>> {
        match json {
            Value::Array(fields) => fields.iter().map(|field| self.field(field, depth)).collect(),
            _ => invalid(json, "`fields` is not a list"),
        }
    }

    fn field(&mut self, json: &Value, depth: usize) -> Result<DataField> {
        let Some(name) = json.get("name").and_then(Value::as_str) else {
            return invalid(json, "a field without `name`");
        };
        let given = match json.get("id") {
            None | Some(Value::Null) => None,
            Some(id) => match id.as_i64().and_then(|id| i32::try_from(id).ok()) {
                Some(id) => Some(id),
                None => return invalid(json, "`id` is not a 32-bit number"),
            },
        };
        if *self.given.get_or_insert(given.is_some()) != given.is_some() {
            return invalid(json, format!("field `{name}` has no id, or others have none"));
        }
        let id = given.unwrap_or(self.next);
        if given.is_none() {
            self.next += 1;
        }
        let Some(data_type) = json.get("type") else {
            return invalid(json, format!("field `{name}` has no `type`"));
        };
        let data_type = self.data_type(data_type, depth)?;
        // Java reads a JSON null as the text "null", and may have written it back.
        let text = |member: &str| match json.get(member) {
            Some(Value::String(text)) if text != "null" => Some(text.clone()),
            _ => None,
        };
        Ok(DataField {
            id,
            name: name.to_owned(),
            data_type,
            description: text("description"),
            default_value: text("defaultValue"),
        })
    }
}

fn invalid<T>(json: &Value, reason: impl Into<String>) -> Result<T> {
    let mut text: String = json.to_string().chars().take(200).collect();
    if text.len() >= 200 {
        text.push('…');
    }
    InvalidTypeSnafu { text, reason }.fail()
}

/// Parses text; nested forms only if there are ids for the fields of a ROW.
fn parse_text(text: &str, next_id: Option<&mut i32>, depth: usize) -> Result<DataType> {
    let parsed = tokens(text).and_then(|tokens| {
        let mut parser = Parser { tokens, at: 0, next_id };
        let data_type = parser.data_type(depth)?;
        match parser.peek() {
            None => Ok(data_type),
            Some(token) => Err(format!("unexpected {token} after the type")),
        }
    });
    parsed.or_else(|reason| InvalidTypeSnafu { text, reason }.fail())
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A keyword, a name or a number.
    Word(String),
    /// A name in backquotes.
    Quoted(String),
    /// A text in quotes.
    Text(String),
    /// One of `<>(),`.
    Mark(char),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) | Self::Quoted(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Mark(mark) => write!(f, "`{mark}`"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            _ if next.is_whitespace() => {}
            '<' | '>' | '(' | ')' | ',' => tokens.push(Token::Mark(next)),
            '\'' | '`' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        None => return Err(format!("the closing {next} is missing")),
                        Some(end) if end == next && chars.next_if_eq(&next).is_none() => break,
                        Some(inside) => quoted.push(inside),
                    }
                }
                tokens.push(if next == '`' { Token::Quoted(quoted) } else { Token::Text(quoted) });
            }
            _ => {
                let mut word = String::from(next);
                while let Some(more) = chars.next_if(|c| !c.is_whitespace() && !"<>(),'`".contains(*c)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    next_id: Option<&'a mut i32>,
}

impl Parser<'_> {
    fn data_type(&mut self, depth: usize) -> Result<DataType, String> {
        let mut depth = depth;
        let mut data_type = self.base(depth)?.nullable();
        data_type.nullable = self.nullability();
        loop {
            let wrap = match () {
                () if self.keyword("ARRAY") => TypeKind::Array,
                () if self.keyword("MULTISET") => TypeKind::Multiset,
                () => return Ok(data_type),
            };
            depth += 1;
            if depth > MAX_DEPTH {
                return Err("it is nested too deeply".to_owned());
            }
            data_type = wrap(Box::new(data_type)).nullable();
            data_type.nullable = self.nullability();
        }
    }

    fn base(&mut self, depth: usize) -> Result<TypeKind, String> {
        if depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        let name = match self.next() {
            Some(Token::Word(word)) => word.to_ascii_uppercase(),
            Some(token) => return Err(format!("expected a type, found {token}")),
            None => return Err("expected a type, found the end".to_owned()),
        };
        let nested = self.next_id.is_some() && matches!(self.peek(), Some(Token::Mark('<' | '(')));
        Ok(match name.as_str() {
            "CHAR" => TypeKind::Char(self.length()?),
            "VARCHAR" => TypeKind::Varchar(self.length()?),
            "STRING" => TypeKind::STRING,
            "BOOLEAN" => TypeKind::Boolean,
            "BINARY" => TypeKind::Binary(self.length()?),
            "VARBINARY" => TypeKind::Varbinary(self.length()?),
            "BYTES" => TypeKind::BYTES,
            "DECIMAL" | "DEC" | "NUMERIC" => self.decimal()?,
            "TINYINT" => TypeKind::TinyInt,
            "SMALLINT" => TypeKind::SmallInt,
            "INT" | "INTEGER" => TypeKind::Int,
            "BIGINT" => TypeKind::BigInt,
            "FLOAT" => TypeKind::Float,
            "DOUBLE" => {
                self.keyword("PRECISION");
                TypeKind::Double
            }
            "DATE" => TypeKind::Date,
            "TIME" => {
                let precision = self.precision(0)?;
                self.keywords(&["WITHOUT", "TIME", "ZONE"]);
                TypeKind::Time(precision)
            }
            "TIMESTAMP" => {
                let precision = self.precision(6)?;
                if self.keywords(&["WITH", "LOCAL", "TIME", "ZONE"]) {
                    TypeKind::TimestampLtz(precision)
                } else {
                    self.keywords(&["WITHOUT", "TIME", "ZONE"]);
                    TypeKind::Timestamp(precision)
                }
            }
            "TIMESTAMP_LTZ" => TypeKind::TimestampLtz(self.precision(6)?),
            "VARIANT" => TypeKind::Variant,
            "BLOB" => TypeKind::Blob,
            "GEOMETRY" => match self.parameters()?.as_slice() {
                [] => TypeKind::Geometry("OGC:CRS84".to_owned()),
                [crs] => TypeKind::Geometry(crs.clone()),
                _ => return Err("GEOMETRY takes one parameter".to_owned()),
            },
            "GEOGRAPHY" => match self.parameters()?.as_slice() {
                [] => TypeKind::Geography("OGC:CRS84".to_owned(), "spherical".to_owned()),
                [crs] => TypeKind::Geography(crs.clone(), "spherical".to_owned()),
                [crs, algorithm] => TypeKind::Geography(crs.clone(), algorithm.clone()),
                _ => return Err("GEOGRAPHY takes two parameters".to_owned()),
            },
            "VECTOR" => {
                self.expect('<')?;
                let element = Box::new(self.data_type(depth + 1)?);
                self.expect(',')?;
                let length = match self.next() {
                    Some(Token::Word(length)) => length_of(&length)?,
                    _ => return Err("VECTOR needs a length".to_owned()),
                };
                self.expect('>')?;
                TypeKind::Vector(element, length)
            }
            "ARRAY" if nested => TypeKind::Array(self.enclosed(depth)?),
            "MULTISET" if nested => TypeKind::Multiset(self.enclosed(depth)?),
            "MAP" if nested => {
                self.expect('<')?;
                let key = Box::new(self.data_type(depth + 1)?);
                self.expect(',')?;
                let value = Box::new(self.data_type(depth + 1)?);
                self.expect('>')?;
                TypeKind::Map(key, value)
            }
            "ROW" if nested => self.row(depth)?,
            _ => return Err(format!("`{name}` is not a type here")),
        })
    }

    fn enclosed(&mut self, depth: usize) -> Result<Box<DataType>, String> {
        self.expect('<')?;
        let element = self.data_type(depth + 1)?;
        self.expect('>')?;
        Ok(Box::new(element))
    }

    fn row(&mut self, depth: usize) -> Result<TypeKind, String> {
        let end = if self.mark('(') { ')' } else { '>' };
        if end == '>' {
            self.expect('<')?;
        }
        let mut fields = Vec::new();
        while !self.mark(end) {
            if !fields.is_empty() {
                self.expect(',')?;
            }
            let name = match self.next() {
                Some(Token::Word(name) | Token::Quoted(name)) => name,
                _ => return Err("a field of a ROW has no name".to_owned()),
            };
            let data_type = self.data_type(depth + 1)?;
            let commented = self.keyword("COMMENT");
            let description = match self.peek() {
                Some(Token::Text(text)) => Some(text.clone()),
                _ if commented => return Err("COMMENT is not followed by a text".to_owned()),
                _ => None,
            };
            self.at += usize::from(description.is_some());
            // The ids inside a field come before its own.
            let next_id = self.next_id.as_deref_mut().ok_or("a ROW is written as an object here")?;
            fields.push(DataField { description, ..DataField::new(*next_id, name, data_type) });
            *next_id += 1;
        }
        Ok(TypeKind::Row(fields))
    }

    /// `true` unless NOT NULL follows.
    fn nullability(&mut self) -> bool {
        let not_null = self.keywords(&["NOT", "NULL"]);
        if !not_null {
            self.keyword("NULL");
        }
        !not_null
    }

    fn length(&mut self) -> Result<u32, String> {
        match self.parameters()?.as_slice() {
            [] => Ok(1),
            [length] => length_of(length),
            _ => Err("there is only one length".to_owned()),
        }
    }

    fn precision(&mut self, default: u8) -> Result<u8, String> {
        match self.parameters()?.as_slice() {
            [] => Ok(default),
            [precision] => match precision.parse() {
                Ok(precision @ 0..=9) => Ok(precision),
                _ => Err("the precision is not from 0 to 9".to_owned()),
            },
            _ => Err("there is only one precision".to_owned()),
        }
    }

    fn decimal(&mut self) -> Result<TypeKind, String> {
        let parameters = self.parameters()?;
        let (precision, scale) = match parameters.as_slice() {
            [] => ("10", "0"),
            [precision] => (precision.as_str(), "0"),
            [precision, scale] => (precision.as_str(), scale.as_str()),
            _ => return Err("DECIMAL takes a precision and a scale".to_owned()),
        };
        match (precision.parse::<u8>(), scale.parse::<u8>()) {
            (Ok(precision @ 1..=38), Ok(scale)) if scale <= precision => {
                Ok(TypeKind::Decimal { precision, scale: scale as i8 })
            }
            _ => Err("the precision is not from 1 to 38, or the scale not from 0 to it".to_owned()),
        }
    }

    /// What stands in parentheses, if they are there.
    fn parameters(&mut self) -> Result<Vec<String>, String> {
        let mut parameters = Vec::new();
        if self.mark('(') {
            loop {
                match self.next() {
                    Some(Token::Word(text) | Token::Quoted(text) | Token::Text(text)) => parameters.push(text),
                    _ => return Err("a parameter is missing".to_owned()),
                }
                if self.mark(')') {
                    break;
                }
                self.expect(',')?;
            }
        }
        Ok(parameters)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.mark(mark) { Ok(()) } else { Err(format!("`{mark}` is missing")) }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.keywords(&[keyword])
    }

    /// Takes these words if all of them follow.
    fn keywords(&mut self, keywords: &[&str]) -> bool {
        let follow = self.tokens.get(self.at..).unwrap_or_default();
        let found = follow.len() >= keywords.len()
            && follow
                .iter()
                .zip(keywords)
                .all(|(token, keyword)| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword)));
        self.at += if found { keywords.len() } else { 0 };
        found
    }
}

fn length_of(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(length @ 1..=MAX_LENGTH) => Ok(length),
        _ => Err(format!("the length `{text}` is not from 1 to {MAX_LENGTH}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ddl(text: &str) -> Result<DataType> {
        parse_ddl_type(text, &mut 0)
    }

    #[test]
    fn synonyms_and_defaults_are_written_in_one_form() {
        for (text, written) in [
            ("char", "CHAR(1)"),
            ("VARCHAR", "VARCHAR(1)"),
            ("varchar(2147483647)", "STRING"),
            ("VARBINARY(2147483647) NOT NULL", "BYTES NOT NULL"),
            ("BINARY", "BINARY(1)"),
            ("DEC", "DECIMAL(10, 0)"),
            ("numeric( 12 )", "DECIMAL(12, 0)"),
            ("DECIMAL(38,38) NULL", "DECIMAL(38, 38)"),
            ("INTEGER", "INT"),
            ("DOUBLE PRECISION NOT NULL", "DOUBLE NOT NULL"),
            ("TIME", "TIME(0)"),
            ("TIME(3) WITHOUT TIME ZONE", "TIME(3)"),
            ("TIMESTAMP", "TIMESTAMP(6)"),
            ("TIMESTAMP(0) WITHOUT TIME ZONE NOT NULL", "TIMESTAMP(0) NOT NULL"),
            ("timestamp(9) with local time zone", "TIMESTAMP(9) WITH LOCAL TIME ZONE"),
            ("TIMESTAMP_LTZ(3)", "TIMESTAMP(3) WITH LOCAL TIME ZONE"),
            ("GEOMETRY", "GEOMETRY(OGC:CRS84)"),
            ("GEOGRAPHY('EPSG:4326')", "GEOGRAPHY(EPSG:4326, spherical)"),
        ] {
            let data_type = parse_data_type(&json!(text)).unwrap();
            assert_eq!(data_type.to_json(), json!(written), "{text}");
            assert_eq!(parse_data_type(&json!(written)).unwrap(), data_type, "{written}");
        }
    }

    #[test]
    fn text_that_is_no_type_is_refused_with_a_reason() {
        for text in [
            "",
            "FOO",
            "INT INT",
            "CHAR(0)",
            "CHAR(-1)",
            "VARCHAR(2147483648)",
            "DECIMAL(39, 0)",
            "DECIMAL(5, 6)",
            "TIMESTAMP(10)",
            "INT NOT",
            "ARRAY<INT",
            "MAP<INT>",
            "ROW<INT>",
            "ROW<a>",
            "ROW<a INT COMMENT>",
            "ROW<`a INT>",
        ] {
            assert!(matches!(ddl(text), Err(crate::Error::InvalidType { .. })), "{text}");
        }
    }

    #[test]
    fn schema_files_hold_nested_types_as_objects_only() {
        for text in ["ARRAY<INT>", "MAP<INT, INT>", "ROW<a INT>", "MULTISET<INT>"] {
            assert!(parse_data_type(&json!(text)).is_err(), "{text}");
            assert!(ddl(text).is_ok(), "{text}");
        }
        assert_eq!(
            parse_data_type(&json!("INT NOT NULL ARRAY NOT NULL")).unwrap(),
            TypeKind::Array(Box::new(TypeKind::Int.not_null())).not_null()
        );
    }

    #[test]
    fn nested_types_are_written_as_java_writes_them() {
        let mut next_id = 7;
        let data_type = parse_ddl_type("MAP<STRING NOT NULL, ROW<x INT COMMENT 'desc'>>", &mut next_id).unwrap();
        let text = r#"{"type":"MAP","key":"STRING NOT NULL","value":{"type":"ROW","fields":[{"id":7,"name":"x","type":"INT","description":"desc"}]}}"#;
        assert_eq!(data_type.to_json().to_string(), text);
        assert_eq!(parse_data_type(&serde_json::from_str(text).unwrap()).unwrap(), data_type);
        assert_eq!(next_id, 8);

        let vector = parse_data_type(&json!("VECTOR<FLOAT, 3> NOT NULL")).unwrap();
        assert_eq!(vector.to_json().to_string(), r#"{"type":"VECTOR NOT NULL","element":"FLOAT","length":3}"#);
        assert_eq!(parse_data_type(&vector.to_json()).unwrap(), vector);
    }

    #[test]
    fn ids_in_ddl_are_given_from_the_inside_out() {
        let mut next_id = 4;
        let data_type = parse_ddl_type("ROW<q INT, r ARRAY<ROW<z STRING>>>", &mut next_id).unwrap();
        let TypeKind::Row(fields) = &data_type.kind else { panic!() };
        assert_eq!(data_type.to_string(), "ROW<q INT, r ARRAY<ROW<z STRING>>>");
        assert_eq!((fields[0].id, fields[1].id, next_id), (4, 6, 7));
        let mut again = data_type.clone();
        again.number_fields(&mut 14);
        assert_eq!(again.to_string(), data_type.to_string());
        next_id = 4;
        again.number_fields(&mut next_id);
        assert_eq!((again == data_type, next_id), (true, 7));
    }

    #[test]
    fn names_in_backquotes_and_comments_may_hold_anything() {
        let data_type = ddl("ROW(`a ``b` INT NOT NULL COMMENT 'it''s', c STRING)").unwrap();
        let TypeKind::Row(fields) = &data_type.kind else { panic!() };
        assert_eq!((fields[0].name.as_str(), fields[0].description.as_deref()), ("a `b", Some("it's")));
        assert_eq!(fields[1], DataField::new(1, "c", TypeKind::STRING.nullable()));
    }

    #[test]
    fn fields_have_ids_all_or_none() {
        let counted = parse_fields(&json!([{"name": "a", "type": "INT"}, {"name": "b", "type": "INT"}])).unwrap();
        assert_eq!((counted[0].id, counted[1].id), (0, 1));
        assert!(parse_fields(&json!([{"id": 3, "name": "a", "type": "INT"}, {"name": "b", "type": "INT"}])).is_err());
        assert!(DataField::from_json(&json!({"name": "a", "type": "INT"})).is_err());
    }

    #[test]
    fn a_null_description_is_none() {
        for absent in [Value::Null, json!("null")] {
            let json = json!({"id": 1, "name": "a", "type": "INT", "description": absent, "defaultValue": absent});
            assert_eq!(DataField::from_json(&json).unwrap(), DataField::new(1, "a", TypeKind::Int.nullable()));
        }
    }

    #[test]
    fn types_nested_too_deeply_are_an_error_not_a_crash() {
        let text = format!("{}INT{}", "ARRAY<".repeat(100_000), ">".repeat(100_000));
        assert!(ddl(&text).is_err());
        assert!(ddl(&format!("INT{}", " ARRAY".repeat(100_000))).is_err());
        assert!(ddl(&format!("{}INT{}", "ARRAY<".repeat(60), ">".repeat(60))).is_ok());
        let mut json = json!("INT");
        for _ in 0..100 {
            json = json!({"type": "ARRAY", "element": json});
        }
        assert!(parse_data_type(&json).is_err());
    }
}
