//! Decoding a part of a file: the library's push decoder, positions beside it, conversion behind it.
//!
//! The library hands out rows of the chosen row groups that the selection leaves, in file order, and not where they
//! stand. `Expected` knows the same rows as ranges of positions and gives each batch its share.

use std::{collections::VecDeque, iter, ops::Range, sync::Arc};

use arrow_array::{ArrayRef, RecordBatchOptions, new_empty_array, new_null_array};
use arrow_schema::{Field, SchemaRef};
use parquet::{
    DecodeResult,
    arrow::{
        ProjectionMask,
        arrow_reader::RowSelection,
        push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder},
    },
    errors::ParquetError,
};
use tidelake_format::{Bytes, DecodeStep, FormatDecoder, ReadRequest, RecordBatch, Result, RowGroup, RowPositions};

use crate::{
    convert::{Misfit, convert},
    fault::{corrupt, guard, of_misfit, of_reading},
    open_file::ParquetFile,
    projection::leaves,
    prune::may_have_rows,
};

/// A reader of a part of a file.
pub(crate) struct ParquetDecoder {
    path: String,
    projection: SchemaRef,
    /// `None` once nothing is left, or after an error: the library's state is not to be trusted then.
    inner: Option<ParquetPushDecoder>,
    expected: Expected,
}

impl ParquetDecoder {
    pub(crate) fn try_new(file: &ParquetFile, request: ReadRequest) -> Result<Self> {
        check_types(file, &request.projection)?;
        let chosen = Chosen::new(file, &request);
        let inner = if chosen.groups.is_empty() {
            None
        } else {
            let build = || build(file, &request, &chosen).map_err(|error| of_reading(&file.path, error));
            Some(guard(&file.path, build)?)
        };
        let expected = Expected(chosen.rows.into());
        Ok(Self { path: file.path.clone(), projection: request.projection, inner, expected })
    }

    fn advance(&mut self, decoder: &mut ParquetPushDecoder) -> Result<DecodeStep> {
        match decoder.try_decode().map_err(|error| of_reading(&self.path, error))? {
            DecodeResult::NeedsData(ranges) => Ok(DecodeStep::Need(ranges)),
            DecodeResult::Data(stored) => {
                let positions = self.expected.take(stored.num_rows() as u64);
                let positions =
                    positions.ok_or_else(|| corrupt(&self.path, "it has more rows than its footer says"))?;
                let rows = self.converted(&stored).map_err(|misfit| of_misfit(&self.path, misfit))?;
                Ok(DecodeStep::Batch { rows, positions })
            }
            DecodeResult::Finished if self.expected.0.is_empty() => Ok(DecodeStep::Done),
            DecodeResult::Finished => Err(corrupt(&self.path, "it has fewer rows than its footer says")),
        }
    }

    fn converted(&self, stored: &RecordBatch) -> Result<RecordBatch, Misfit> {
        let rows = stored.num_rows();
        let columns = self.projection.fields().iter().map(|field| match stored.column_by_name(field.name()) {
            Some(column) => convert(column, field),
            None => Ok(new_null_array(field.data_type(), rows)),
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Misfit>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.projection), columns, &options)
            .map_err(|error| Misfit::Value { column: "*".to_owned(), reason: error.to_string() })
    }
}

impl FormatDecoder for ParquetDecoder {
    fn step(&mut self) -> Result<DecodeStep> {
        let Some(mut inner) = self.inner.take() else { return Ok(DecodeStep::Done) };
        let path = self.path.clone();
        let step = guard(&path, || self.advance(&mut inner))?;
        if !matches!(step, DecodeStep::Done) {
            self.inner = Some(inner);
        }
        Ok(step)
    }

    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        let (ranges, bytes) = bytes.into_iter().unzip();
        let path = self.path.as_str();
        guard(path, || inner.push_ranges(ranges, bytes).map_err(|error| of_reading(path, error)))
    }
}

/// Says before any byte is fetched what cannot become what was asked for.
fn check_types(file: &ParquetFile, projection: &SchemaRef) -> Result<()> {
    for wanted in projection.fields() {
        match file.reader.schema().field_with_name(wanted.name()) {
            Ok(stored) => convert(&new_empty_array(stored.data_type()), wanted),
            Err(_) => missing(wanted),
        }
        .map_err(|misfit| of_misfit(&file.path, misfit))?;
    }
    Ok(())
}

fn missing(wanted: &Field) -> Result<ArrayRef, Misfit> {
    if wanted.is_nullable() {
        Ok(new_empty_array(wanted.data_type()))
    } else {
        Err(Misfit::Type { column: wanted.name().clone(), reason: "is NOT NULL and not in the file".to_owned() })
    }
}

fn build(file: &ParquetFile, request: &ReadRequest, chosen: &Chosen) -> Result<ParquetPushDecoder, ParquetError> {
    let schema = file.metadata().file_metadata().schema_descr();
    let mask = ProjectionMask::leaves(schema, leaves(schema, request.projection.fields()));
    let mut builder = ParquetPushDecoderBuilder::new_with_metadata(file.reader.clone())
        .with_projection(mask)
        .with_batch_size(request.batch_rows.max(1))
        .with_row_groups(chosen.groups.clone());
    if let Some(selection) = &chosen.selection {
        builder = builder.with_row_selection(selection.clone());
    }
    builder.build()
}

/// The row groups to decode and what of them.
struct Chosen {
    groups: Vec<usize>,
    /// Positions in the file: ascending, disjoint, not empty.
    rows: Vec<Range<u64>>,
    /// The same for the library, counted in the chosen groups alone. `None`: all of them.
    selection: Option<RowSelection>,
}

impl Chosen {
    fn new(file: &ParquetFile, request: &ReadRequest) -> Self {
        let mut chosen = Self { groups: Vec::new(), rows: Vec::new(), selection: None };
        let mut selected: Vec<Range<usize>> = Vec::new();
        let mut total = 0;
        let end = request.row_groups.end.min(file.row_groups.len());
        for index in request.row_groups.start..end {
            let group = &file.row_groups[index];
            let wanted = wanted_of(group, request.rows.as_ref());
            let may_match = request.predicate.as_ref().is_none_or(|predicate| may_have_rows(file, index, predicate));
            if wanted.is_empty() || !may_match {
                continue;
            }
            for range in &wanted {
                let start = total + (range.start - group.first_row) as usize;
                selected.push(start..start + (range.end - range.start) as usize);
            }
            total += group.num_rows as usize;
            chosen.groups.push(index);
            append(&mut chosen.rows, wanted);
        }
        if request.rows.is_some() {
            chosen.selection = Some(RowSelection::from_consecutive_ranges(selected.into_iter(), total));
        }
        chosen
    }
}

/// The wanted positions in a row group.
fn wanted_of(group: &RowGroup, rows: Option<&RowPositions>) -> Vec<Range<u64>> {
    let all = group.first_row..group.first_row + group.num_rows;
    let mut wanted = Vec::new();
    match rows {
        None => append(&mut wanted, iter::once(all)),
        Some(RowPositions::Range(range)) => {
            append(&mut wanted, iter::once(range.start.max(all.start)..range.end.min(all.end)));
        }
        Some(RowPositions::List(list)) => {
            let from = list.partition_point(|position| *position < all.start);
            let to = list.partition_point(|position| *position < all.end);
            append(&mut wanted, list[from..to].iter().map(|position| *position..position + 1));
        }
    }
    wanted
}

/// Adds ranges behind others, joining neighbours.
fn append(ranges: &mut Vec<Range<u64>>, more: impl IntoIterator<Item = Range<u64>>) {
    for range in more.into_iter().filter(|range| !range.is_empty()) {
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
}

/// The positions of the rows still to come.
struct Expected(VecDeque<Range<u64>>);

impl Expected {
    /// Those of the next `rows` rows; `None` if there are not so many.
    fn take(&mut self, rows: u64) -> Option<RowPositions> {
        let first = self.0.front_mut()?;
        if first.end - first.start > rows {
            let taken = first.start..first.start + rows;
            first.start = taken.end;
            return Some(RowPositions::Range(taken));
        }
        if first.end - first.start == rows {
            return self.0.pop_front().map(RowPositions::Range);
        }
        let mut list = Vec::new();
        while (list.len() as u64) < rows {
            let first = self.0.front_mut()?;
            let end = first.end.min(first.start + rows - list.len() as u64);
            list.extend(first.start..end);
            first.start = end;
            if first.is_empty() {
                self.0.pop_front();
            }
        }
        Some(RowPositions::List(list.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_rows() {
        let mut expected = Expected(VecDeque::from([0..4, 10..11, 20..22]));
        assert_eq!(expected.take(3), Some(RowPositions::Range(0..3)));
        assert_eq!(expected.take(2), Some(RowPositions::List([3, 10].into())));
        assert_eq!(expected.take(2), Some(RowPositions::Range(20..22)));
        assert_eq!(expected.take(1), None);
    }

    #[test]
    fn wanted_positions_are_cut_to_the_group_and_joined() {
        let group = RowGroup { first_row: 10, num_rows: 5, bytes: 0..0 };
        let wanted = |rows: Option<RowPositions>| {
            wanted_of(&group, rows.as_ref()).iter().map(|range| (range.start, range.end)).collect::<Vec<_>>()
        };
        assert_eq!(wanted(None), [(10, 15)]);
        assert_eq!(wanted(Some(RowPositions::Range(0..12))), [(10, 12)]);
        assert_eq!(wanted(Some(RowPositions::Range(20..30))), []);
        assert_eq!(wanted(Some(RowPositions::List([1, 10, 11, 14, 15].into()))), [(10, 12), (14, 15)]);
    }
}
