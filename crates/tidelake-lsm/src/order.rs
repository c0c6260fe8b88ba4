//! The order of keys: integers as they are, anything else as bytes.
//!
//! Paimon's order is: field by field; nulls first; numbers, decimals and timestamps by value; floats as Java's `Double.compare`
//! has them (`-0.0` before `0.0`, NaN last); strings and binaries by unsigned bytes. Arrow's row encoding gives the
//! same order, but for NaNs with a sign, which are made plain first.
//!
//! Most comparisons end in one integer, whatever the key. Its *prefix* is
//!
//! ```text
//! one integer column   the value, sign bit flipped                 equal prefix = equal key
//! anything else        the first 8 bytes encoded, big-endian       equal prefix = compare the bytes
//! ```

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray,
    cast::AsArray,
    types::{
        Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    },
};
use arrow_buffer::ScalarBuffer;
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{DataType as ArrowType, SortOptions, TimeUnit};
use tidelake_types::DataField;

use crate::{
    Result,
    fault::{internal, invalid_rows},
};

/// The keys of a batch, ready to be compared with those of any other batch of the table.
#[derive(Debug)]
pub enum KeyOrder {
    /// One integer-like NOT NULL column: TINYINT to BIGINT, DATE, TIME, timestamps.
    Integers(ScalarBuffer<i64>),
    /// Anything else, row-encoded.
    Encoded(Rows),
}

impl KeyOrder {
    /// Number of keys.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(keys) => keys.len(),
            Self::Encoded(rows) => rows.num_rows(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Orders most keys: a smaller prefix is a smaller key.
    #[inline]
    pub fn prefix(&self, row: usize) -> u64 {
        match self {
            Self::Integers(keys) => keys[row] as u64 ^ (1 << 63),
            Self::Encoded(rows) => {
                let bytes = rows.row(row).data();
                match bytes.first_chunk::<8>() {
                    Some(head) => u64::from_be_bytes(*head),
                    None => {
                        let mut head = [0; 8];
                        head[..bytes.len()].copy_from_slice(bytes);
                        u64::from_be_bytes(head)
                    }
                }
            }
        }
    }

    /// Orders keys whose prefixes are equal.
    #[inline]
    pub fn compare_beyond_prefix(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        match (self, other) {
            (Self::Encoded(rows), Self::Encoded(others)) => rows.row(row).data().cmp(others.row(other_row).data()),
            _ => Ordering::Equal,
        }
    }

    /// Orders two keys.
    #[inline]
    pub fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        self.prefix(row).cmp(&other.prefix(other_row)).then_with(|| self.compare_beyond_prefix(row, other, other_row))
    }

    /// How the keys of the batch follow one another: `Less` if they ascend strictly, `Equal` if some repeat, `Greater` with
    /// the first row that is smaller than the one before it.
    pub(crate) fn ascent(&self) -> (Ordering, usize) {
        if let Self::Integers(keys) = self
            && keys.windows(2).all(|pair| pair[0] < pair[1])
        {
            return (Ordering::Less, 0);
        }
        let mut worst = Ordering::Less;
        for row in 1..self.len() {
            match self.compare(row - 1, self, row) {
                Ordering::Greater => return (Ordering::Greater, row),
                Ordering::Equal => worst = Ordering::Equal,
                Ordering::Less => {}
            }
        }
        (worst, 0)
    }
}

/// Makes the [`KeyOrder`] of batches of one table. Two encoders of the same columns give comparable keys.
#[derive(Debug)]
pub struct KeyEncoder {
    /// Names, for errors, and whether nulls are allowed.
    columns: Vec<(String, bool)>,
    converter: Option<RowConverter>,
}

impl KeyEncoder {
    /// For the key columns of a table, in key order.
    pub fn new(fields: &[DataField]) -> Self {
        Self {
            columns: fields.iter().map(|field| (field.name.clone(), field.data_type.nullable)).collect(),
            converter: None,
        }
    }

    /// The order of some rows by these columns. A null in a NOT NULL column is `InvalidRows`.
    pub fn encode(&mut self, keys: &[ArrayRef]) -> Result<KeyOrder> {
        if keys.len() != self.columns.len() {
            return Err(internal(format!("{} key columns given, the key has {}", keys.len(), self.columns.len())));
        }
        for (array, (name, nullable)) in keys.iter().zip(&self.columns) {
            if !nullable && array.null_count() > 0 {
                return Err(invalid_rows(format!("the key column `{name}` is NOT NULL but has nulls")));
            }
        }
        if let ([key], [(_, false)]) = (keys, self.columns.as_slice())
            && let Some(integers) = as_integers(key)
        {
            return Ok(KeyOrder::Integers(integers));
        }
        Ok(KeyOrder::Encoded(encode_rows(&mut self.converter, keys, false)?))
    }
}

/// Orders rows of one key by the columns of `sequence.field`, before their sequence numbers decide.
#[derive(Debug)]
pub struct SequenceEncoder {
    descending: bool,
    converter: Option<RowConverter>,
}

impl SequenceEncoder {
    /// `descending` turns the order of values; null is the smallest in both.
    pub fn new(descending: bool) -> Self {
        Self { descending, converter: None }
    }

    /// The order of some rows by these columns.
    pub fn encode(&mut self, columns: &[ArrayRef]) -> Result<Rows> {
        encode_rows(&mut self.converter, columns, self.descending)
    }
}

fn encode_rows(converter: &mut Option<RowConverter>, columns: &[ArrayRef], descending: bool) -> Result<Rows> {
    let columns: Vec<ArrayRef> = columns.iter().map(plain_nans).collect();
    if converter.is_none() {
        let options = SortOptions { descending, nulls_first: true };
        let fields =
            columns.iter().map(|array| SortField::new_with_options(array.data_type().clone(), options)).collect();
        *converter = Some(RowConverter::new(fields)?);
    }
    match converter {
        Some(converter) => Ok(converter.convert_columns(&columns)?),
        None => Err(internal("a row converter was made and is gone")),
    }
}

/// The values of an integer-like column as `i64`, in their order; `None` for other types.
fn as_integers(array: &ArrayRef) -> Option<ScalarBuffer<i64>> {
    fn widen<T: ArrowPrimitiveType>(array: &ArrayRef) -> ScalarBuffer<i64>
    where
        T::Native: Into<i64>,
    {
        array.as_primitive::<T>().values().iter().map(|&value| value.into()).collect::<Vec<i64>>().into()
    }
    Some(match array.data_type() {
        ArrowType::Int8 => widen::<Int8Type>(array),
        ArrowType::Int16 => widen::<Int16Type>(array),
        ArrowType::Int32 => widen::<Int32Type>(array),
        ArrowType::Int64 => array.as_primitive::<Int64Type>().values().clone(),
        ArrowType::Date32 => widen::<Date32Type>(array),
        ArrowType::Time32(TimeUnit::Millisecond) => widen::<Time32MillisecondType>(array),
        ArrowType::Timestamp(TimeUnit::Second, _) => array.as_primitive::<TimestampSecondType>().values().clone(),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().values().clone()
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().values().clone()
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive::<TimestampNanosecondType>().values().clone()
        }
        _ => return None,
    })
}

/// Java knows one NaN, above everything; Arrow orders NaNs by sign and payload.
pub(crate) fn plain_nans(array: &ArrayRef) -> ArrayRef {
    fn plain<T: ArrowPrimitiveType>(array: &ArrayRef, is_nan: impl Fn(T::Native) -> bool, nan: T::Native) -> ArrayRef {
        let floats = array.as_primitive::<T>();
        if !floats.values().iter().any(|&value| is_nan(value)) {
            return Arc::clone(array);
        }
        let plain: PrimitiveArray<T> = floats.unary(|value| if is_nan(value) { nan } else { value });
        Arc::new(plain)
    }
    match array.data_type() {
        ArrowType::Float32 => plain::<Float32Type>(array, f32::is_nan, f32::NAN),
        ArrowType::Float64 => plain::<Float64Type>(array, f64::is_nan, f64::NAN),
        _ => Arc::clone(array),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int32Array,
        Int64Array, StringArray, TimestampNanosecondArray,
    };
    use tidelake_types::{DataType, TypeKind};

    use super::*;

    /// Every pair of rows compares as their places in `ascending` do, in one batch and over two.
    fn check(types: Vec<DataType>, ascending: Vec<ArrayRef>) {
        let fields: Vec<DataField> = types
            .into_iter()
            .enumerate()
            .map(|(id, data_type)| DataField::new(id as i32, format!("k{id}"), data_type))
            .collect();
        let one = KeyEncoder::new(&fields).encode(&ascending).unwrap();
        let two = KeyEncoder::new(&fields).encode(&ascending).unwrap();
        for a in 0..one.len() {
            for b in 0..two.len() {
                assert_eq!(one.compare(a, &two, b), a.cmp(&b), "rows {a} and {b} of {ascending:?}");
                assert!(a > b || one.prefix(a) <= two.prefix(b));
            }
        }
        assert_eq!(one.ascent().0, Ordering::Less);
    }

    #[test]
    fn integers_compare_by_value() {
        check(
            vec![TypeKind::BigInt.not_null()],
            vec![Arc::new(Int64Array::from(vec![i64::MIN, -2, -1, 0, 1, i64::MAX]))],
        );
        check(vec![TypeKind::TinyInt.not_null()], vec![Arc::new(Int8Array::from(vec![-128, -1, 0, 127]))]);
        check(vec![TypeKind::Int.not_null()], vec![Arc::new(Int32Array::from(vec![i32::MIN, 0, i32::MAX]))]);
        check(vec![TypeKind::Date.not_null()], vec![Arc::new(Date32Array::from(vec![-719_162, -1, 0, 20_000]))]);
        check(
            vec![TypeKind::Timestamp(9).not_null()],
            vec![Arc::new(TimestampNanosecondArray::from(vec![-1_000_000_001, -1, 0, 7]))],
        );
    }

    #[test]
    fn nulls_come_first_where_keys_may_be_null() {
        check(vec![TypeKind::BigInt.nullable()], vec![Arc::new(Int64Array::from(vec![None, Some(i64::MIN), Some(0)]))]);
        check(vec![TypeKind::STRING.nullable()], vec![Arc::new(StringArray::from(vec![None, Some(""), Some("a")]))]);
    }

    #[test]
    fn a_null_in_a_not_null_key_is_refused() {
        let fields = [DataField::new(0, "k", TypeKind::BigInt.not_null())];
        let error = KeyEncoder::new(&fields).encode(&[Arc::new(Int64Array::from(vec![None]))]).unwrap_err();
        assert_eq!(error.to_string(), "the key column `k` is NOT NULL but has nulls");
    }

    #[test]
    fn floats_compare_as_java_does() {
        check(
            vec![TypeKind::Double.not_null()],
            vec![Arc::new(Float64Array::from(vec![
                f64::NEG_INFINITY,
                -1.0,
                -0.0,
                0.0,
                f64::MIN_POSITIVE,
                f64::INFINITY,
                f64::NAN,
            ]))],
        );
        check(
            vec![TypeKind::Float.not_null()],
            vec![Arc::new(Float32Array::from(vec![-1.5, -0.0, 0.0, 1.5, f32::INFINITY, -f32::NAN]))],
        );
    }

    #[test]
    fn strings_and_binaries_compare_by_unsigned_bytes() {
        check(
            vec![TypeKind::STRING.not_null()],
            vec![Arc::new(StringArray::from(vec![
                "",
                "\0",
                "a",
                "aaaaaaaaa",
                "aaaaaaaaaa",
                "aaaaaaaaab",
                "ab",
                "b",
                "\u{7f}",
                "\u{80}",
                "\u{ffff}",
                "\u{10000}",
            ]))],
        );
        let bytes: Vec<&[u8]> = vec![b"", b"\x00", b"\x00\x00", b"\x01", b"\x7f\xff", b"\x80", b"\xff", b"\xff\xff"];
        check(vec![TypeKind::BYTES.not_null()], vec![Arc::new(BinaryArray::from(bytes))]);
    }

    #[test]
    fn decimals_and_booleans_compare_by_value() {
        let decimals = Decimal128Array::from(vec![-(10_i128.pow(29)), -1, 0, 5, 10_i128.pow(29)])
            .with_precision_and_scale(30, 5)
            .unwrap();
        check(vec![TypeKind::Decimal { precision: 30, scale: 5 }.not_null()], vec![Arc::new(decimals)]);
        check(vec![TypeKind::Boolean.not_null()], vec![Arc::new(BooleanArray::from(vec![false, true]))]);
    }

    #[test]
    fn composite_keys_compare_field_by_field() {
        check(
            vec![TypeKind::STRING.not_null(), TypeKind::Int.not_null()],
            vec![
                Arc::new(StringArray::from(vec!["", "a", "a", "a", "ab"])),
                Arc::new(Int32Array::from(vec![9, -1, 0, 256, i32::MIN])),
            ],
        );
    }

    #[test]
    fn ascent_tells_repeats_from_disorder() {
        let fields = [DataField::new(0, "k", TypeKind::Int.not_null())];
        let ascent = |keys: Vec<i32>| {
            let key: ArrayRef = Arc::new(Int32Array::from(keys));
            KeyEncoder::new(&fields).encode(&[key]).unwrap().ascent()
        };
        assert_eq!(ascent(vec![1, 2, 3]), (Ordering::Less, 0));
        assert_eq!(ascent(vec![1, 1, 3]), (Ordering::Equal, 0));
        assert_eq!(ascent(vec![1, 1, 3, 2]), (Ordering::Greater, 3));
    }

    #[test]
    fn a_null_sequence_is_smallest_in_both_orders() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1), Some(2)]));
        for (descending, expected) in [(false, [0, 1, 2]), (true, [0, 2, 1])] {
            let rows = SequenceEncoder::new(descending).encode(&[Arc::clone(&column)]).unwrap();
            let mut order = [0, 1, 2];
            order.sort_by(|&a, &b| rows.row(a).data().cmp(rows.row(b).data()));
            assert_eq!(order, expected, "descending: {descending}");
        }
    }
}
