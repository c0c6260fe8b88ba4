//! How Paimon's types lie in Arrow memory.
//!
//! | Paimon | Arrow |
//! |---|---|
//! | CHAR, VARCHAR, STRING | Utf8 |
//! | BINARY, VARBINARY, BYTES | Binary |
//! | BOOLEAN, TINYINT .. BIGINT, FLOAT, DOUBLE | Boolean, Int8 .. Int64, Float32, Float64 |
//! | DECIMAL(p, s) | Decimal128(p, s) |
//! | DATE | Date32 |
//! | TIME(p) | Time32(Millisecond) |
//! | TIMESTAMP(0..3 / 4..6 / 7..9) | Timestamp(Millisecond / Microsecond / Nanosecond, None) |
//! | TIMESTAMP_LTZ | the same with time zone "UTC" |
//! | ARRAY | List(field "element") |
//! | MAP | Map(entries "entries" of "key" NOT NULL, "value"; unsorted) |
//! | MULTISET | Map from element to its count, Int32 NOT NULL |
//! | ROW | Struct |
//!
//! VARIANT, BLOB, VECTOR, GEOMETRY and GEOGRAPHY have no form yet: asking for one is an error.
//!
//! Nanoseconds in 64 bits reach from 1677 to 2262 only. Where a table holds other years, the *wide* form keeps
//! timestamps of precision 7 to 9 as a pair: see [`wide_timestamp_type`]. Everything in this crate and in the
//! predicates takes both forms.
use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType as ArrowType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::{
    DataField, DataType, TypeKind,
    error::{Result, UnsupportedTypeSnafu},
};

/// The key of Arrow field metadata that holds a field id, as Parquet's Arrow mapping names it.
pub const FIELD_ID_KEY: &str = "PARQUET:field_id";

/// The Arrow type of a Paimon type, with field ids in the metadata of nested fields.
pub fn arrow_type(data_type: &DataType) -> Result<ArrowType> {
    Form::Narrow.data_type(data_type)
}

/// The Arrow field of a column, with its id in the metadata.
pub fn arrow_field(field: &DataField) -> Result<Field> {
    Form::Narrow.field(field)
}

/// The Arrow schema of some columns.
pub fn arrow_schema(fields: &[DataField]) -> Result<SchemaRef> {
    Form::Narrow.schema(fields)
}

/// As [`arrow_type`] with timestamps of precision 7 to 9 in the wide form, nested ones too.
pub fn arrow_type_wide(data_type: &DataType) -> Result<ArrowType> {
    Form::Wide.data_type(data_type)
}

/// As [`arrow_schema()`] with timestamps of precision 7 to 9 in the wide form, nested ones too.
pub fn arrow_schema_wide(fields: &[DataField]) -> Result<SchemaRef> {
    Form::Wide.schema(fields)
}

/// A timestamp of any year: `millis` since 1970 (floor) and `nanos` of that millisecond, 0 to 999,999.
///
/// Where a value is null, both children hold any number.
pub fn wide_timestamp_type() -> ArrowType {
    ArrowType::Struct(wide_timestamp_fields())
}

pub(crate) fn wide_timestamp_fields() -> Fields {
    Fields::from(vec![Field::new("millis", ArrowType::Int64, false), Field::new("nanos", ArrowType::Int32, false)])
}

/// Whether an Arrow type is the wide form of a timestamp.
pub fn is_wide_timestamp(arrow: &ArrowType) -> bool {
    matches!(arrow, ArrowType::Struct(fields) if *fields == wide_timestamp_fields())
}

/// The Paimon type that fits an Arrow field best (CREATE TABLE from Arrow or SQL types). The column takes `next_id`,
/// nested fields the ids after it, post-order (metadata spec 2.4).
pub fn field_from_arrow(field: &Field, next_id: &mut i32) -> Result<DataField> {
    let id = take_id(next_id);
    let kind = kind_from_arrow(field.data_type(), next_id)?;
    Ok(DataField::new(id, field.name(), DataType { kind, nullable: field.is_nullable() }))
}

/// As [`field_from_arrow`] for all columns, ids from 0: each column's own id first, then its nested ones as spec 2.4 says.
pub fn fields_from_arrow(schema: &Schema) -> Result<Vec<DataField>> {
    let mut next_id = 0;
    schema.fields().iter().map(|field| field_from_arrow(field, &mut next_id)).collect()
}

/// How timestamps of precision 7 to 9 are held.
#[derive(Clone, Copy)]
enum Form {
    Narrow,
    Wide,
}

impl Form {
    fn data_type(self, data_type: &DataType) -> Result<ArrowType> {
        use TypeKind as K;
        Ok(match &data_type.kind {
            K::Char(_) | K::Varchar(_) => ArrowType::Utf8,
            K::Binary(_) | K::Varbinary(_) => ArrowType::Binary,
            K::Boolean => ArrowType::Boolean,
            K::Decimal { precision, scale } => ArrowType::Decimal128(*precision, *scale),
            K::TinyInt => ArrowType::Int8,
            K::SmallInt => ArrowType::Int16,
            K::Int => ArrowType::Int32,
            K::BigInt => ArrowType::Int64,
            K::Float => ArrowType::Float32,
            K::Double => ArrowType::Float64,
            K::Date => ArrowType::Date32,
            K::Time(_) => ArrowType::Time32(TimeUnit::Millisecond),
            K::Timestamp(precision) => self.timestamp(*precision, None),
            K::TimestampLtz(precision) => self.timestamp(*precision, Some("UTC".into())),
            K::Array(element) => ArrowType::List(Arc::new(self.child("element", element)?)),
            K::Map(key, value) => self.map(key, value)?,
            K::Multiset(element) => self.map(element, &K::Int.not_null())?,
            K::Row(fields) => ArrowType::Struct(self.fields(fields)?),
            K::Variant | K::Blob | K::Vector(..) | K::Geometry(_) | K::Geography(..) => {
                return UnsupportedTypeSnafu {
                    data_type: data_type.to_string(),
                    reason: "columns of this type cannot be read or written yet",
                }
                .fail();
            }
        })
    }

    fn timestamp(self, precision: u8, zone: Option<Arc<str>>) -> ArrowType {
        match (precision, self) {
            (..=3, _) => ArrowType::Timestamp(TimeUnit::Millisecond, zone),
            (4..=6, _) => ArrowType::Timestamp(TimeUnit::Microsecond, zone),
            (_, Self::Narrow) => ArrowType::Timestamp(TimeUnit::Nanosecond, zone),
            (_, Self::Wide) => wide_timestamp_type(),
        }
    }

    fn map(self, key: &DataType, value: &DataType) -> Result<ArrowType> {
        let key = self.child("key", key)?.with_nullable(false);
        let entries = ArrowType::Struct(Fields::from(vec![key, self.child("value", value)?]));
        Ok(ArrowType::Map(Arc::new(Field::new("entries", entries, false)), false))
    }

    fn child(self, name: &str, data_type: &DataType) -> Result<Field> {
        Ok(Field::new(name, self.data_type(data_type)?, data_type.nullable))
    }

    fn field(self, field: &DataField) -> Result<Field> {
        let metadata = HashMap::from([(FIELD_ID_KEY.to_owned(), field.id.to_string())]);
        Ok(self.child(&field.name, &field.data_type)?.with_metadata(metadata))
    }

    fn fields(self, fields: &[DataField]) -> Result<Fields> {
        fields.iter().map(|field| self.field(field)).collect()
    }

    fn schema(self, fields: &[DataField]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(self.fields(fields)?)))
    }
}

fn kind_from_arrow(arrow: &ArrowType, next_id: &mut i32) -> Result<TypeKind> {
    use ArrowType as A;
    use TypeKind as K;
    Ok(match arrow {
        A::Boolean => K::Boolean,
        A::Int8 => K::TinyInt,
        A::Int16 | A::UInt8 => K::SmallInt,
        A::Int32 | A::UInt16 => K::Int,
        A::Int64 | A::UInt32 => K::BigInt,
        A::UInt64 => K::Decimal { precision: 20, scale: 0 },
        A::Float16 | A::Float32 => K::Float,
        A::Float64 => K::Double,
        A::Utf8 | A::LargeUtf8 | A::Utf8View => K::STRING,
        A::Binary | A::LargeBinary | A::BinaryView => K::BYTES,
        A::FixedSizeBinary(length @ 1..) => K::Binary(*length as u32),
        A::Decimal32(precision, scale)
        | A::Decimal64(precision, scale)
        | A::Decimal128(precision, scale)
        | A::Decimal256(precision, scale)
            if (1..=38).contains(precision) && *scale >= 0 && *scale as u8 <= *precision =>
        {
            K::Decimal { precision: *precision, scale: *scale }
        }
        A::Date32 | A::Date64 => K::Date,
        A::Time32(unit) | A::Time64(unit) => K::Time(unit_precision(unit)),
        A::Timestamp(unit, None) => K::Timestamp(unit_precision(unit)),
        A::Timestamp(unit, Some(_)) => K::TimestampLtz(unit_precision(unit)),
        A::Struct(_) if is_wide_timestamp(arrow) => K::Timestamp(9),
        A::List(element)
        | A::LargeList(element)
        | A::ListView(element)
        | A::LargeListView(element)
        | A::FixedSizeList(element, _) => K::Array(Box::new(child_from_arrow(element, next_id)?)),
        A::Map(entries, _) => match entries.data_type() {
            A::Struct(fields) if fields.len() == 2 => {
                let key = child_from_arrow(&fields[0], next_id)?;
                K::Map(Box::new(key), Box::new(child_from_arrow(&fields[1], next_id)?))
            }
            _ => return unsupported_arrow(arrow),
        },
        A::Struct(fields) => {
            let mut row = Vec::with_capacity(fields.len());
            for field in fields {
                let data_type = child_from_arrow(field, next_id)?;
                row.push(DataField::new(take_id(next_id), field.name(), data_type));
            }
            K::Row(row)
        }
        A::Dictionary(_, values) => kind_from_arrow(values, next_id)?,
        A::RunEndEncoded(_, values) => kind_from_arrow(values.data_type(), next_id)?,
        _ => return unsupported_arrow(arrow),
    })
}

fn child_from_arrow(field: &Field, next_id: &mut i32) -> Result<DataType> {
    Ok(DataType { kind: kind_from_arrow(field.data_type(), next_id)?, nullable: field.is_nullable() })
}

fn unsupported_arrow<T>(arrow: &ArrowType) -> Result<T> {
    UnsupportedTypeSnafu { data_type: arrow.to_string(), reason: "no column type holds this Arrow type" }.fail()
}

fn unit_precision(unit: &TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

fn take_id(next_id: &mut i32) -> i32 {
    let id = *next_id;
    *next_id += 1;
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_ddl_type;

    fn ddl(text: &str) -> DataType {
        parse_ddl_type(text, &mut 1).unwrap()
    }

    #[test]
    fn types_survive_the_way_through_arrow() {
        for text in [
            "STRING",
            "BYTES",
            "BOOLEAN",
            "TINYINT",
            "SMALLINT",
            "INT",
            "BIGINT",
            "FLOAT",
            "DOUBLE",
            "DECIMAL(38, 10)",
            "DATE",
            "TIME(3)",
            "TIMESTAMP(3)",
            "TIMESTAMP(6)",
            "TIMESTAMP(9)",
            "TIMESTAMP(6) WITH LOCAL TIME ZONE",
            "ARRAY<INT NOT NULL>",
            "MAP<STRING NOT NULL, ARRAY<INT>>",
            "ROW<a INT, b ROW<c STRING>> NOT NULL",
        ] {
            let column = DataField::new(0, "c", ddl(text));
            let mut next_id = 0;
            let back = field_from_arrow(&arrow_field(&column).unwrap(), &mut next_id).unwrap();
            assert_eq!(back, column, "{text}");
        }
    }

    #[test]
    fn nested_fields_carry_their_ids_and_names() {
        let column = DataField::new(7, "m", ddl("MAP<STRING NOT NULL, ARRAY<ROW<x INT NOT NULL>>>"));
        let field = arrow_field(&column).unwrap();
        assert_eq!(field.metadata()[FIELD_ID_KEY], "7");
        let ArrowType::Map(entries, false) = field.data_type() else { panic!("{field}") };
        assert_eq!((entries.name().as_str(), entries.is_nullable()), ("entries", false));
        let ArrowType::Struct(pair) = entries.data_type() else { panic!("{entries}") };
        assert_eq!((pair[0].name().as_str(), pair[0].is_nullable()), ("key", false));
        let ArrowType::List(element) = pair[1].data_type() else { panic!("{}", pair[1]) };
        assert_eq!(element.name(), "element");
        let ArrowType::Struct(row) = element.data_type() else { panic!("{element}") };
        assert_eq!((row[0].metadata()[FIELD_ID_KEY].as_str(), row[0].is_nullable()), ("1", false));
    }

    #[test]
    fn only_precise_timestamps_are_wide() {
        let wide = wide_timestamp_type();
        assert_eq!(arrow_type_wide(&ddl("TIMESTAMP(6)")).unwrap(), arrow_type(&ddl("TIMESTAMP(6)")).unwrap());
        assert_eq!(arrow_type_wide(&ddl("TIMESTAMP(7)")).unwrap(), wide);
        let ArrowType::List(element) = arrow_type_wide(&ddl("ARRAY<TIMESTAMP(9)>")).unwrap() else { panic!() };
        assert!(is_wide_timestamp(element.data_type()));
        assert_eq!(field_from_arrow(&Field::new("t", wide, true), &mut 0).unwrap().data_type, ddl("TIMESTAMP(9)"));
    }

    #[test]
    fn types_without_an_arrow_form_are_refused() {
        for text in ["VARIANT", "BLOB", "VECTOR<FLOAT, 3>", "ARRAY<VARIANT>"] {
            assert!(matches!(arrow_type(&ddl(text)), Err(crate::Error::UnsupportedType { .. })), "{text}");
        }
    }

    #[test]
    fn a_created_table_counts_a_column_before_what_is_in_it() {
        let row = ArrowType::Struct(Fields::from(vec![
            Field::new("q", ArrowType::Int32, true),
            Field::new_list("r", Field::new_struct("item", vec![Field::new("z", ArrowType::Utf8, true)], true), true),
        ]));
        let schema = Schema::new(vec![Field::new("a", ArrowType::UInt8, false), Field::new("extra", row, true)]);
        let fields = fields_from_arrow(&schema).unwrap();
        assert_eq!((fields[0].id, &fields[0].data_type), (0, &TypeKind::SmallInt.not_null()));
        assert_eq!(fields[1].id, 1);
        let TypeKind::Row(nested) = &fields[1].data_type.kind else { panic!() };
        let TypeKind::Array(element) = &nested[1].data_type.kind else { panic!() };
        let TypeKind::Row(inner) = &element.kind else { panic!() };
        assert_eq!((nested[0].id, inner[0].id, nested[1].id), (2, 3, 4));
    }
}
