//! From what the library decodes to the types asked for: physical forms of one logical value. What is a cast is refused.
//!
//! | in the file | asked for |
//! |---|---|
//! | timestamp, with or without zone | any unit (floored), any zone, or the *wide* form |
//! | decimal | Decimal128 of any precision; another scale if no digit is lost |
//! | int | Time32(ms), for TIME; Int32 |
//! | char | any string layout, without the spaces that fill it up |
//! | string, varchar, binary | any string or binary layout |
//! | list, map, struct | the same by names; a field that the file lacks is null |
//! | any other | itself |

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Decimal128Array, ListArray, MapArray, StringArray, StructArray,
    cast::AsArray,
    new_null_array,
    types::{Decimal128Type, Int32Type, Time32MillisecondType},
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, TimeUnit};
use orc_rust::proto::{Type, r#type::Kind};
use tidelake_types::is_wide_timestamp;

use crate::{
    timestamp,
    types::{child, kind},
};

/// Why a column cannot be what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The names from the root, with dots.
    column: String,
    /// "is … and not …".
    reason: String,
}

impl Misfit {
    pub(crate) fn new(column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { column: column.into(), reason: reason.into() }
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "column `{}` {}", self.column, self.reason)
    }
}

impl std::error::Error for Misfit {}

type Converted = Result<ArrayRef, Misfit>;

/// A decoded column of type number `index` as `wanted`, nested names and nullability included.
pub(crate) fn convert(types: &[Type], index: usize, array: &ArrayRef, wanted: &Field) -> Converted {
    let converted = At { types, path: vec![wanted.name()] }.values(index, array, wanted.data_type())?;
    if !wanted.is_nullable() && converted.null_count() > 0 {
        return Err(Misfit::new(wanted.name(), "is NOT NULL and has nulls"));
    }
    Ok(converted)
}

/// Where in the tree of a column we are, for messages.
struct At<'a> {
    types: &'a [Type],
    path: Vec<&'a str>,
}

impl<'a> At<'a> {
    fn below(&self, name: &'a str) -> Self {
        let mut path = self.path.clone();
        path.push(name);
        Self { types: self.types, path }
    }

    fn misfit(&self, reason: impl Into<String>) -> Misfit {
        Misfit::new(self.path.join("."), reason)
    }

    fn arrow(&self, error: ArrowError) -> Misfit {
        self.misfit(format!("cannot be read: {error}"))
    }

    fn values(&self, index: usize, array: &ArrayRef, wanted: &'a DataType) -> Converted {
        let node = &self.types[index];
        let Some(kind) = kind(node) else { return Err(self.misfit("is of no known type")) };
        match (kind, wanted) {
            (Kind::Timestamp | Kind::TimestampInstant, _) => self.timestamp(array.as_primitive(), wanted),
            (Kind::Decimal, DataType::Decimal128(precision, scale)) => {
                self.decimal(array.as_primitive(), *precision, *scale)
            }
            (Kind::Int, DataType::Time32(TimeUnit::Millisecond)) => {
                Ok(Arc::new(array.as_primitive::<Int32Type>().reinterpret_cast::<Time32MillisecondType>()))
            }
            (Kind::Char, _) if is_text(wanted) => {
                self.text(&(Arc::new(without_padding(array.as_string())) as _), wanted)
            }
            (Kind::String | Kind::Varchar | Kind::Binary, _) if is_text(wanted) => self.text(array, wanted),
            (Kind::List, DataType::List(element)) => self.list(node, array.as_list(), element),
            (Kind::Map, DataType::Map(entries, sorted)) => self.map(node, array.as_map(), entries, *sorted),
            (Kind::Struct, DataType::Struct(fields)) if !is_wide_timestamp(wanted) => {
                self.structure(node, array.as_struct(), fields)
            }
            _ if array.data_type() == wanted => Ok(Arc::clone(array)),
            _ => Err(self.misfit(format!("is {} and not {wanted}", kind.as_str_name()))),
        }
    }

    fn timestamp(&self, nanos: &Decimal128Array, wanted: &DataType) -> Converted {
        match wanted {
            DataType::Timestamp(unit, zone) => timestamp::in_unit(nanos, *unit, zone.clone()).map_err(|nanos| {
                self.misfit(format!(
                    "has a timestamp ({nanos} nanoseconds since 1970) beyond what 64 bits hold in {unit:?}s (read it in the wide form)"
                ))
            }),
            DataType::Struct(fields) if is_wide_timestamp(wanted) => {
                timestamp::wide(nanos, fields).map_err(|error| self.arrow(error))
            }
            _ => Err(self.misfit(format!("is a timestamp and not {wanted}"))),
        }
    }

    fn decimal(&self, stored: &Decimal128Array, precision: u8, to: i8) -> Converted {
        let from = stored.scale();
        let by = 10_i128.checked_pow(u32::from(from.abs_diff(to)));
        let rescale = |value: i128| match by {
            _ if from == to => Some(value),
            Some(by) if to > from => value.checked_mul(by),
            Some(by) if value % by == 0 => Some(value / by),
            _ => (value == 0).then_some(0),
        };
        let scaled = stored.try_unary::<_, Decimal128Type, _>(|value| {
            rescale(value).ok_or_else(|| {
                self.misfit(format!("has the unscaled {value} of scale {from}, which has no exact form of scale {to}"))
            })
        })?;
        let scaled = scaled.with_precision_and_scale(precision, to).map_err(|error| self.arrow(error))?;
        scaled.validate_decimal_precision(precision).map_err(|error| self.arrow(error))?;
        Ok(Arc::new(scaled))
    }

    fn text(&self, array: &ArrayRef, wanted: &DataType) -> Converted {
        if array.data_type() == wanted {
            return Ok(Arc::clone(array));
        }
        let strict = arrow_cast::CastOptions { safe: false, ..arrow_cast::CastOptions::default() };
        arrow_cast::cast_with_options(array, wanted, &strict).map_err(|error| self.arrow(error))
    }

    fn list(&self, node: &Type, list: &ListArray, element: &'a FieldRef) -> Converted {
        let index = self.subtype(node, 0)?;
        let values = self.below(element.name()).values(index, list.values(), element.data_type())?;
        ListArray::try_new(Arc::clone(element), list.offsets().clone(), values, list.nulls().cloned())
            .map(|list| Arc::new(list) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn map(&self, node: &Type, map: &MapArray, entries: &'a FieldRef, sorted: bool) -> Converted {
        let DataType::Struct(pair) = entries.data_type() else { return Err(self.misfit("is a map")) };
        let [key, value] = &pair[..] else { return Err(self.misfit("is a map of keys and values")) };
        let keys = self.below(key.name()).values(self.subtype(node, 0)?, map.keys(), key.data_type())?;
        let values = self.below(value.name()).values(self.subtype(node, 1)?, map.values(), value.data_type())?;
        StructArray::try_new(pair.clone(), vec![keys, values], None)
            .and_then(|stored| {
                MapArray::try_new(Arc::clone(entries), map.offsets().clone(), stored, map.nulls().cloned(), sorted)
            })
            .map(|map| Arc::new(map) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn structure(&self, node: &Type, stored: &StructArray, fields: &'a Fields) -> Converted {
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            let column = stored.column_by_name(field.name());
            columns.push(match column.zip(child(node, field.name())) {
                Some((column, index)) => self.below(field.name()).values(index, column, field.data_type())?,
                None => new_null_array(field.data_type(), stored.len()),
            });
        }
        StructArray::try_new_with_length(fields.clone(), columns, stored.nulls().cloned(), stored.len())
            .map(|structure| Arc::new(structure) as ArrayRef)
            .map_err(|error| self.arrow(error))
    }

    fn subtype(&self, node: &Type, place: usize) -> Result<usize, Misfit> {
        let index = node.subtypes.get(place).map(|index| *index as usize);
        index.ok_or_else(|| self.misfit("has no type for what is in it"))
    }
}

/// CHAR(n) is filled up with spaces in the file.
fn without_padding(padded: &StringArray) -> StringArray {
    padded.iter().map(|text| text.map(|text| text.trim_end_matches(' '))).collect()
}

fn is_text(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(data_type, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind) -> [Type; 1] {
        [Type { kind: Some(kind as i32), ..Type::default() }]
    }

    #[test]
    fn padding_of_char_goes_and_that_of_varchar_stays() {
        let array: ArrayRef = Arc::new(StringArray::from(vec![Some(" a  "), None, Some("   "), Some("bc\t")]));
        let wanted = Field::new("c", DataType::Utf8, true);
        let trimmed: ArrayRef = Arc::new(StringArray::from(vec![Some(" a"), None, Some(""), Some("bc\t")]));
        assert_eq!(&convert(&of(Kind::Char), 0, &array, &wanted).unwrap(), &trimmed);
        assert_eq!(&convert(&of(Kind::Varchar), 0, &array, &wanted).unwrap(), &array);
        assert!(convert(&of(Kind::Char), 0, &array, &Field::new("c", DataType::Utf8, false)).is_err());
    }

    #[test]
    fn decimals_change_their_scale_without_losing_a_digit() {
        let array: ArrayRef =
            Arc::new(Decimal128Array::from(vec![Some(1_230), None]).with_precision_and_scale(10, 2).unwrap());
        let as_type = |precision, scale| {
            let wanted = Field::new("d", DataType::Decimal128(precision, scale), true);
            convert(&of(Kind::Decimal), 0, &array, &wanted).map(|array| array.as_primitive::<Decimal128Type>().value(0))
        };
        assert_eq!(as_type(10, 2), Ok(1_230));
        assert_eq!(as_type(38, 4), Ok(123_000));
        assert_eq!(as_type(5, 1), Ok(123));
        assert!(as_type(5, 0).is_err());
        assert!(as_type(3, 2).is_err());
    }

    #[test]
    fn casts_are_refused_by_name() {
        let array: ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![1]));
        let misfit = convert(&of(Kind::Long), 0, &array, &Field::new("n", DataType::Int32, true)).unwrap_err();
        assert_eq!(misfit.to_string(), "column `n` is LONG and not Int32");
    }
}
