//! Merging the batches of several runs: plain code between the reads.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use arrow_array::{
    Array, BooleanArray, Int8Array, Int64Array, RecordBatch, RecordBatchOptions,
    cast::AsArray,
    types::{Int8Type, Int64Type},
};
use arrow_schema::SchemaRef;
use arrow_select::filter::{filter, filter_record_batch};
use tidelake_types::RowKind;

use super::{MergedBatch, Piece, columns::ReadColumns, run::RunBatch};
use crate::{
    Decider, Gathered, GroupStep, Grouper, Keep, KeyValueBatch, MergeWindow, Result, WindowLimits, fault::corrupt,
    gather, gather::gather_changes, layout::Encoders, window::is_add,
};

/// From batches of runs to merged rows.
#[derive(Debug)]
pub(super) struct Merger {
    grouper: Grouper,
    runs: Vec<RunOrder>,
    decider: Arc<dyn Decider>,
    columns: ReadColumns,
    keep: Keep,
    /// Of the columns wanted, once a batch has been seen.
    schema: Option<SchemaRef>,
}

/// What the merger needs or has.
#[derive(Debug)]
pub(super) enum MergeStep {
    /// The next batch of this run.
    Need(usize),
    /// Something came out, perhaps nothing.
    Ready(Vec<Piece>),
    Done,
}

impl Merger {
    pub(super) fn new(
        runs: usize,
        decider: Arc<dyn Decider>,
        columns: ReadColumns,
        keep_deletes: bool,
        limits: WindowLimits,
    ) -> Self {
        Self {
            grouper: Grouper::new(runs, limits),
            runs: (0..runs).map(|_| RunOrder::new(&columns)).collect(),
            decider,
            keep: if keep_deletes { Keep::All } else { Keep::Adds },
            columns,
            schema: None,
        }
    }

    /// Takes the next batch of a run; `None` at its end.
    pub(super) fn feed(&mut self, run: usize, batch: Option<RunBatch>) -> Result<()> {
        let ready = match batch {
            Some(batch) => self.runs[run].push(batch, &self.columns)?,
            None => self.runs[run].finish(),
        };
        if let Some(batch) = ready {
            self.grouper.feed(run, Some(batch));
        }
        Ok(())
    }

    /// Goes on until something is needed or ready.
    pub(super) fn step(&mut self) -> Result<MergeStep> {
        loop {
            return Ok(match self.grouper.step() {
                GroupStep::Need { run } if self.runs[run].ended => {
                    self.grouper.feed(run, None);
                    continue;
                }
                GroupStep::Need { run } => MergeStep::Need(run),
                GroupStep::Window(window) => MergeStep::Ready(self.merge(&window)?),
                GroupStep::Pass { batch, rows } => MergeStep::Ready(self.pass(&batch, rows)?),
                GroupStep::Done => MergeStep::Done,
            });
        }
    }

    fn merge(&mut self, window: &MergeWindow) -> Result<Vec<Piece>> {
        let Some(first) = window.batches.first() else { return Ok(Vec::new()) };
        let schema = self.wanted_schema(first)?;
        let wanted = self.columns.wanted;
        let decision = self.decider.decide(window)?;
        let batch = |piece: Gathered| -> Result<MergedBatch> {
            // Without columns, only their number is left of the rows.
            let options = RecordBatchOptions::new().with_row_count(Some(piece.kind.len()));
            let rows = RecordBatch::try_new_with_options(Arc::clone(&schema), piece.columns, &options)?;
            Ok(MergedBatch { rows, kinds: piece.kind })
        };
        let rows =
            gather(window, &decision, self.keep, wanted)?.into_iter().map(|piece| Ok(Piece::Rows(batch(piece)?)));
        let changes = gather_changes(window, &decision, wanted)?;
        rows.chain(changes.into_iter().map(|piece| Ok(Piece::Changes(batch(piece)?)))).collect()
    }

    /// Rows that no other run has: as they are.
    fn pass(&mut self, batch: &KeyValueBatch, rows: Range<usize>) -> Result<Vec<Piece>> {
        let kinds = batch.kind.slice(rows.start, rows.len());
        let values = project(&batch.values.slice(rows.start, rows.len()), self.columns.wanted)?;
        let mut pieces = Vec::with_capacity(2);
        if self.decider.tells_of_lone(batch.level)
            && let Some(added) = keep(values.clone(), kinds.clone(), Keep::Adds)?
        {
            let kinds = Int8Array::from(vec![RowKind::Insert.as_byte(); added.rows.num_rows()]);
            pieces.push(Piece::Changes(MergedBatch { kinds, ..added }));
        }
        pieces.extend(keep(values, kinds, self.keep)?.map(Piece::Rows));
        Ok(pieces)
    }

    fn wanted_schema(&mut self, batch: &KeyValueBatch) -> Result<SchemaRef> {
        if self.schema.is_none() {
            let wanted: Vec<usize> = (0..self.columns.wanted).collect();
            self.schema = Some(Arc::new(batch.values.schema().project(&wanted)?));
        }
        Ok(self.schema.clone().unwrap_or_else(|| batch.values.schema()))
    }
}

/// The first columns of a batch.
pub(super) fn project(rows: &RecordBatch, wanted: usize) -> Result<RecordBatch> {
    Ok(rows.project(&(0..wanted).collect::<Vec<_>>())?)
}

/// Rows that are wanted; `None` if there are none. Copies only where some are not.
pub(super) fn keep(rows: RecordBatch, kinds: Int8Array, keep: Keep) -> Result<Option<MergedBatch>> {
    if keep == Keep::All || kinds.values().iter().all(|&kind| is_add(kind)) {
        return Ok((rows.num_rows() > 0).then_some(MergedBatch { rows, kinds }));
    }
    let adds: BooleanArray = kinds.values().iter().map(|&kind| Some(is_add(kind))).collect();
    if adds.true_count() == 0 {
        return Ok(None);
    }
    let kinds = filter(&kinds, &adds)?.as_primitive::<Int8Type>().clone();
    Ok(Some(MergedBatch { rows: filter_record_batch(&rows, &adds)?, kinds }))
}

/// The kinds of a file's rows, checked.
pub(super) fn kinds_of(rows: &RecordBatch, column: usize, file: &str) -> Result<Int8Array> {
    let kinds = rows.column(column).as_primitive_opt::<Int8Type>().filter(|kinds| kinds.null_count() == 0);
    match kinds {
        Some(kinds) if kinds.values().iter().all(|kind| (0..=3).contains(kind)) => Ok(kinds.clone()),
        _ => Err(corrupt(file, "_VALUE_KIND holds something else than 0 to 3")),
    }
}

/// Brings a run's batches into form and checks that its keys ascend. It holds each batch back until it has seen the next
/// one: only then is it known whether the last key goes on.
#[derive(Debug)]
struct RunOrder {
    encoders: Encoders,
    held: Option<KeyValueBatch>,
    ended: bool,
}

impl RunOrder {
    fn new(columns: &ReadColumns) -> Self {
        Self { encoders: Encoders::new(&columns.layout), held: None, ended: false }
    }

    fn push(&mut self, next: RunBatch, columns: &ReadColumns) -> Result<Option<Arc<KeyValueBatch>>> {
        let RunBatch { batch, file, level } = next;
        let rows = batch.rows;
        if rows.num_rows() == 0 {
            return Ok(None);
        }
        for (place, field) in &columns.layout.keys {
            if !field.data_type.nullable && rows.column(*place).null_count() > 0 {
                return Err(corrupt(&*file, format!("the key column `{}` is NOT NULL but has nulls", field.name)));
            }
        }
        let sequence =
            rows.column(columns.sequence).as_primitive_opt::<Int64Type>().filter(|array| array.null_count() == 0);
        let sequence: Int64Array = sequence
            .cloned()
            .ok_or_else(|| corrupt(&*file, "_SEQUENCE_NUMBER is not a column of numbers without nulls"))?;
        let kind = kinds_of(&rows, columns.kind, &file)?;
        let (order, user_sequence) = self.encoders.encode(&columns.layout, &rows)?;
        let within = order.ascent();
        if within.0 == Ordering::Greater {
            let at = batch.positions.get(within.1).unwrap_or(within.1 as u64);
            return Err(corrupt(&*file, format!("its keys do not ascend: row {at} comes before the row above it")));
        }
        let distinct = within.0 == Ordering::Less;
        let mut next = KeyValueBatch::try_new(order, user_sequence, sequence, kind, rows, distinct)?.at_level(level);
        if let Some(held) = &mut self.held {
            match held.order.compare(held.num_rows() - 1, &next.order, 0) {
                Ordering::Less => {}
                Ordering::Equal => {
                    held.distinct = false;
                    next.distinct = false;
                }
                Ordering::Greater => {
                    let at = batch.positions.get(0).unwrap_or(0);
                    return Err(corrupt(
                        &*file,
                        format!("its keys do not ascend: row {at} comes before the row above it"),
                    ));
                }
            }
        }
        Ok(self.held.replace(next).map(Arc::new))
    }

    fn finish(&mut self) -> Option<Arc<KeyValueBatch>> {
        self.ended = true;
        self.held.take().map(Arc::new)
    }
}
