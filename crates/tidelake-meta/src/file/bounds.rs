//! What a file's statistics say of a column of a newer schema (metadata spec 5.4, 5.6).
//!
//! The stored statistics cover, in order: the columns of the schema that the file was written with, or `write_cols` of
//! them, or of these `value_stats_cols` only. A column is found by its field id, for names may have been given anew.

use tidelake_expr::ColumnBounds;
use tidelake_types::{CastRule, DataField, Scalar, cast_rule, cast_scalar, system_fields};

use crate::{DataFileMeta, TableSchema};

impl DataFileMeta {
    /// Bounds of a column in the type that it had when the file was written. `write_schema` is that of `schema_id`.
    ///
    /// `None`: nothing is known. A column that came later is all null: no bounds, `null_count` the number of rows.
    pub fn value_bounds(&self, write_schema: &TableSchema, field_id: i32) -> Option<ColumnBounds> {
        let Some(field) = write_schema.fields.iter().find(|field| field.id == field_id) else {
            return Some(ColumnBounds { min: None, max: None, null_count: Some(self.row_count) });
        };
        let index = self.covered_index(write_schema, &field.name)?;
        self.value_stats.bounds(index, &field.data_type).ok()
    }

    /// As [`Self::value_bounds`], in the type that `field` has now. `None` also where values are lost or change their
    /// order on the way from the old type.
    pub fn evolved_bounds(&self, write_schema: &TableSchema, field: &DataField) -> Option<ColumnBounds> {
        let bounds = self.value_bounds(write_schema, field.id)?;
        let Some(written) = write_schema.fields.iter().find(|written| written.id == field.id) else {
            return Some(bounds);
        };
        let cast = |bound: Option<Scalar>| {
            bound.and_then(|value| cast_scalar(&value, &written.data_type, &field.data_type).ok().flatten())
        };
        match cast_rule(&written.data_type, &field.data_type) {
            CastRule::Identity => Some(bounds),
            CastRule::Lossless => {
                Some(ColumnBounds { min: cast(bounds.min), max: cast(bounds.max), null_count: bounds.null_count })
            }
            CastRule::Explicit | CastRule::No => None,
        }
    }

    /// Where the column's statistics stand, if it is covered.
    fn covered_index(&self, write_schema: &TableSchema, name: &str) -> Option<usize> {
        let system = |column: &&String| !system_fields::is_reserved_name(column);
        match (&self.value_stats_cols, &self.write_cols) {
            (Some(dense), _) => dense.iter().position(|column| column == name),
            (None, Some(written)) => written.iter().filter(system).position(|column| column == name),
            (None, None) => write_schema.fields.iter().position(|field| field.name == name),
        }
    }
}
