//! The rows of a table kept plainly in memory: what the lake is compared with.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, Decimal128Array, Int8Array, Int64Array, RecordBatch, UInt32Array,
    cast::AsArray,
    types::{Decimal128Type, Int64Type},
};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::{concat::concat_batches, interleave::interleave_record_batch, take::take_record_batch};
use tidelake::RowKind;

use crate::{output, report::Result};

/// Batches, and for a keyed table which row holds each key.
pub(super) struct PlainRows {
    schema: SchemaRef,
    keyed: bool,
    batches: Vec<RecordBatch>,
    /// Key (the first column) to batch and row.
    live: BTreeMap<i64, (usize, usize)>,
}

/// Rows to be written, and what each does.
pub(super) struct Changes {
    pub(super) rows: RecordBatch,
    pub(super) kinds: Int8Array,
}

impl PlainRows {
    pub(super) fn new(schema: SchemaRef, keyed: bool) -> Self {
        Self { schema, keyed, batches: Vec::new(), live: BTreeMap::new() }
    }

    /// Adds rows; those of a keyed table replace what their keys held.
    pub(super) fn append(&mut self, batch: RecordBatch) {
        if self.keyed {
            for (row, key) in batch.column(0).as_primitive::<Int64Type>().values().iter().enumerate() {
                self.live.insert(*key, (self.batches.len(), row));
            }
        }
        self.batches.push(batch);
    }

    /// The first rows there are.
    pub(super) fn first(&self, rows: usize) -> Result<RecordBatch> {
        let whole = concat_batches(&self.schema, self.batches.iter().take(1)).map_err(output::arrow)?;
        Ok(whole.slice(0, rows.min(whole.num_rows())))
    }

    /// All rows as they are now.
    pub(super) fn batches(&self) -> Result<Vec<RecordBatch>> {
        if !self.keyed {
            return Ok(self.batches.clone());
        }
        let picked: Vec<(usize, usize)> = self.live.values().copied().collect();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        (picked.chunks(8192)).map(|rows| interleave_record_batch(&batches, rows).map_err(output::arrow)).collect()
    }

    /// Updates, deletes and inserts of one commit, applied here: of every `100 + round`-th row, in turn. Column `amount` is a
    /// decimal that updates raise.
    pub(super) fn changes(&mut self, round: usize, amount: usize) -> Result<Changes> {
        let chosen: Vec<(i64, (usize, usize))> =
            self.live.iter().skip(round).step_by(100 + round).map(|(key, at)| (*key, *at)).collect();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let at: Vec<(usize, usize)> = chosen.iter().map(|chosen| chosen.1).collect();
        let rows = interleave_record_batch(&batches, &at).map_err(output::arrow)?;
        let part = |which: usize| -> Result<RecordBatch> {
            let picked: UInt32Array = (0..rows.num_rows() as u32).filter(|row| *row as usize % 4 == which).collect();
            take_record_batch(&rows, &picked).map_err(output::arrow)
        };
        let (updated, deleted, inserted) =
            (raised(&part(0)?, amount)?, part(1)?, shifted(&part(2)?, 0, 1 << 40, round)?);
        let mut kinds = vec![RowKind::UpdateAfter.as_byte(); updated.num_rows()];
        kinds.extend(vec![RowKind::Delete.as_byte(); deleted.num_rows()]);
        kinds.extend(vec![RowKind::Insert.as_byte(); inserted.num_rows()]);
        for key in deleted.column(0).as_primitive::<Int64Type>().values() {
            self.live.remove(key);
        }
        let all = concat_batches(&self.schema, [&updated, &deleted, &inserted]).map_err(output::arrow)?;
        self.append(updated);
        self.append(inserted);
        Ok(Changes { rows: all, kinds: Int8Array::from(kinds) })
    }
}

/// The batch in the types of a table.
pub(super) fn as_schema(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = (batch.columns().iter().zip(schema.fields()))
        .map(|(column, field)| arrow_cast::cast(column, field.data_type()))
        .collect::<std::result::Result<Vec<_>, _>>();
    RecordBatch::try_new(Arc::clone(schema), columns.map_err(output::arrow)?).map_err(output::arrow)
}

/// The rows with another key: `by` and the round are added to the column.
pub(super) fn shifted(batch: &RecordBatch, column: usize, by: i64, round: usize) -> Result<RecordBatch> {
    let by = by + (round as i64) * (1 << 34);
    let keys: Int64Array = batch.column(column).as_primitive::<Int64Type>().unary(|key| key.wrapping_add(by));
    replaced(batch, column, Arc::new(keys))
}

fn raised(batch: &RecordBatch, column: usize) -> Result<RecordBatch> {
    let amounts: Decimal128Array = batch.column(column).as_primitive::<Decimal128Type>().unary(|amount| amount + 100);
    let DataType::Decimal128(precision, scale) = batch.column(column).data_type() else { return Ok(batch.clone()) };
    let amounts = amounts.with_precision_and_scale(*precision, *scale).map_err(output::arrow)?;
    replaced(batch, column, Arc::new(amounts))
}

fn replaced(batch: &RecordBatch, column: usize, values: ArrayRef) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    columns[column] = values;
    RecordBatch::try_new(batch.schema(), columns).map_err(output::arrow)
}
