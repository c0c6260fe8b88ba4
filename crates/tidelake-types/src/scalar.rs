//! One value of a column.

use std::cmp::Ordering;

use arrow_array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow_schema::DataType as ArrowType;

use crate::{
    Column, ColumnBuilder, DataType, arrow_type,
    error::{InvalidValueSnafu, Result},
};

/// One value that is not null: a literal, a bound, a partition value. Null is `Option::<Scalar>::None`.
///
/// Its meaning follows from the [`TypeKind`](crate::TypeKind) beside it: a `Decimal` is an unscaled number, and so on.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "one for each family of types")]
pub enum Scalar {
    Boolean(bool),
    TinyInt(i8),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Float(f32),
    Double(f64),
    /// Unscaled.
    Decimal(i128),
    String(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds of the day.
    Time(i32),
    /// Milliseconds since 1970-01-01T00:00:00 (floor) and nanoseconds of that millisecond (0 to 999,999).
    /// For both timestamp types; LTZ counts in UTC.
    Timestamp {
        millis: i64,
        nanos: i32,
    },
}

/// A [`Scalar`] that borrows its bytes: what a [`Column`] hands out without allocating.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "those of Scalar")]
pub enum ScalarRef<'a> {
    Boolean(bool),
    TinyInt(i8),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Float(f32),
    Double(f64),
    Decimal(i128),
    String(&'a str),
    Bytes(&'a [u8]),
    Date(i32),
    Time(i32),
    Timestamp { millis: i64, nanos: i32 },
}

impl Scalar {
    /// The value at `row` of a column, in either Arrow form. Nested types have no scalars: an error.
    pub fn from_array(array: &dyn Array, row: usize, data_type: &DataType) -> Result<Option<Self>> {
        if row >= array.len() {
            return InvalidValueSnafu { message: format!("row {row} of a column of {} rows", array.len()) }.fail();
        }
        Ok(Column::try_new(array, data_type)?.get(row).map(ScalarRef::to_scalar))
    }

    /// A column of these values. A nested type can only be all null.
    pub fn to_array(values: &[Option<Self>], data_type: &DataType) -> Result<ArrayRef> {
        Self::to_array_as(values, data_type, &arrow_type(data_type)?)
    }

    /// As [`Scalar::to_array`], in a given Arrow form of the type (see [`crate::arrow_type_wide`]).
    pub fn to_array_as(values: &[Option<Self>], data_type: &DataType, form: &ArrowType) -> Result<ArrayRef> {
        if values.iter().all(Option::is_none) {
            return Ok(new_null_array(form, values.len()));
        }
        let mut builder = ColumnBuilder::try_new(data_type, form, values.len())?;
        for value in values {
            builder.push(value.as_ref().map(Self::as_ref))?;
        }
        builder.finish()
    }

    /// A column of `rows` times the same value: what fills partition columns.
    pub fn repeat(value: Option<&Self>, rows: usize, data_type: &DataType) -> Result<ArrayRef> {
        Self::repeat_as(value, rows, data_type, &arrow_type(data_type)?)
    }

    /// As [`Scalar::repeat`], in a given Arrow form of the type.
    pub fn repeat_as(value: Option<&Self>, rows: usize, data_type: &DataType, form: &ArrowType) -> Result<ArrayRef> {
        let once = Self::to_array_as(&[value.cloned()], data_type, form)?;
        Ok(arrow_select::take::take(&once, &UInt32Array::from(vec![0; rows]), None)?)
    }

    /// Paimon's order of two values of one type; `None` if they are of different families.
    ///
    /// Strings and bytes by unsigned bytes, floats as Java's `Double.compare`: -0.0 below 0.0, NaN above all.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        self.as_ref().compare(other.as_ref())
    }

    /// The same value, borrowed.
    pub fn as_ref(&self) -> ScalarRef<'_> {
        match self {
            Self::Boolean(value) => ScalarRef::Boolean(*value),
            Self::TinyInt(value) => ScalarRef::TinyInt(*value),
            Self::SmallInt(value) => ScalarRef::SmallInt(*value),
            Self::Int(value) => ScalarRef::Int(*value),
            Self::BigInt(value) => ScalarRef::BigInt(*value),
            Self::Float(value) => ScalarRef::Float(*value),
            Self::Double(value) => ScalarRef::Double(*value),
            Self::Decimal(value) => ScalarRef::Decimal(*value),
            Self::String(value) => ScalarRef::String(value),
            Self::Bytes(value) => ScalarRef::Bytes(value),
            Self::Date(value) => ScalarRef::Date(*value),
            Self::Time(value) => ScalarRef::Time(*value),
            Self::Timestamp { millis, nanos } => ScalarRef::Timestamp { millis: *millis, nanos: *nanos },
        }
    }
}

impl ScalarRef<'_> {
    /// An owned copy.
    pub fn to_scalar(self) -> Scalar {
        match self {
            Self::Boolean(value) => Scalar::Boolean(value),
            Self::TinyInt(value) => Scalar::TinyInt(value),
            Self::SmallInt(value) => Scalar::SmallInt(value),
            Self::Int(value) => Scalar::Int(value),
            Self::BigInt(value) => Scalar::BigInt(value),
            Self::Float(value) => Scalar::Float(value),
            Self::Double(value) => Scalar::Double(value),
            Self::Decimal(value) => Scalar::Decimal(value),
            Self::String(value) => Scalar::String(value.to_owned()),
            Self::Bytes(value) => Scalar::Bytes(value.to_owned()),
            Self::Date(value) => Scalar::Date(value),
            Self::Time(value) => Scalar::Time(value),
            Self::Timestamp { millis, nanos } => Scalar::Timestamp { millis, nanos },
        }
    }

    /// As [`Scalar::compare`].
    pub fn compare(self, other: ScalarRef<'_>) -> Option<Ordering> {
        use ScalarRef as S;
        Some(match (self, other) {
            (S::Boolean(a), S::Boolean(b)) => a.cmp(&b),
            (S::TinyInt(a), S::TinyInt(b)) => a.cmp(&b),
            (S::SmallInt(a), S::SmallInt(b)) => a.cmp(&b),
            (S::Int(a), S::Int(b)) | (S::Date(a), S::Date(b)) | (S::Time(a), S::Time(b)) => a.cmp(&b),
            (S::BigInt(a), S::BigInt(b)) => a.cmp(&b),
            (S::Float(a), S::Float(b)) => java_order(f64::from(a), f64::from(b)),
            (S::Double(a), S::Double(b)) => java_order(a, b),
            (S::Decimal(a), S::Decimal(b)) => a.cmp(&b),
            (S::String(a), S::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (S::Bytes(a), S::Bytes(b)) => a.cmp(b),
            (S::Timestamp { millis: a, nanos: an }, S::Timestamp { millis: b, nanos: bn }) => (a, an).cmp(&(b, bn)),
            _ => return None,
        })
    }
}

/// Java's `Double.compare`: every NaN is the same and above infinity, -0.0 is below 0.0.
fn java_order(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (a, b) => a.cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TypeKind, arrow_type_wide};

    #[test]
    fn floats_are_ordered_as_java_orders_them() {
        let ascending = [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 1.0, f64::INFINITY, f64::NAN];
        for pair in ascending.windows(2) {
            assert_eq!(Scalar::Double(pair[0]).compare(&Scalar::Double(pair[1])), Some(Ordering::Less), "{pair:?}");
            let (a, b) = (Scalar::Float(pair[0] as f32), Scalar::Float(pair[1] as f32));
            assert_eq!(a.compare(&b), Some(Ordering::Less), "{pair:?}");
        }
        assert_eq!(Scalar::Double(f64::NAN).compare(&Scalar::Double(-f64::NAN)), Some(Ordering::Equal));
    }

    #[test]
    fn texts_are_ordered_by_their_bytes() {
        // U+FFFD comes after U+1F600 in UTF-16, before it in UTF-8.
        let (a, b) = (Scalar::String("\u{fffd}".into()), Scalar::String("\u{1f600}".into()));
        assert_eq!(a.compare(&b), Some(Ordering::Less));
        assert_eq!(Scalar::Bytes(vec![0x7f]).compare(&Scalar::Bytes(vec![0x80])), Some(Ordering::Less));
        assert_eq!(Scalar::Int(1).compare(&Scalar::BigInt(1)), None);
    }

    #[test]
    fn values_survive_a_column_in_both_forms() {
        let old = Scalar::Timestamp { millis: -62_135_596_800_000, nanos: 1 };
        let cases = [
            (TypeKind::Boolean, Scalar::Boolean(true)),
            (TypeKind::TinyInt, Scalar::TinyInt(-1)),
            (TypeKind::SmallInt, Scalar::SmallInt(-2)),
            (TypeKind::Int, Scalar::Int(-3)),
            (TypeKind::BigInt, Scalar::BigInt(i64::MIN)),
            (TypeKind::Float, Scalar::Float(-0.0)),
            (TypeKind::Double, Scalar::Double(1e300)),
            (TypeKind::Decimal { precision: 38, scale: 5 }, Scalar::Decimal(-(10_i128.pow(38) - 1))),
            (TypeKind::STRING, Scalar::String("中文".into())),
            (TypeKind::Binary(2), Scalar::Bytes(vec![0, 255])),
            (TypeKind::Date, Scalar::Date(-719_162)),
            (TypeKind::Time(3), Scalar::Time(86_399_999)),
            (TypeKind::Timestamp(3), Scalar::Timestamp { millis: -1, nanos: 0 }),
            (TypeKind::TimestampLtz(6), Scalar::Timestamp { millis: -62_135_596_800_000, nanos: 1_000 }),
            (TypeKind::Timestamp(9), Scalar::Timestamp { millis: -1, nanos: 999_999 }),
        ];
        for (kind, value) in cases {
            let data_type = kind.nullable();
            let values = [None, Some(value.clone()), None];
            for form in [arrow_type(&data_type).unwrap(), arrow_type_wide(&data_type).unwrap()] {
                let array = Scalar::to_array_as(&values, &data_type, &form).unwrap();
                assert_eq!(array.data_type(), &form);
                for (row, value) in values.iter().enumerate() {
                    assert_eq!(&Scalar::from_array(&array, row, &data_type).unwrap(), value, "{data_type}");
                }
                let repeated = Scalar::repeat_as(Some(&value), 3, &data_type, &form).unwrap();
                assert_eq!((repeated.len(), repeated.null_count()), (3, 0));
                assert_eq!(Scalar::from_array(&repeated, 2, &data_type).unwrap(), Some(value.clone()));
            }
        }
        let ancient = TypeKind::Timestamp(9).nullable();
        assert!(Scalar::to_array(&[Some(old.clone())], &ancient).is_err());
        let wide = Scalar::to_array_as(&[Some(old.clone())], &ancient, &arrow_type_wide(&ancient).unwrap()).unwrap();
        assert_eq!(Scalar::from_array(&wide, 0, &ancient).unwrap(), Some(old));
    }
}
