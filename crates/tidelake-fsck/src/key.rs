//! Key rows (`_MIN_KEY`, `_MAX_KEY`) as values that can be compared.
//!
//! ```text
//! BE i32 arity | kind byte, null bits, padding to 8 | 8-byte slot per field | variable part
//! slot of text  : ≤ 7 bytes inline with 0x80|len in the last byte, else LE (offset << 32 | length)
//! slot of others: LE value; DECIMAL(>18) and TIMESTAMP(>3) keep theirs in the variable part
//! ```

use std::cmp::Ordering;

use serde_json::Value;

/// A key column's type, as far as this judge can compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    /// A signed number of so many bytes: also dates, times and short timestamps, decimals.
    Int(usize),
    Float,
    Double,
    /// Text and bytes, compared as unsigned bytes.
    Bytes,
    /// DECIMAL with more than 18 digits.
    Decimal,
    /// TIMESTAMP with more than three digits.
    Timestamp,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum KeyValue {
    Null,
    Int(i128),
    Float(f64),
    Bytes(Vec<u8>),
}

impl KeyValue {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            _ => Ordering::Equal, // never: both come from one type
        }
    }
}

/// Compares two keys, column by column.
pub(crate) fn order(a: &[KeyValue], b: &[KeyValue]) -> Ordering {
    let columns = a.iter().zip(b).map(|(a, b)| a.order(b));
    columns.into_iter().find(|order| order.is_ne()).unwrap_or(a.len().cmp(&b.len()))
}

/// The type named in a schema file; `None` for one that is not compared here.
pub(crate) fn key_type(data_type: &Value) -> Option<KeyType> {
    let text = data_type.as_str()?.to_ascii_uppercase();
    let word = text.split(['(', ' ']).next()?;
    let precision = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split([',', ')']).next())
        .and_then(|digits| digits.trim().parse::<u32>().ok());
    Some(match word {
        "BOOLEAN" | "TINYINT" => KeyType::Int(1),
        "SMALLINT" => KeyType::Int(2),
        "INT" | "INTEGER" | "DATE" | "TIME" => KeyType::Int(4),
        "BIGINT" => KeyType::Int(8),
        "FLOAT" => KeyType::Float,
        "DOUBLE" => KeyType::Double,
        "CHAR" | "VARCHAR" | "STRING" | "BINARY" | "VARBINARY" | "BYTES" => KeyType::Bytes,
        "DECIMAL" | "NUMERIC" | "DEC" if precision.unwrap_or(10) <= 18 => KeyType::Int(8),
        "DECIMAL" | "NUMERIC" | "DEC" => KeyType::Decimal,
        "TIMESTAMP" | "TIMESTAMP_LTZ" if precision.unwrap_or(6) <= 3 => KeyType::Int(8),
        "TIMESTAMP" | "TIMESTAMP_LTZ" => KeyType::Timestamp,
        _ => return None,
    })
}

/// Decodes a key row; says what is wrong with bytes that are none.
pub(crate) fn decode(bytes: &[u8], types: &[KeyType]) -> Result<Vec<KeyValue>, String> {
    let short = || "a key row is too short".to_owned();
    let (arity, row) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    let arity = i32::from_be_bytes(*arity);
    if usize::try_from(arity) != Ok(types.len()) {
        return Err(format!("a key row has {arity} columns, the key has {}", types.len()));
    }
    let header = (types.len() + 63 + 8) / 64 * 8;
    let value = |(i, key_type): (usize, &KeyType)| {
        let start = header + 8 * i;
        let slot: [u8; 8] = row.get(start..start + 8).and_then(|slot| slot.try_into().ok()).ok_or_else(short)?;
        let bit = i + 8;
        if row[bit / 8] >> (bit % 8) & 1 == 1 {
            return Ok(KeyValue::Null);
        }
        column(row, slot, *key_type).ok_or_else(|| "a key row points outside of itself".to_owned())
    };
    types.iter().enumerate().map(value).collect()
}

fn column(row: &[u8], slot: [u8; 8], key_type: KeyType) -> Option<KeyValue> {
    let whole = u64::from_le_bytes(slot);
    let (offset, length) = ((whole >> 32) as usize, (whole & 0xffff_ffff) as usize);
    let range = |length: usize| row.get(offset..offset.checked_add(length)?);
    let number = i64::from_le_bytes(slot);
    Some(match key_type {
        KeyType::Int(bytes) => {
            let unused = 64 - 8 * bytes as u32;
            KeyValue::Int(i128::from(number << unused >> unused))
        }
        KeyType::Float => KeyValue::Float(f64::from(f32::from_le_bytes([slot[0], slot[1], slot[2], slot[3]]))),
        KeyType::Double => KeyValue::Float(f64::from_le_bytes(slot)),
        KeyType::Bytes if slot[7] & 0x80 != 0 => {
            KeyValue::Bytes(slot.get(..usize::from(slot[7] & 0x7f)).filter(|inline| inline.len() <= 7)?.to_vec())
        }
        KeyType::Bytes => KeyValue::Bytes(range(length)?.to_vec()),
        KeyType::Decimal => {
            let digits = range(length).filter(|digits| (1..=16).contains(&digits.len()))?;
            let sign = if digits[0] & 0x80 == 0 { 0_i128 } else { -1 };
            KeyValue::Int(digits.iter().fold(sign, |number, byte| number << 8 | i128::from(*byte)))
        }
        KeyType::Timestamp => {
            let millis = i64::from_le_bytes(range(8)?.try_into().ok()?);
            KeyValue::Int(i128::from(millis) * 1_000_000 + length as i128)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arity: u8, rest: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, arity];
        rest.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes
    }

    fn one(rest: &[u64], data_type: &str) -> KeyValue {
        let key_type = key_type(&Value::from(data_type)).unwrap();
        decode(&row(1, rest), &[key_type]).unwrap().remove(0)
    }

    #[test]
    fn every_type_is_decoded_by_its_layout() {
        assert_eq!(one(&[0, 0xfe], "TINYINT NOT NULL"), KeyValue::Int(-2));
        assert_eq!(one(&[0, 0xffff_ffff], "INT"), KeyValue::Int(-1));
        assert_eq!(one(&[0x100, 0], "INT"), KeyValue::Null);
        assert_eq!(one(&[0, 0x8300_0000_0063_6261], "VARCHAR(9)"), KeyValue::Bytes(b"abc".to_vec()));
        let long = [0, 16 << 32 | 8, u64::from_le_bytes(*b"12345678")];
        assert_eq!(one(&long, "STRING NOT NULL"), KeyValue::Bytes(b"12345678".to_vec()));
        assert_eq!(one(&[0, 16 << 32 | 2, 0xc7cf, 0], "DECIMAL(20, 2)"), KeyValue::Int(-12345));
        assert_eq!(one(&[0, 16 << 32 | 5, 3], "TIMESTAMP(6)"), KeyValue::Int(3_000_005));
        assert_eq!(one(&[0, 3], "TIMESTAMP(3) WITH LOCAL TIME ZONE"), KeyValue::Int(3));
        assert_eq!(one(&[0, 0x3fc0_0000], "FLOAT"), KeyValue::Float(1.5));
    }

    #[test]
    fn bad_bytes_are_told() {
        assert!(decode(&[], &[KeyType::Float]).is_err());
        assert!(decode(&row(2, &[0, 0]), &[KeyType::Float]).unwrap_err().contains("2 columns"));
        assert!(decode(&row(1, &[0]), &[KeyType::Float]).is_err());
        assert!(decode(&row(1, &[0, u64::MAX >> 1]), &[KeyType::Bytes]).unwrap_err().contains("outside"));
        assert!(decode(&row(1, &[0, 0xff00_0000_0000_0000]), &[KeyType::Bytes]).is_err());
    }

    #[test]
    fn keys_compare_column_by_column() {
        let key = |a: i128, b: &[u8]| vec![KeyValue::Int(a), KeyValue::Bytes(b.to_vec())];
        assert_eq!(order(&key(1, b"b"), &key(1, b"a")), Ordering::Greater);
        assert_eq!(order(&key(-1, b"b"), &key(1, b"a")), Ordering::Less);
    }
}
