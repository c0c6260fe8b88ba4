//! Writes binary rows into one buffer that is used again and again. The layout is drawn in `binary_row.rs`.

use crate::{
    ScalarRef, TypeKind,
    error::{InvalidValueSnafu, Result, UnsupportedTypeSnafu},
};

/// Bytes before the slots: row kind and null bits, in whole words.
pub(crate) fn header_bytes(arity: usize) -> usize {
    (arity + 63 + 8) / 64 * 8
}

/// Writes slots: those of a row, or the elements of an array.
#[derive(Debug)]
pub(crate) struct RowWriter {
    arity: usize,
    /// Where the slots begin, and how many bytes each has.
    slots: usize,
    width: usize,
    /// The null bit of the first slot.
    null_bit: usize,
    /// Length without the variable part.
    fixed: usize,
    bytes: Vec<u8>,
}

impl RowWriter {
    pub(crate) fn new(arity: usize) -> Self {
        let slots = header_bytes(arity);
        let fixed = slots + 8 * arity;
        Self { arity, slots, width: 8, null_bit: 8, fixed, bytes: vec![0; fixed] }
    }

    /// For an array of so many elements, `width` bytes each.
    pub(crate) fn array(length: usize, width: usize) -> Self {
        let slots = 4 + length.div_ceil(32) * 4;
        let fixed = (slots + width * length).next_multiple_of(8);
        let mut bytes = vec![0; fixed];
        bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
        Self { arity: length, slots, width, null_bit: 32, fixed, bytes }
    }

    /// Begins the next row.
    pub(crate) fn reset(&mut self) {
        self.bytes.truncate(self.fixed);
        self.bytes.fill(0);
    }

    pub(crate) fn arity(&self) -> usize {
        self.arity
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes field `index`; fields come in order, each once.
    pub(crate) fn write(&mut self, index: usize, kind: &TypeKind, value: Option<ScalarRef<'_>>) -> Result<()> {
        use ScalarRef as S;
        use TypeKind as K;
        let Some(value) = value else {
            self.write_null(index, kind);
            return Ok(());
        };
        match (kind, value) {
            (K::Boolean, S::Boolean(value)) => self.set_slot(index, &[u8::from(value)]),
            (K::TinyInt, S::TinyInt(value)) => self.set_slot(index, &value.to_le_bytes()),
            (K::SmallInt, S::SmallInt(value)) => self.set_slot(index, &value.to_le_bytes()),
            (K::Int, S::Int(value)) | (K::Date, S::Date(value)) | (K::Time(_), S::Time(value)) => {
                self.set_slot(index, &value.to_le_bytes());
            }
            (K::BigInt, S::BigInt(value)) => self.set_slot(index, &value.to_le_bytes()),
            (K::Float, S::Float(value)) => self.set_slot(index, &value.to_le_bytes()),
            (K::Double, S::Double(value)) => self.set_slot(index, &value.to_le_bytes()),
            (K::Char(_) | K::Varchar(_), S::String(value)) => self.write_bytes(index, value.as_bytes()),
            (K::Binary(_) | K::Varbinary(_), S::Bytes(value)) => self.write_bytes(index, value),
            (K::Decimal { precision, .. }, S::Decimal(value)) => self.write_decimal(index, *precision, value)?,
            (K::Timestamp(..=3) | K::TimestampLtz(..=3), S::Timestamp { millis, .. }) => {
                self.set_slot(index, &millis.to_le_bytes());
            }
            (K::Timestamp(_) | K::TimestampLtz(_), S::Timestamp { millis, nanos }) => {
                let offset = self.bytes.len();
                self.bytes.extend_from_slice(&millis.to_le_bytes());
                self.set_reference(index, offset, nanos as usize);
            }
            _ if kind.is_nested() => {
                let reason = "it cannot be part of a key, a partition or statistics";
                return UnsupportedTypeSnafu { data_type: kind.to_string(), reason }.fail();
            }
            _ => return InvalidValueSnafu { message: format!("{value:?} is not a value of type {kind}") }.fail(),
        }
        Ok(())
    }

    /// Java keeps the space of a value that may be updated in place, even where it is null; not so in arrays.
    fn write_null(&mut self, index: usize, kind: &TypeKind) {
        let bit = self.null_bit + index;
        self.bytes[bit / 8] |= 1 << (bit % 8);
        let is_row = self.null_bit == 8;
        let reserved = match kind {
            _ if !is_row => return,
            TypeKind::Decimal { precision: 19.., .. } => 16,
            TypeKind::Timestamp(4..) | TypeKind::TimestampLtz(4..) => 8,
            _ => return,
        };
        let offset = self.bytes.len();
        self.bytes.resize(offset + reserved, 0);
        self.set_reference(index, offset, 0);
    }

    fn write_bytes(&mut self, index: usize, value: &[u8]) {
        if value.len() <= 7 {
            self.set_slot(index, value);
            let mark = self.slots + self.width * index + 7;
            self.bytes[mark] = 0x80 | value.len() as u8;
        } else {
            self.write_item(index, value);
        }
    }

    /// Appends an item to the variable part, padded.
    pub(crate) fn write_item(&mut self, index: usize, value: &[u8]) {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.bytes.resize(offset + value.len().next_multiple_of(8), 0);
        self.set_reference(index, offset, value.len());
    }

    fn write_decimal(&mut self, index: usize, precision: u8, value: i128) -> Result<()> {
        if value.unsigned_abs() >= 10_u128.pow(u32::from(precision.min(38))) {
            let message = format!("the unscaled decimal {value} has more than {precision} digits");
            return InvalidValueSnafu { message }.fail();
        }
        if precision <= 18 {
            self.set_slot(index, &(value as i64).to_le_bytes());
            return Ok(());
        }
        // As few bytes as hold the sign, left aligned in the space of 16.
        let sign_bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
        let length = 16 - (sign_bits as usize - 1) / 8;
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(&value.to_be_bytes()[16 - length..]);
        self.bytes.resize(offset + 16, 0);
        self.set_reference(index, offset, length);
        Ok(())
    }

    fn set_slot(&mut self, index: usize, value: &[u8]) {
        let at = self.slots + self.width * index;
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }

    fn set_reference(&mut self, index: usize, offset: usize, low: usize) {
        self.set_slot(index, &(((offset as u64) << 32) | low as u64).to_le_bytes());
    }
}
