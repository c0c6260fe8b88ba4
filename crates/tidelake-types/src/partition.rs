//! Partition values: as bytes in manifests, as text in paths.
use crate::{
    BinaryRow, DataField, DataType, Scalar, TypeKind,
    error::{Result, UnsupportedTypeSnafu},
    text::{date_text, decimal_text, iso_timestamp_text, java_double_text, java_float_text, time_text, timestamp_text},
};

/// The values of the partition columns, in their order; canonical bytes, so that equal partitions are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionValues(BinaryRow);

/// How partition values are written in paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionText {
    /// Option `partition.legacy-name` (default true).
    pub legacy: bool,
    /// Option `partition.default-name`, for null and blank values.
    pub default_name: String,
}

impl Default for PartitionText {
    fn default() -> Self {
        Self { legacy: true, default_name: "__DEFAULT_PARTITION__".to_owned() }
    }
}

impl PartitionValues {
    /// Of a table without partitions.
    pub fn unpartitioned() -> Self {
        Self(BinaryRow::empty())
    }

    /// From values of the partition columns.
    pub fn new(fields: &[DataField], values: &[Option<Scalar>]) -> Result<Self> {
        BinaryRow::from_scalars(&types(fields), values).map(Self)
    }

    /// From a manifest's row, whoever wrote it: made canonical.
    pub fn from_row(fields: &[DataField], row: &BinaryRow) -> Result<Self> {
        row.canonical(&types(fields)).map(Self)
    }

    /// The bytes for metadata.
    pub fn as_row(&self) -> &BinaryRow {
        &self.0
    }

    /// The values.
    pub fn values(&self, fields: &[DataField]) -> Result<Vec<Option<Scalar>>> {
        self.0.decode(&types(fields))
    }

    /// `k1=v1/k2=v2`, escaped (metadata spec 1.3); empty for unpartitioned tables. Each segment is checked by the caller's `FilePath`.
    pub fn path(&self, fields: &[DataField], text: &PartitionText) -> Result<String> {
        let mut path = String::new();
        for (field, value) in fields.iter().zip(self.values(fields)?) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&escape_path_name(&field.name));
            path.push('=');
            path.push_str(&escape_path_name(&text.value(value.as_ref(), &field.data_type)?));
        }
        Ok(path)
    }
}

impl PartitionText {
    /// One value as paths name it, not yet escaped.
    pub fn value(&self, value: Option<&Scalar>, data_type: &DataType) -> Result<String> {
        let Some(value) = value else {
            return Ok(self.default_name.clone());
        };
        let text = match (value, &data_type.kind) {
            (Scalar::Boolean(value), _) => value.to_string(),
            (Scalar::TinyInt(value), _) => value.to_string(),
            (Scalar::SmallInt(value), _) => value.to_string(),
            (Scalar::Int(value), _) => value.to_string(),
            (Scalar::BigInt(value), _) => value.to_string(),
            (Scalar::Float(value), _) => java_float_text(*value),
            (Scalar::Double(value), _) => java_double_text(*value),
            (Scalar::Decimal(value), TypeKind::Decimal { scale, .. }) => decimal_text(*value, *scale),
            (Scalar::Decimal(value), _) => value.to_string(),
            (Scalar::String(value), _) => value.clone(),
            (Scalar::Bytes(value), _) if !self.legacy => String::from_utf8_lossy(value).into_owned(),
            (Scalar::Bytes(_), _) => {
                let reason = "the legacy path of a binary partition names an address in Java's memory; \
                              set `partition.legacy-name` to false";
                return UnsupportedTypeSnafu { data_type: data_type.to_string(), reason }.fail();
            }
            (Scalar::Date(days), _) if self.legacy => days.to_string(),
            (Scalar::Date(days), _) => date_text(*days),
            (Scalar::Time(millis), TypeKind::Time(precision)) if !self.legacy => time_text(*millis, *precision),
            (Scalar::Time(millis), _) => millis.to_string(),
            (
                Scalar::Timestamp { millis, nanos },
                TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision),
            ) if !self.legacy => timestamp_text(*millis, *nanos, ' ', *precision),
            (Scalar::Timestamp { millis, nanos }, _) => iso_timestamp_text(*millis, *nanos),
        };
        Ok(if text.trim().is_empty() { self.default_name.clone() } else { text })
    }
}

/// Escapes a key or a value of a partition path.
pub fn escape_path_name(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{}[]^".contains(c) {
            escaped.push_str(&format!("%{:02X}", c as u32));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Undoes [`escape_path_name`]. A `%` without two hexadecimal digits stands for itself.
pub fn unescape_path_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                plain.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn types(fields: &[DataField]) -> Vec<DataType> {
    fields.iter().map(|field| field.data_type.clone()).collect()
}
