//! From rows to columns: one builder for each part of the types asked for.
//!
//! The file's schema and the schema asked for are laid over each other once, by name; what comes of it reads one row
//! after another straight into Arrow's buffers, and passes over what nobody asked for:
//!
//! ```text
//! file      record { id long, a union[null, int], m array<record { int, string }>, x … }
//! asked     id Int64, m Map<Int32, Utf8>, a Int8, later Date32
//! planned   id: Primitive   a: Optional(Primitive)   m: Map(Primitive, Text)   x: skip   later: nulls
//! ```
//!
//! | in the file | asked for |
//! |---|---|
//! | int | Int32; Int16, Int8 if the values fit; Date32; Time32(ms) |
//! | date, time of any unit | Date32, Time32(ms) |
//! | timestamp of any unit, local or not | any unit (finer units are floored), any zone, or the wide form |
//! | decimal, bytes or fixed | Decimal128 of any precision that holds it; another scale if no digit is lost |
//! | string, bytes, fixed | any string or binary layout |
//! | array | List |
//! | map, array of records of two fields | Map |
//! | record | Struct by names; a field that the file lacks is null |
//! | union of null, anywhere, and one type | the type |
//!
//! Other differences are casts, and are refused.

mod leaf;
mod nested;
mod values;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, DataType, FieldRef, SchemaRef};
use tidelake_types::is_wide_timestamp;

use crate::{
    cursor::Cursor,
    fault::{Result, broken, unsupported},
    schema::{Type, branch},
    stored::{arrow_type, only_value, pair, row},
};

/// A builder of an array.
pub(crate) trait Column: Send {
    /// Reads a value that is not null.
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()>;
    /// Adds a null.
    fn null(&mut self);
    /// What came together; it begins anew.
    fn finish(&mut self) -> Result<ArrayRef>;
}

/// Rows of a file becoming a batch.
pub(crate) struct Rows {
    schema: SchemaRef,
    /// Which branches are null, where rows are unions.
    nulls: Option<Box<[bool]>>,
    record: nested::Fields,
}

impl Rows {
    /// Says before any byte is read what cannot become what was asked for.
    pub(crate) fn plan(stored: &Type, wanted: &SchemaRef) -> Result<Self> {
        let nulls = match stored {
            Type::Union(branches) => Some(nulls_of(branches)),
            _ => None,
        };
        Ok(Self { schema: Arc::clone(wanted), nulls, record: nested::Fields::plan(row(stored)?, wanted.fields())? })
    }

    pub(crate) fn len(&self) -> usize {
        self.record.len()
    }

    pub(crate) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if let Some(nulls) = &self.nulls
            && nulls[branch(nulls.len(), cursor)?]
        {
            return broken("a row is null");
        }
        self.record.read(cursor)
    }

    pub(crate) fn finish(&mut self) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.record.len()));
        let columns = self.record.finish()?;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).or_else(refused)
    }
}

/// A builder of `wanted` from values of type `stored`.
fn plan(stored: &Type, wanted: &FieldRef) -> Result<Box<dyn Column>> {
    plan_type(stored, wanted.data_type()).map_err(|fault| fault.inside(wanted.name()))
}

fn plan_type(stored: &Type, wanted: &DataType) -> Result<Box<dyn Column>> {
    if let Some(leaf) = leaf::plan(stored, wanted) {
        return leaf;
    }
    Ok(match (stored, wanted) {
        (Type::Null, _) => Box::new(Nulls { data_type: wanted.clone(), len: 0 }),
        (Type::Union(branches), _) => match (only_value(branches), nulls_of(branches)) {
            (Some(value), nulls) => Box::new(Optional { nulls, column: plan_type(value, wanted)? }),
            (None, nulls) if nulls.iter().all(|null| *null) => {
                Box::new(Optional { nulls, column: plan_type(&Type::Null, wanted)? })
            }
            _ => return unsupported("is a union of several types"),
        },
        (Type::Array(item), DataType::List(element)) => Box::new(nested::List::plan(item, element)?),
        (Type::Map(value), DataType::Map(entries, sorted)) => {
            Box::new(nested::Map::plan(&Type::String, value, entries, *sorted)?)
        }
        (Type::Array(item), DataType::Map(entries, sorted)) => match pair(item) {
            Some((key, value)) => Box::new(nested::Map::plan(key, value, entries, *sorted)?),
            None => return unsupported(format!("is {} and not a map", arrow_type(stored))),
        },
        (Type::Record(fields), DataType::Struct(wanted_fields)) if !is_wide_timestamp(wanted) => {
            Box::new(nested::Record::plan(fields, wanted_fields)?)
        }
        _ => return unsupported(format!("is {} and not {wanted}", arrow_type(stored))),
    })
}

fn nulls_of(branches: &[Type]) -> Box<[bool]> {
    branches.iter().map(|branch| *branch == Type::Null).collect()
}

/// Arrow does not take the parts: a null where there must be none, or bytes that are no text.
fn refused<T>(error: ArrowError) -> Result<T> {
    match error {
        ArrowError::InvalidArgumentError(reason) => unsupported(format!("cannot be read: {reason}")),
        other => broken(format!("cannot be read: {other}")),
    }
}

/// A union of null and the column's type.
struct Optional {
    /// Which branches are null.
    nulls: Box<[bool]>,
    column: Box<dyn Column>,
}

impl Column for Optional {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if self.nulls[branch(self.nulls.len(), cursor)?] {
            self.column.null();
            Ok(())
        } else {
            self.column.read(cursor)
        }
    }

    fn null(&mut self) {
        self.column.null();
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.column.finish()
    }
}

/// Values of type null.
struct Nulls {
    data_type: DataType,
    len: usize,
}

impl Column for Nulls {
    fn read(&mut self, _: &mut Cursor<'_>) -> Result<()> {
        self.null();
        Ok(())
    }

    fn null(&mut self) {
        self.len += 1;
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(new_null_array(&self.data_type, std::mem::take(&mut self.len)))
    }
}
