//! The Arrow types of a file's types.
//!
//! There are two forms. *Stored* is what the file says it holds. *Decoded* is how the library hands it out: the same, but
//! timestamps as decimals of nanoseconds, which hold every year. `convert` leads from there to the types asked for.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use orc_rust::proto::{Type, r#type::Kind};
use tidelake_types::FIELD_ID_KEY;

use crate::types::kind;

/// The attribute of a type that holds a field id.
const ID_ATTRIBUTE: &str = "paimon.id";

/// Of the columns, in file order, with their ids. `types` are checked.
pub(crate) fn stored_schema(types: &[Type]) -> SchemaRef {
    Arc::new(Schema::new(Form::Stored.fields(types, 0)))
}

/// As [`stored_schema`], as the library decodes it.
pub(crate) fn decoded_schema(types: &[Type]) -> SchemaRef {
    Arc::new(Schema::new(Form::Decoded.fields(types, 0)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Stored,
    Decoded,
}

impl Form {
    fn fields(self, types: &[Type], index: usize) -> Fields {
        let node = &types[index];
        let children = node.field_names.iter().zip(&node.subtypes);
        children.map(|(name, child)| self.field(types, *child as usize, name)).collect()
    }

    fn field(self, types: &[Type], index: usize, name: &str) -> Field {
        let field = Field::new(name, self.data_type(types, index), true);
        match types[index].attributes.iter().find(|attribute| attribute.key() == ID_ATTRIBUTE) {
            Some(id) if self == Self::Stored => {
                field.with_metadata(HashMap::from([(FIELD_ID_KEY.to_owned(), id.value().to_owned())]))
            }
            _ => field,
        }
    }

    fn data_type(self, types: &[Type], index: usize) -> DataType {
        let node = &types[index];
        let child = |place: usize, name: &str| self.field(types, node.subtypes[place] as usize, name);
        match kind(node) {
            Some(Kind::Boolean) => DataType::Boolean,
            Some(Kind::Byte) => DataType::Int8,
            Some(Kind::Short) => DataType::Int16,
            Some(Kind::Int) => DataType::Int32,
            Some(Kind::Long) => DataType::Int64,
            Some(Kind::Float) => DataType::Float32,
            Some(Kind::Double) => DataType::Float64,
            Some(Kind::String | Kind::Varchar | Kind::Char) => DataType::Utf8,
            Some(Kind::Binary) => DataType::Binary,
            Some(Kind::Decimal) => DataType::Decimal128(node.precision() as u8, node.scale() as i8),
            Some(Kind::Date) => DataType::Date32,
            Some(Kind::Timestamp | Kind::TimestampInstant) if self == Self::Decoded => DataType::Decimal128(38, 9),
            Some(Kind::Timestamp) => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Some(Kind::TimestampInstant) => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Some(Kind::Struct) => DataType::Struct(self.fields(types, index)),
            Some(Kind::List) => DataType::List(Arc::new(child(0, "element"))),
            Some(Kind::Map) => {
                let pair = vec![child(0, "key").with_nullable(false), child(1, "value")];
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair.into()), false)), false)
            }
            Some(Kind::Union) | None => DataType::Null,
        }
    }
}
