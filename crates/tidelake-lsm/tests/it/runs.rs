//! Rows as tests write them, and sorted runs of them.

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{ArrayRef, Int8Array, Int64Array, RecordBatch, cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, Field, Schema};
use tidelake_lsm::{Decider, GroupStep, Grouper, Keep, KeyEncoder, KeyValueBatch, WindowLimits, gather};
use tidelake_types::DataField;

/// A row: its key's place in the order of keys, what orders it, and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) key: usize,
    pub(crate) sequence: i64,
    pub(crate) kind: i8,
    pub(crate) value: i64,
}

/// What keys look like: the columns that hold the keys of these places. Places ascend as keys do.
pub(crate) type KeyColumns = dyn Fn(&[usize]) -> Vec<ArrayRef>;

/// How a run is cut into batches.
pub(crate) struct Shape<'a> {
    pub(crate) key_fields: &'a [DataField],
    pub(crate) keys: &'a KeyColumns,
    pub(crate) batch_rows: usize,
}

impl Shape<'_> {
    /// Batches of a run whose rows ascend by key.
    pub(crate) fn batches(&self, rows: &[Row]) -> Vec<Arc<KeyValueBatch>> {
        let mut encoder = KeyEncoder::new(self.key_fields);
        let mut batches: Vec<KeyValueBatch> = Vec::new();
        for rows in rows.chunks(self.batch_rows) {
            let keys = (self.keys)(&rows.iter().map(|row| row.key).collect::<Vec<_>>());
            let order = encoder.encode(&keys).unwrap();
            let values = Int64Array::from_iter_values(rows.iter().map(|row| row.value));
            let places = Int64Array::from_iter_values(rows.iter().map(|row| row.key as i64));
            let fields = [Field::new("value", DataType::Int64, false), Field::new("key", DataType::Int64, false)];
            let values =
                RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), vec![Arc::new(values), Arc::new(places)])
                    .unwrap();
            let mut distinct = rows.windows(2).all(|pair| pair[0].key < pair[1].key);
            if let Some(last) = batches.last_mut()
                && last.order.compare(last.num_rows() - 1, &order, 0) == Ordering::Equal
            {
                last.distinct = false;
                distinct = false;
            }
            let sequence = Int64Array::from_iter_values(rows.iter().map(|row| row.sequence));
            let kind = Int8Array::from_iter_values(rows.iter().map(|row| row.kind));
            batches.push(KeyValueBatch::try_new(order, None, sequence, kind, values, distinct).unwrap());
        }
        batches.into_iter().map(Arc::new).collect()
    }
}

/// What merging did on the way.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    pub(crate) windows: Vec<usize>,
    pub(crate) passed: usize,
}

/// Merges runs, from old to new.
pub(crate) fn merge(
    runs: &[Vec<Arc<KeyValueBatch>>],
    decider: &dyn Decider,
    keep: Keep,
    limits: WindowLimits,
) -> (Vec<Row>, Steps) {
    let mut ahead: Vec<_> = runs.iter().map(|run| run.iter()).collect();
    let mut grouper = Grouper::new(runs.len(), limits);
    let (mut merged, mut steps) = (Vec::new(), Steps::default());
    loop {
        match grouper.step() {
            GroupStep::Need { run } => grouper.feed(run, ahead[run].next().map(Arc::clone)),
            GroupStep::Window(window) => {
                steps.windows.push(window.rows.len());
                let decision = decider.decide(&window).unwrap();
                for piece in gather(&window, &decision, keep, 2).unwrap() {
                    let columns: Vec<_> =
                        piece.columns.iter().map(|column| column.as_primitive::<Int64Type>()).collect();
                    merged.extend((0..piece.kind.len()).map(|i| Row {
                        key: columns[1].value(i) as usize,
                        sequence: piece.sequence.value(i),
                        kind: piece.kind.value(i),
                        value: columns[0].value(i),
                    }));
                }
            }
            GroupStep::Pass { batch, rows } => {
                steps.passed += rows.len();
                let column = |i: usize| batch.values.column(i).as_primitive::<Int64Type>();
                merged.extend(
                    rows.map(|i| Row {
                        key: column(1).value(i) as usize,
                        sequence: batch.sequence.value(i),
                        kind: batch.kind.value(i),
                        value: column(0).value(i),
                    })
                    .filter(|row| keep == Keep::All || row.kind % 2 == 0),
                );
            }
            GroupStep::Done => return (merged, steps),
        }
    }
}
