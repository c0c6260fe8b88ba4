//! Paimon's bytes for a few values. (Owner: draw the layout here.)
use bytes::Bytes;

use crate::{DataType, Scalar, error::Result};

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
        todo!()
    }
    /// From values, in Java's exact bytes (nulls of non-compact types reserve their space).
    pub fn from_scalars(_types: &[DataType], _values: &[Option<Scalar>]) -> Result<Self> {
        todo!()
    }
    /// From metadata: big-endian arity, then the row.
    pub fn from_serialized(_bytes: &[u8]) -> Result<Self> {
        todo!()
    }
    /// For metadata: big-endian arity, then the row.
    pub fn to_serialized(&self) -> Vec<u8> {
        todo!()
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
    pub fn decode(&self, _types: &[DataType]) -> Result<Vec<Option<Scalar>>> {
        todo!()
    }
    /// One value. Never panics on foreign bytes.
    pub fn get(&self, _index: usize, _data_type: &DataType) -> Result<Option<Scalar>> {
        todo!()
    }
    /// The same values in Java's bytes: two writers may encode nulls differently.
    pub fn canonical(&self, types: &[DataType]) -> Result<Self> {
        Self::from_scalars(types, &self.decode(types)?)
    }
}

/// Builds many rows of the same types from Arrow columns without allocating per row (bucket hashes, partitions, keys).
#[derive(Debug)]
pub struct BinaryRowBuilder {}

impl BinaryRowBuilder {
    /// For rows of these types.
    pub fn new(_types: &[DataType]) -> Self {
        todo!()
    }
    /// Row `row` of the columns (as [`crate::arrow_type`] maps them).
    pub fn row(&mut self, _columns: &[arrow_array::ArrayRef], _row: usize) -> Result<BinaryRow> {
        todo!()
    }
    /// Murmur hash (seed 42) of each row of the columns.
    pub fn hashes(&mut self, _columns: &[arrow_array::ArrayRef]) -> Result<Vec<i32>> {
        todo!()
    }
}
