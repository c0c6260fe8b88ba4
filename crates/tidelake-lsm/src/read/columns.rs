//! Which columns are read for which purpose.

use tidelake_meta::TableSchema;
use tidelake_types::{DataField, system_fields};

use crate::{
    Result,
    layout::{RowLayout, sequence_fields},
};

/// The columns to decode: those wanted, then those that only merging needs.
#[derive(Debug, Clone)]
pub(super) struct ReadColumns {
    pub(super) fields: Vec<DataField>,
    /// So many of `fields` are wanted.
    pub(super) wanted: usize,
    /// What orders the rows, by place in `fields`.
    pub(super) layout: RowLayout,
    /// Place of `_SEQUENCE_NUMBER`.
    pub(super) sequence: usize,
    /// Place of `_VALUE_KIND`.
    pub(super) kind: usize,
}

impl ReadColumns {
    /// For merging: with keys, sequence fields, sequence number and kind.
    pub(super) fn to_merge(schema: &TableSchema, wanted: &[DataField]) -> Result<Self> {
        let mut fields = wanted.to_vec();
        let hidden = schema.trimmed_primary_key_fields().into_iter().chain(sequence_fields(schema)?);
        for field in hidden {
            place_of(&mut fields, field);
        }
        let sequence = place_of(&mut fields, system_fields::sequence_number());
        let kind = place_of(&mut fields, system_fields::value_kind());
        Ok(Self { layout: RowLayout::try_new(schema, &fields)?, wanted: wanted.len(), fields, sequence, kind })
    }
}

/// The columns wanted and the kind, which is the last unless it is wanted; and where it stands.
pub(super) fn with_kind(wanted: &[DataField]) -> (Vec<DataField>, usize) {
    let mut fields = wanted.to_vec();
    let kind = place_of(&mut fields, system_fields::value_kind());
    (fields, kind)
}

/// Where a column stands; added at the end if it is not there.
fn place_of(fields: &mut Vec<DataField>, field: DataField) -> usize {
    match fields.iter().position(|other| other.id == field.id) {
        Some(place) => place,
        None => {
            fields.push(field);
            fields.len() - 1
        }
    }
}
