//! Paimon's casts: what Java's CastExecutors do, column at a time.
use arrow_array::ArrayRef;

use crate::{DataType, Scalar, error::Result};

/// Whether one type can become another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastRule {
    /// The same values.
    Identity,
    /// Every value survives and keeps its order.
    Lossless,
    /// Values may be lost, rounded or fail.
    Explicit,
    /// Not possible.
    No,
}

/// How `from` becomes `to`, nullability aside.
pub fn cast_rule(_from: &DataType, _to: &DataType) -> CastRule {
    todo!()
}

/// Casts a column as Java does (trimming, overflow, text forms); nested types recursively, ROW by field id.
pub fn cast_array(_array: &ArrayRef, _from: &DataType, _to: &DataType) -> Result<ArrayRef> {
    todo!()
}

/// Casts one value as [`cast_array`] would.
pub fn cast_scalar(_value: &Scalar, _from: &DataType, _to: &DataType) -> Result<Option<Scalar>> {
    todo!()
}
