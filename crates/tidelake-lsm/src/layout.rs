//! Which columns order the rows of a table.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_row::Rows;
use arrow_schema::SchemaRef;
use tidelake_meta::{SEQUENCE_FIELD, TableSchema};
use tidelake_types::DataField;

use crate::{
    KeyEncoder, KeyOrder, Result, SEQUENCE_FIELD_SORT_ORDER, SequenceEncoder,
    fault::{internal, unsupported},
};

/// Which columns of a batch order its rows.
#[derive(Debug, Clone)]
pub(crate) struct RowLayout {
    /// The key columns and where they stand in the batch, in key order.
    pub(crate) keys: Vec<(usize, DataField)>,
    /// Where the columns of `sequence.field` stand.
    pub(crate) user_sequence: Vec<usize>,
    /// Whether `sequence.field` counts down.
    pub(crate) descending: bool,
}

impl RowLayout {
    /// For batches with these columns; they must have all that the table's order needs.
    pub(crate) fn try_new(schema: &TableSchema, columns: &[DataField]) -> Result<Self> {
        let place = |field: &DataField| {
            columns
                .iter()
                .position(|column| column.id == field.id)
                .ok_or_else(|| internal(format!("the column `{}` orders rows but is not among them", field.name)))
        };
        let keys = schema.trimmed_primary_key_fields().into_iter().map(|field| Ok((place(&field)?, field)));
        let user_sequence = sequence_fields(schema)?;
        Ok(Self {
            keys: keys.collect::<Result<_>>()?,
            user_sequence: user_sequence.iter().map(place).collect::<Result<_>>()?,
            descending: schema.options.get(&SEQUENCE_FIELD_SORT_ORDER)?.eq_ignore_ascii_case("descending"),
        })
    }

    /// The columns of a key-value file, where `columns` are those of the table: keys are value columns once more.
    pub(crate) fn to_file(
        &self,
        schema: &SchemaRef,
        columns: &[ArrayRef],
        sequence: ArrayRef,
        kind: ArrayRef,
    ) -> Result<RecordBatch> {
        let keys = self.keys.iter().map(|(place, _)| Arc::clone(&columns[*place]));
        let columns = keys.chain([sequence, kind]).chain(columns.iter().cloned()).collect();
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// The columns of `sequence.field`.
pub(crate) fn sequence_fields(schema: &TableSchema) -> Result<Vec<DataField>> {
    let names = schema.options.get(&SEQUENCE_FIELD)?.unwrap_or_default();
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| {
            schema
                .field(name)
                .cloned()
                .ok_or_else(|| unsupported(format!("option `sequence.field` names `{name}`, which is not a column")))
        })
        .collect()
}

/// Makes the order of batches of one layout.
#[derive(Debug)]
pub(crate) struct Encoders {
    keys: KeyEncoder,
    user_sequence: SequenceEncoder,
}

impl Encoders {
    pub(crate) fn new(layout: &RowLayout) -> Self {
        let fields: Vec<DataField> = layout.keys.iter().map(|(_, field)| field.clone()).collect();
        Self { keys: KeyEncoder::new(&fields), user_sequence: SequenceEncoder::new(layout.descending) }
    }

    /// The order of the rows of a batch.
    pub(crate) fn encode(&mut self, layout: &RowLayout, rows: &RecordBatch) -> Result<(KeyOrder, Option<Rows>)> {
        let columns = |places: &mut dyn Iterator<Item = usize>| {
            places.map(|i| Arc::clone(rows.column(i))).collect::<Vec<ArrayRef>>()
        };
        let order = self.keys.encode(&columns(&mut layout.keys.iter().map(|(place, _)| *place)))?;
        let user_sequence = match layout.user_sequence.as_slice() {
            [] => None,
            places => Some(self.user_sequence.encode(&columns(&mut places.iter().copied()))?),
        };
        Ok((order, user_sequence))
    }
}
