//! What is recorded of a column, and how much of it.

use tidelake_types::Scalar;

/// The names from the root to a column: `["address", "city"]`.
pub type ColumnPath = [String];

/// What is known of a column of a file or row group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    /// Not above any value. `None`: unknown, or every value is null.
    pub min: Option<Scalar>,
    /// Not below any value.
    pub max: Option<Scalar>,
    /// How many are null. `None`: unknown.
    pub null_count: Option<i64>,
}

/// How much is recorded of a column: option `metadata.stats-mode` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatisticsMode {
    /// Nothing.
    None,
    /// The number of nulls.
    Counts,
    /// Bounds too; strings cut to so many characters, binaries to so many bytes.
    Truncate(u32),
    /// Bounds in full.
    Full,
}
