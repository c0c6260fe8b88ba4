//! How Java prints rows and values in its system tables.

use tidelake_types::{BinaryRow, DataField, DataType, Scalar, TypeKind, cast_scalar, iso_timestamp_text};

use crate::Result;

/// A ROW cast to STRING: `{a, 1}`.
pub(super) fn row_text(fields: &[DataField], row: &BinaryRow) -> Result<String> {
    let types: Vec<DataType> = fields.iter().map(|field| field.data_type.clone()).collect();
    let values = (types.iter().zip(row.decode(&types)?))
        .map(|(data_type, value)| value_text(value.as_ref(), data_type))
        .collect::<Result<Vec<_>>>()?;
    Ok(format!("{{{}}}", values.join(", ")))
}

/// One value, `null` for none.
pub(super) fn value_text(value: Option<&Scalar>, data_type: &DataType) -> Result<String> {
    let Some(value) = value else { return Ok("null".to_owned()) };
    match cast_scalar(value, data_type, &TypeKind::STRING.nullable())? {
        Some(Scalar::String(text)) => Ok(text),
        _ => Ok(format!("{value:?}")),
    }
}

/// One bound, or one column of a key: not cast to STRING but printed as the object that Java holds it as, so a DATE in days
/// and a TIME in milliseconds, a TIMESTAMP as ISO 8601. Bytes have no text there; here it is hex.
pub(super) fn object_text(value: Option<&Scalar>, data_type: &DataType) -> Result<String> {
    match value {
        Some(Scalar::Timestamp { millis, nanos }) => Ok(iso_timestamp_text(*millis, *nanos)),
        Some(Scalar::Date(number) | Scalar::Time(number)) => Ok(number.to_string()),
        Some(Scalar::Bytes(bytes)) => Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        _ => value_text(value, data_type),
    }
}
