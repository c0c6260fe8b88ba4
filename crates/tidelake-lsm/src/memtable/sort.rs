//! From frozen rows to windows in key order.
//!
//! What is sorted is 16 bytes for each row, so that most comparisons touch nothing else:
//!
//! ```text
//! ┌──────────────────────┬───────────────────────┐
//! │ prefix of the key    │ block : 32 │ row : 32 │   the second half ascends as rows arrived, and so as their
//! └──────────────────────┴───────────────────────┘   sequence numbers: it makes the sort stable
//! ```

use std::sync::Arc;

use super::Block;
use crate::{
    KeyOrder, KeyValueBatch, MergeWindow, Result, RowRef, WindowLimits,
    layout::{Encoders, RowLayout},
};

/// Frozen rows in key order.
#[derive(Debug)]
pub(crate) struct SortedRows {
    batches: Vec<Arc<KeyValueBatch>>,
    rows: Vec<(u64, u64)>,
    next: usize,
    limits: WindowLimits,
}

impl SortedRows {
    /// Sorts.
    pub(crate) fn new(blocks: &[Block], layout: &RowLayout, limits: WindowLimits) -> Result<Self> {
        let mut encoders = Encoders::new(layout);
        let batches = blocks
            .iter()
            .map(|block| Ok(Arc::new(block.to_key_values(layout, &mut encoders)?)))
            .collect::<Result<Vec<_>>>()?;
        let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
        for (index, batch) in batches.iter().enumerate() {
            rows.extend(
                (0..batch.num_rows()).map(|row| (batch.order.prefix(row), ((index as u64) << 32) | row as u64)),
            );
        }
        if batches.iter().all(|batch| matches!(batch.order, KeyOrder::Integers(_))) {
            rows.sort_unstable();
        } else {
            rows.sort_unstable_by(|a, b| {
                a.0.cmp(&b.0).then_with(|| beyond_prefix(&batches, a.1, b.1)).then_with(|| a.1.cmp(&b.1))
            });
        }
        Ok(Self { batches, rows, next: 0, limits })
    }

    /// The next groups; `None` after the last.
    pub(crate) fn next_window(&mut self) -> Option<MergeWindow> {
        if self.next == self.rows.len() {
            return None;
        }
        let mut window = MergeWindow { batches: self.batches.clone(), rows: Vec::new(), offsets: vec![0] };
        let mut bytes = 0;
        while let Some(&(prefix, reference)) = self.rows.get(self.next) {
            let starts_group = self.next.checked_sub(1).is_none_or(|before| {
                let (last_prefix, last) = self.rows[before];
                last_prefix != prefix || beyond_prefix(&self.batches, last, reference).is_ne()
            });
            if starts_group {
                window.close_group();
                if window.rows.len() >= self.limits.rows || bytes >= self.limits.bytes {
                    break;
                }
            }
            let row = row_ref(reference);
            bytes += self.batches[row.batch as usize].row_bytes();
            window.rows.push(row);
            self.next += 1;
        }
        window.close_group();
        Some(window)
    }
}

fn row_ref(reference: u64) -> RowRef {
    RowRef { batch: (reference >> 32) as u32, row: reference as u32 }
}

fn beyond_prefix(batches: &[Arc<KeyValueBatch>], a: u64, b: u64) -> std::cmp::Ordering {
    let (a, b) = (row_ref(a), row_ref(b));
    let (left, right) = (&batches[a.batch as usize].order, &batches[b.batch as usize].order);
    left.compare_beyond_prefix(a.row as usize, right, b.row as usize)
}
