//! Rows in memory, not yet in a file.
//!
//! Rows stay as they came, batch by batch; sorting moves references only and waits for the flush. Small batches are joined
//! as they come, so that a flush never has to gather from thousands of them.

mod sort;

pub(crate) use sort::SortedRows;

use arrow_array::{Array, Int8Array, RecordBatch};
use arrow_select::concat::{concat, concat_batches};

use crate::{
    KeyValueBatch, Result,
    fault::internal,
    layout::{Encoders, RowLayout},
    window::slice_bytes,
};

/// Batches from this size on are kept as they are; smaller ones are joined to this size.
const BLOCK_ROWS: usize = 8_192;

/// Rows of one bucket in the order they arrived.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    blocks: Vec<Block>,
    /// Small batches, not joined yet.
    tail: Vec<Block>,
    tail_rows: usize,
    bytes: u64,
}

/// Rows with their kinds and sequence numbers; of one block they follow one another without a gap.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) rows: RecordBatch,
    pub(crate) kinds: Int8Array,
    pub(crate) first_sequence: i64,
}

impl Memtable {
    /// Takes rows; the first has this sequence number.
    pub(crate) fn push(&mut self, rows: RecordBatch, kinds: Int8Array, first_sequence: i64) -> Result<()> {
        self.bytes += (slice_bytes(&rows) + kinds.len()) as u64;
        let num_rows = rows.num_rows();
        let block = Block { rows, kinds, first_sequence };
        if num_rows >= BLOCK_ROWS / 4 {
            self.join_tail()?;
            self.blocks.push(block);
            return Ok(());
        }
        self.tail.push(block);
        self.tail_rows += num_rows;
        if self.tail_rows >= BLOCK_ROWS { self.join_tail() } else { Ok(()) }
    }

    /// Bytes of the rows held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.tail.is_empty()
    }

    /// Takes the rows out, oldest first.
    pub(crate) fn freeze(&mut self) -> Result<Vec<Block>> {
        self.join_tail()?;
        self.bytes = 0;
        Ok(std::mem::take(&mut self.blocks))
    }

    /// Puts rows back before those that came since.
    pub(crate) fn restore(&mut self, mut older: Vec<Block>) {
        self.bytes += older.iter().map(|block| (slice_bytes(&block.rows) + block.kinds.len()) as u64).sum::<u64>();
        older.append(&mut self.blocks);
        self.blocks = older;
    }

    fn join_tail(&mut self) -> Result<()> {
        let Some(first) = self.tail.first() else { return Ok(()) };
        let joined = if self.tail.len() == 1 {
            first.clone()
        } else {
            let schema = first.rows.schema();
            let kinds: Vec<&dyn Array> = self.tail.iter().map(|block| &block.kinds as &dyn Array).collect();
            let kinds = concat(&kinds)?;
            let kinds =
                kinds.as_any().downcast_ref::<Int8Array>().ok_or_else(|| internal("kinds joined to another type"))?;
            Block {
                rows: concat_batches(&schema, self.tail.iter().map(|block| &block.rows))?,
                kinds: kinds.clone(),
                first_sequence: first.first_sequence,
            }
        };
        self.blocks.push(joined);
        self.tail.clear();
        self.tail_rows = 0;
        Ok(())
    }
}

impl Block {
    /// With the order of its keys. `distinct` is not claimed: rows of a memtable are not sorted yet.
    fn to_key_values(&self, layout: &RowLayout, encoders: &mut Encoders) -> Result<KeyValueBatch> {
        let (order, user_sequence) = encoders.encode(layout, &self.rows)?;
        let sequence = (self.first_sequence..).take(self.rows.num_rows()).collect::<Vec<i64>>().into();
        KeyValueBatch::try_new(order, user_sequence, sequence, self.kinds.clone(), self.rows.clone(), false)
    }
}
