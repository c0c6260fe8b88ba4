//! Paimon's bytes for a few values: keys, partitions, statistics, and what bucket hashes are taken of.
//!
//! ```text
//! byte 0          row kind, always 0 here
//! bit 8 + i       field i is null (bits counted from the lowest of each byte)
//! H + 8 i         slot of field i, little-endian          H = (arity + 63 + 8) / 64 * 8
//! H + 8 arity     variable part: items 8-byte aligned, padded with zeros
//!
//! slot            value                                   numbers, dates, DECIMAL(..18), TIMESTAMP(..3)
//!                 bytes .. | 0x80 + length in byte 7      texts and binaries up to 7 bytes
//!                 length: u32 | offset: u32               longer ones, DECIMAL(19..) always with 16 bytes reserved
//!                 nanos: u32 | offset: u32                TIMESTAMP(4..), 8 bytes of milliseconds at the offset
//! ```
//!
//! Offsets count from byte 0. In metadata the arity stands before the row, big-endian; it is not hashed.
use bytes::Bytes;

use crate::{
    DataType, Scalar, ScalarRef, TypeKind,
    error::{CorruptRowSnafu, InvalidValueSnafu, Result, UnsupportedTypeSnafu},
    row_writer::{RowWriter, header_bytes},
};

/// A few values in Paimon's binary form, without the arity prefix. Equal bytes mean equal values when both were made by
/// [`BinaryRow::from_scalars`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BinaryRow {
    arity: usize,
    bytes: Bytes,
}

impl BinaryRow {
    /// A row without fields.
    pub fn empty() -> Self {
        Self { arity: 0, bytes: Bytes::from_static(&[0; 8]) }
    }

    /// From values, in Java's exact bytes (nulls of non-compact types reserve their space).
    pub fn from_scalars(types: &[DataType], values: &[Option<Scalar>]) -> Result<Self> {
        if types.len() != values.len() {
            let message = format!("{} values for a row of {} fields", values.len(), types.len());
            return InvalidValueSnafu { message }.fail();
        }
        let mut writer = RowWriter::new(types.len());
        for (index, (data_type, value)) in types.iter().zip(values).enumerate() {
            writer.write(index, &data_type.kind, value.as_ref().map(Scalar::as_ref))?;
        }
        Ok(Self::from_writer(&writer))
    }

    pub(crate) fn from_writer(writer: &RowWriter) -> Self {
        Self { arity: writer.arity(), bytes: Bytes::copy_from_slice(writer.bytes()) }
    }

    /// From metadata: big-endian arity, then the row.
    pub fn from_serialized(bytes: &[u8]) -> Result<Self> {
        let Some((arity, row)) = bytes.split_first_chunk::<4>() else {
            return corrupt(format!("{} bytes do not hold its arity", bytes.len()));
        };
        let arity = u32::from_be_bytes(*arity) as usize;
        if arity > row.len() / 8 || row.len() < fixed_bytes(arity) {
            return corrupt(format!("{} bytes do not hold {arity} fields", row.len()));
        }
        Ok(Self { arity, bytes: Bytes::copy_from_slice(row) })
    }

    /// For metadata: big-endian arity, then the row.
    pub fn to_serialized(&self) -> Vec<u8> {
        let mut serialized = Vec::with_capacity(4 + self.bytes.len());
        serialized.extend_from_slice(&(self.arity as u32).to_be_bytes());
        serialized.extend_from_slice(&self.bytes);
        serialized
    }

    /// Number of fields.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// The row without arity: what is hashed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All values. Never panics on foreign bytes.
    pub fn decode(&self, types: &[DataType]) -> Result<Vec<Option<Scalar>>> {
        if types.len() != self.arity {
            return corrupt(format!("it has {} fields, expected {}", self.arity, types.len()));
        }
        types.iter().enumerate().map(|(index, data_type)| self.get(index, data_type)).collect()
    }

    /// One value. Never panics on foreign bytes. A value of a nested type is an error, a null of one is not.
    pub fn get(&self, index: usize, data_type: &DataType) -> Result<Option<Scalar>> {
        Ok(self.get_ref(index, data_type)?.map(ScalarRef::to_scalar))
    }

    /// As [`BinaryRow::get`] without copying.
    pub fn get_ref(&self, index: usize, data_type: &DataType) -> Result<Option<ScalarRef<'_>>> {
        if self.is_null(index)? {
            return Ok(None);
        }
        let slot = self.slot(index)?;
        let long = i64::from_le_bytes(slot);
        Ok(Some(match &data_type.kind {
            TypeKind::Boolean => ScalarRef::Boolean(slot[0] != 0),
            TypeKind::TinyInt => ScalarRef::TinyInt(long as i8),
            TypeKind::SmallInt => ScalarRef::SmallInt(long as i16),
            TypeKind::Int => ScalarRef::Int(long as i32),
            TypeKind::BigInt => ScalarRef::BigInt(long),
            TypeKind::Float => ScalarRef::Float(f32::from_bits(long as u32)),
            TypeKind::Double => ScalarRef::Double(f64::from_bits(long as u64)),
            TypeKind::Date => ScalarRef::Date(long as i32),
            TypeKind::Time(_) => ScalarRef::Time(long as i32),
            TypeKind::Char(_) | TypeKind::Varchar(_) => match std::str::from_utf8(self.item(index, slot)?) {
                Ok(text) => ScalarRef::String(text),
                Err(error) => return corrupt(format!("field {index} is not a text: {error}")),
            },
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => ScalarRef::Bytes(self.item(index, slot)?),
            TypeKind::Decimal { precision: ..=18, .. } => ScalarRef::Decimal(i128::from(long)),
            TypeKind::Decimal { .. } => ScalarRef::Decimal(self.big_decimal(index, long)?),
            TypeKind::Timestamp(..=3) | TypeKind::TimestampLtz(..=3) => ScalarRef::Timestamp { millis: long, nanos: 0 },
            TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
                let (offset, nanos) = halves(long);
                let Some(millis) = self.bytes.get(offset..).and_then(|rest| rest.first_chunk::<8>()) else {
                    return corrupt(format!("field {index} lies outside its {} bytes", self.bytes.len()));
                };
                match i32::try_from(nanos) {
                    Ok(nanos @ 0..1_000_000) => ScalarRef::Timestamp { millis: i64::from_le_bytes(*millis), nanos },
                    _ => return corrupt(format!("field {index} has {nanos} nanoseconds in a millisecond")),
                }
            }
            _ => {
                let reason = "nested values of binary rows are not read";
                return UnsupportedTypeSnafu { data_type: data_type.to_string(), reason }.fail();
            }
        }))
    }

    /// The same values in Java's bytes: two writers may encode nulls differently.
    pub fn canonical(&self, types: &[DataType]) -> Result<Self> {
        Self::from_scalars(types, &self.decode(types)?)
    }

    fn is_null(&self, index: usize) -> Result<bool> {
        if index >= self.arity {
            return corrupt(format!("field {index} of {}", self.arity));
        }
        match self.bytes.get((index + 8) / 8) {
            Some(bits) => Ok(bits & (1 << (index % 8)) != 0),
            None => corrupt("its null bits are cut off"),
        }
    }

    fn slot(&self, index: usize) -> Result<[u8; 8]> {
        let at = header_bytes(self.arity) + 8 * index;
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(slot) => Ok(*slot),
            None => corrupt(format!("field {index} is cut off")),
        }
    }

    /// The bytes of a text or a binary.
    fn item(&self, index: usize, slot: [u8; 8]) -> Result<&[u8]> {
        if slot[7] & 0x80 == 0 {
            let (offset, length) = halves(i64::from_le_bytes(slot));
            return match self.bytes.get(offset..offset.saturating_add(length)) {
                Some(item) => Ok(item),
                None => corrupt(format!("field {index} lies outside its {} bytes", self.bytes.len())),
            };
        }
        let length = usize::from(slot[7] & 0x7f);
        let at = header_bytes(self.arity) + 8 * index;
        match self.bytes.get(at..at + length) {
            Some(item) if length <= 7 => Ok(item),
            _ => corrupt(format!("field {index} has {length} bytes in its slot")),
        }
    }

    fn big_decimal(&self, index: usize, slot: i64) -> Result<i128> {
        let (offset, length) = halves(slot);
        match self.bytes.get(offset..offset.saturating_add(length)) {
            Some(digits @ [first, ..]) if length <= 16 => {
                let mut extended = [if first & 0x80 == 0 { 0 } else { 0xff }; 16];
                extended[16 - length..].copy_from_slice(digits);
                Ok(i128::from_be_bytes(extended))
            }
            _ => corrupt(format!("field {index} is a decimal of {length} bytes at {offset}")),
        }
    }
}

/// Bytes of header and slots.
pub(crate) fn fixed_bytes(arity: usize) -> usize {
    header_bytes(arity) + 8 * arity
}

/// Offset and length (or nanoseconds) of a slot.
fn halves(slot: i64) -> (usize, usize) {
    let slot = slot as u64;
    ((slot >> 32) as usize, (slot & 0xffff_ffff) as usize)
}

fn corrupt<T>(reason: impl Into<String>) -> Result<T> {
    CorruptRowSnafu { reason }.fail()
}
