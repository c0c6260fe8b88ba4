//! Finding the rows that pass by the columns of the predicate alone, before any other column is decoded.
//!
//! ```text
//! window ─► columns of the predicate ─► rows that pass ─► all columns of those rows; of no row: nothing is read
//! ```
//!
//! Worth it where few rows pass. Where most do, the columns of the predicate were decoded twice for nothing: once a window has
//! shown that, the rest of the file is read without.

use std::{ops::Range, sync::Arc};

use arrow_schema::{Schema, SchemaRef};
use parquet::{arrow::ProjectionMask, schema::types::SchemaDescriptor};
use tidelake_expr::evaluate;
use tidelake_format::{Predicate, ReadRequest, RecordBatch, RowPositions};

use crate::projection::leaves;

/// How rows are found.
pub(crate) struct Sift {
    predicate: Predicate,
    /// The columns it needs.
    pub(crate) projection: SchemaRef,
    pub(crate) mask: ProjectionMask,
}

impl Sift {
    /// `None` if nothing is gained: no predicate, or one that needs all the columns; or if a column is not among those asked
    /// for, so that its type is not known.
    pub(crate) fn of(request: &ReadRequest, schema: &SchemaDescriptor) -> Option<Self> {
        let predicate = request.predicate.clone()?;
        let named = predicate.fields().into_iter().map(|field| request.projection.field_with_name(&field.name).ok());
        let fields = named.map(|field| field.filter(|field| !field.data_type().is_nested()).cloned());
        let projection = Schema::new(fields.collect::<Option<Vec<_>>>()?);
        let found = leaves(schema, projection.fields());
        let all = leaves(schema, request.projection.fields());
        let gains = !found.is_empty() && found.len() == projection.fields().len() && found.len() < all.len();
        gains.then(|| Self { predicate, projection: Arc::new(projection), mask: ProjectionMask::leaves(schema, found) })
    }

    /// Adds the positions of those rows that pass. Where the predicate does not fit the columns, all do: whoever asks looks
    /// again, and says what is wrong.
    pub(crate) fn add_passing(&self, rows: &RecordBatch, positions: &RowPositions, passing: &mut Vec<Range<u64>>) {
        let Ok(passed) = evaluate(&self.predicate, rows) else {
            return positions_of(positions, 0..rows.num_rows(), passing);
        };
        for (start, end) in passed.values().set_slices() {
            positions_of(positions, start..end, passing);
        }
    }

    /// Whether so few passed that finding them has paid.
    pub(crate) fn pays(passed: u64, of: u64) -> bool {
        passed * 2 <= of
    }
}

fn positions_of(positions: &RowPositions, rows: Range<usize>, into: &mut Vec<Range<u64>>) {
    match positions {
        RowPositions::Range(range) => push(into, range.start + rows.start as u64..range.start + rows.end as u64),
        RowPositions::List(list) => list[rows].iter().for_each(|position| push(into, *position..position + 1)),
    }
}

fn push(ranges: &mut Vec<Range<u64>>, next: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == next.start => last.end = next.end,
        _ => ranges.push(next),
    }
}
