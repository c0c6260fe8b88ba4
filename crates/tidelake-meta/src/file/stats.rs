//! Bounds and null counts of some columns.

use tidelake_expr::ColumnBounds;
use tidelake_format::ColumnStatistics;
use tidelake_types::{BinaryRow, DataType};

use crate::Result;

/// Bounds and null counts of some columns, as stored (metadata spec 5.3): rows of the covered columns, all nullable.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleStats {
    /// Lower bounds.
    pub min_values: BinaryRow,
    /// Upper bounds.
    pub max_values: BinaryRow,
    /// One for each covered column; `None` where unknown. The whole may be absent in files of foreign writers.
    pub null_counts: Option<Vec<Option<i64>>>,
}

impl SimpleStats {
    /// Of no columns.
    pub fn empty() -> Self {
        Self { min_values: BinaryRow::empty(), max_values: BinaryRow::empty(), null_counts: Some(Vec::new()) }
    }

    /// Of columns of these types, one statistics for each. Bounds of nested types are never stored.
    pub fn build(types: &[DataType], statistics: &[ColumnStatistics]) -> Result<Self> {
        let bounds = |bound: fn(&ColumnStatistics) -> &Option<tidelake_types::Scalar>| {
            let values: Vec<_> = types
                .iter()
                .zip(statistics)
                .map(|(data_type, column)| if data_type.kind.is_nested() { None } else { bound(column).clone() })
                .collect();
            BinaryRow::from_scalars(types, &values)
        };
        Ok(Self {
            min_values: bounds(|column| &column.min)?,
            max_values: bounds(|column| &column.max)?,
            null_counts: Some(statistics.iter().map(|column| column.null_count).collect()),
        })
    }

    /// Of the covered column at `index`, which has this type. A column that is not covered, or nested, has no bounds; a
    /// null bound means unknown.
    pub fn bounds(&self, index: usize, data_type: &DataType) -> Result<ColumnBounds> {
        let bound = |row: &BinaryRow| {
            if index < row.arity() && !data_type.kind.is_nested() { row.get(index, data_type) } else { Ok(None) }
        };
        Ok(ColumnBounds {
            min: bound(&self.min_values)?,
            max: bound(&self.max_values)?,
            null_count: self.null_counts.as_ref().and_then(|counts| counts.get(index).copied().flatten()),
        })
    }
}
