//! Partition values: as bytes in manifests, as text in paths.
use crate::{BinaryRow, DataField, Scalar, error::Result};

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

impl PartitionValues {
    /// Of a table without partitions.
    pub fn unpartitioned() -> Self {
        todo!()
    }
    /// From values of the partition columns.
    pub fn new(_fields: &[DataField], _values: &[Option<Scalar>]) -> Result<Self> {
        todo!()
    }
    /// From a manifest's row, whoever wrote it: made canonical.
    pub fn from_row(_fields: &[DataField], _row: &BinaryRow) -> Result<Self> {
        todo!()
    }
    /// The bytes for metadata.
    pub fn as_row(&self) -> &BinaryRow {
        &self.0
    }
    /// The values.
    pub fn values(&self, _fields: &[DataField]) -> Result<Vec<Option<Scalar>>> {
        todo!()
    }
    /// `k1=v1/k2=v2`, escaped (metadata spec 1.3); empty for unpartitioned tables. Each segment is checked by the caller's `FilePath`.
    pub fn path(&self, _fields: &[DataField], _text: &PartitionText) -> Result<String> {
        todo!()
    }
}

/// Escapes a key or a value of a partition path.
pub fn escape_path_name(_name: &str) -> String {
    todo!()
}

/// Undoes [`escape_path_name`].
pub fn unescape_path_name(_name: &str) -> String {
    todo!()
}
