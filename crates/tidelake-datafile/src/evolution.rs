//! From the columns of an old file to the columns wanted today.
//!
//! A file keeps the names and types of the schema it was written with. What ties it to today's columns are field ids:
//!
//! ```text
//! wanted today              schema of the file         stored          what is done
//! 0 id     BIGINT           0 id    INT                id              cast
//! 3 amount DECIMAL(12,2)    3 price DECIMAL(12,2)      price           renamed
//! 5 note   STRING           4 note  STRING             note            another column of that name: nulls
//! 6 p      STRING           6 p     STRING             p               partition column: its value, unread
//! 7 r ROW<9 b, 10 c>        7 r ROW<8 a, 9 b>          r.b             r.b read alone, r.c nulls
//! ```
//!
//! Inside the file a column is then found by the name that *its* schema gives it: some writers store no ids.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Schema, SchemaRef};
use tidelake_expr::{LeafPredicate, Predicate, cast_leaf};
use tidelake_meta::TableSchema;
use tidelake_types::{
    DataField, DataType, FIELD_ID_KEY, Scalar, TypeKind, arrow_schema, arrow_schema_wide, cast_array_as, system_fields,
};

use crate::{Result, error::CorruptSnafu};

/// How the columns of one file become the columns wanted.
#[derive(Debug)]
pub(crate) struct Evolution {
    path: String,
    /// Today's fields, and where each comes from.
    wanted: Vec<(DataField, Source)>,
    output: SchemaRef,
    /// The columns to read, named and typed as the file has them.
    projection: SchemaRef,
}

/// Where a wanted column comes from.
#[derive(Debug)]
enum Source {
    /// A column of the projection, of this type in the file.
    Stored { index: usize, from: DataType },
    /// The same value in every row.
    Constant(Scalar),
    /// The file has no such column.
    Null,
}

/// A file, as evolution sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredFile<'a> {
    /// For errors.
    pub path: &'a str,
    /// The schema it was written with.
    pub schema: &'a TableSchema,
    /// The columns that are in it.
    pub stored: &'a Schema,
    /// The partition columns and their values.
    pub partition: &'a [(DataField, Option<Scalar>)],
}

impl Evolution {
    /// How `file` yields the columns `wanted`.
    pub(crate) fn plan(file: StoredFile<'_>, wanted: &[DataField], wide_timestamps: bool) -> Result<Self> {
        let mut stored = Vec::new();
        let sources = wanted.iter().map(|field| source(file, field, &mut stored)).collect::<Result<Vec<_>>>()?;
        let arrow = if wide_timestamps { arrow_schema_wide } else { arrow_schema };
        Ok(Self {
            path: file.path.to_owned(),
            output: arrow(wanted)?,
            projection: arrow(&stored)?,
            wanted: wanted.iter().cloned().zip(sources).collect(),
        })
    }

    /// What to read: columns of the file in its own types. Without columns nothing need be read.
    pub(crate) fn projection(&self) -> &SchemaRef {
        &self.projection
    }

    /// Whether [`Self::apply`] hands arrays on as they are.
    pub(crate) fn is_cheap(&self) -> bool {
        self.wanted.iter().all(|(field, source)| match source {
            Source::Stored { from, .. } => from.same_values(&field.data_type),
            Source::Constant(_) | Source::Null => true,
        })
    }

    /// Rows of the projection, as wanted.
    pub(crate) fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.wanted.iter().zip(self.output.fields()).map(|((field, source), output)| {
            let column = match source {
                Source::Stored { index, from } => {
                    cast_array_as(rows.column(*index), from, &field.data_type, output.data_type())?
                }
                Source::Constant(value) => {
                    Scalar::repeat_as(Some(value), rows.num_rows(), &field.data_type, output.data_type())?
                }
                Source::Null => new_null_array(output.data_type(), rows.num_rows()),
            };
            if !output.is_nullable() && column.null_count() > 0 {
                let reason = format!("column `{}` is NOT NULL and has nulls", field.name);
                return CorruptSnafu { path: &self.path, reason }.fail();
            }
            Ok(column)
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)?)
    }
}

impl StoredFile<'_> {
    /// What of a predicate on today's columns can be asked of the file: leaves on columns that it lacks, or whose type
    /// differs in a way that could change the answer, may be anything.
    pub(crate) fn predicate(self, predicate: &Predicate) -> Predicate {
        predicate.relax(&mut |leaf| self.leaf(leaf))
    }

    fn leaf(self, leaf: &LeafPredicate) -> Option<Predicate> {
        let mut stored = Vec::new();
        match source(self, &leaf.field, &mut stored).ok()? {
            Source::Stored { index, .. } => cast_leaf(leaf, &stored[index]).map(Predicate::Leaf),
            Source::Constant(_) | Source::Null => None,
        }
    }
}

fn source(file: StoredFile<'_>, wanted: &DataField, stored: &mut Vec<DataField>) -> Result<Source> {
    if let Some((_, value)) = file.partition.iter().find(|(field, _)| field.id == wanted.id) {
        return Ok(value.clone().map_or(Source::Null, Source::Constant));
    }
    if system_fields::is_system_id(wanted.id) {
        if file.stored.column_with_name(&wanted.name).is_none() {
            let reason = format!("it has no column `{}`", wanted.name);
            return CorruptSnafu { path: file.path, reason }.fail();
        }
        return Ok(from_file(stored, wanted.clone()));
    }
    let Some(written) = file.schema.fields.iter().find(|field| field.id == wanted.id) else { return Ok(Source::Null) };
    let Some(data_type) = pruned(&written.data_type, &wanted.data_type) else { return Ok(Source::Null) };
    // The key's own copy stands in where a writer left out the value column.
    let key_name = format!("{}{}", system_fields::KEY_PREFIX, written.name);
    let name = [&written.name, &key_name].into_iter().find(|name| file.stored.column_with_name(name).is_some());
    match (name, called_otherwise(file.stored, written.id)) {
        (Some(name), _) => Ok(from_file(stored, DataField { name: name.clone(), data_type, ..written.clone() })),
        (None, None) => Ok(Source::Null),
        // A writer names its columns as the schema of the file does: one of the two is damaged.
        (None, Some(other)) => {
            let (id, name, schema) = (written.id, &written.name, file.schema.id);
            let reason = format!("field {id} is called `{name}` in schema {schema} and `{other}` in the file");
            CorruptSnafu { path: file.path, reason }.fail()
        }
    }
}

/// The name of the column that has this field id, in files that store ids.
fn called_otherwise(stored: &Schema, id: i32) -> Option<&str> {
    let id = id.to_string();
    let column = stored.fields().iter().find(|column| column.metadata().get(FIELD_ID_KEY) == Some(&id));
    column.map(|column| column.name().as_str())
}

/// Asks the file for a column, once.
fn from_file(stored: &mut Vec<DataField>, field: DataField) -> Source {
    let from = field.data_type.clone();
    let index = stored.iter().position(|known| *known == field).unwrap_or_else(|| {
        stored.push(field);
        stored.len() - 1
    });
    Source::Stored { index, from }
}

/// The part of a type in the file that is wanted: fields of rows are matched by id. `None` if nothing is left: a row
/// whose fields are all gone is gone itself.
fn pruned(written: &DataType, wanted: &DataType) -> Option<DataType> {
    let kind = match (&written.kind, &wanted.kind) {
        (TypeKind::Row(written), TypeKind::Row(wanted)) => {
            let kept = written.iter().filter_map(|field| {
                let like = wanted.iter().find(|like| like.id == field.id)?;
                Some(DataField { data_type: pruned(&field.data_type, &like.data_type)?, ..field.clone() })
            });
            let kept: Vec<_> = kept.collect();
            if kept.is_empty() {
                return None;
            }
            TypeKind::Row(kept)
        }
        (TypeKind::Array(written), TypeKind::Array(wanted)) => TypeKind::Array(Box::new(pruned(written, wanted)?)),
        (TypeKind::Map(key, written), TypeKind::Map(_, wanted)) => {
            TypeKind::Map(key.clone(), Box::new(pruned(written, wanted)?))
        }
        (kind, _) => kind.clone(),
    };
    Some(DataType { kind, nullable: written.nullable })
}
