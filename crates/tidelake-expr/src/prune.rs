//! A predicate against what is known of a file's columns.
use tidelake_types::{DataField, Scalar};

use crate::Predicate;

/// What is known of one column of a set of rows. Bounds need not be values that occur.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnBounds {
    /// Not above any value. `None`: unknown.
    pub min: Option<Scalar>,
    /// Not below any value. `None`: unknown.
    pub max: Option<Scalar>,
    /// How many are null. `None`: unknown.
    pub null_count: Option<i64>,
}

/// Whether a row can pass among `rows` rows. `bounds` gives what is known of a column, `None` where nothing is. All
/// null (`null_count == rows`) prunes comparisons; NaN bounds never prune; a false answer is a promise.
pub fn may_match(_predicate: &Predicate, _rows: i64, _bounds: &dyn Fn(&DataField) -> Option<ColumnBounds>) -> bool {
    todo!()
}
