//! Numbers, texts and values as bytes.

use tidelake_format::{ScalarRef, TypeKind};

/// What is wrong with the bytes, for people.
pub(crate) type Broken = String;

/// FNV-1a: enough against accidents.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

pub(crate) fn put_value(out: &mut Vec<u8>, value: Option<ScalarRef<'_>>) {
    use ScalarRef as S;
    let Some(value) = value else { return out.push(0) };
    out.push(1);
    match value {
        S::Boolean(value) => out.push(u8::from(value)),
        S::TinyInt(value) => out.extend(value.to_le_bytes()),
        S::SmallInt(value) => out.extend(value.to_le_bytes()),
        S::Int(value) | S::Date(value) | S::Time(value) => out.extend(value.to_le_bytes()),
        S::BigInt(value) => out.extend(value.to_le_bytes()),
        S::Float(value) => out.extend(value.to_le_bytes()),
        S::Double(value) => out.extend(value.to_le_bytes()),
        S::Decimal(value) => out.extend(value.to_le_bytes()),
        S::String(value) => put_bytes(out, value.as_bytes()),
        S::Bytes(value) => put_bytes(out, value),
        S::Timestamp { millis, nanos } => {
            out.extend(millis.to_le_bytes());
            out.extend(nanos.to_le_bytes());
        }
    }
}

/// Bytes that are read from the front. Nothing is trusted: whatever is not there is `Broken`.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    /// How many were read.
    pub(crate) at: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::from(bytes, 0)
    }

    pub(crate) fn from(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else { return Err(format!("{length} bytes are missing after {}", self.at)) };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.take(N).map(|bytes| bytes.try_into().expect("as many bytes as were asked for"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Broken> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Broken> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|error| format!("a text before byte {} is broken: {error}", self.at))
    }

    /// A value of the type.
    pub(crate) fn value(&mut self, kind: &TypeKind) -> Result<Option<ScalarRef<'a>>, Broken> {
        use ScalarRef as S;
        use TypeKind as K;
        match self.array()? {
            [0] => return Ok(None),
            [1] => {}
            [other] => return Err(format!("byte {} is {other}, and neither a null nor a value", self.at - 1)),
        }
        Ok(Some(match kind {
            K::Boolean => S::Boolean(self.array()? != [0]),
            K::TinyInt => S::TinyInt(i8::from_le_bytes(self.array()?)),
            K::SmallInt => S::SmallInt(i16::from_le_bytes(self.array()?)),
            K::Int => S::Int(self.i32()?),
            K::Date => S::Date(self.i32()?),
            K::Time(_) => S::Time(self.i32()?),
            K::BigInt => S::BigInt(i64::from_le_bytes(self.array()?)),
            K::Float => S::Float(f32::from_le_bytes(self.array()?)),
            K::Double => S::Double(f64::from_le_bytes(self.array()?)),
            K::Decimal { .. } => S::Decimal(i128::from_le_bytes(self.array()?)),
            K::Char(_) | K::Varchar(_) => S::String(self.text()?),
            K::Binary(_) | K::Varbinary(_) => S::Bytes(self.bytes()?),
            K::Timestamp(_) | K::TimestampLtz(_) => {
                S::Timestamp { millis: i64::from_le_bytes(self.array()?), nanos: self.i32()? }
            }
            other => return Err(format!("a column is of type {other}")),
        }))
    }
}
