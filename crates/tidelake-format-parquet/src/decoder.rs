//! Decoding a part of a file: a push decoder of the library for each window of rows, positions beside it, conversion
//! behind it.
//!
//! A window has a few batches (`WINDOW_BATCHES`), or a page if that is more, or a row group where the file does not say where
//! its pages are. Only the bytes of one window are asked for at a time, so an open decoder holds memory in proportion to
//! [`ReadRequest::batch_rows`], whatever the size of the row groups.
//!
//! Where a predicate lets few rows pass, they are found first (see [`crate::sift`]).
//!
//! The library hands out the rows of a window that the selection leaves, in file order, and not where they stand.
//! `Expected` knows the same rows as ranges of positions and gives each batch its share.

use std::{collections::VecDeque, iter, ops::Range, sync::Arc};

use arrow_array::{ArrayRef, RecordBatchOptions, new_empty_array, new_null_array};
use arrow_schema::{Field, SchemaRef};
use parquet::{
    DecodeResult,
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, RowSelection},
        push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder},
    },
};
use tidelake_format::{Bytes, DecodeStep, FormatDecoder, ReadRequest, RecordBatch, Result, RowGroup, RowPositions};

use crate::{
    convert::{Misfit, convert},
    fault::{corrupt, guard, of_misfit, of_reading},
    open_file::ParquetFile,
    page_offsets::windows,
    projection::leaves,
    prune::may_have_rows,
    sift::Sift,
};

/// So many batches are fetched at once. Fewer would decode dictionaries more often, and ask storage more often.
const WINDOW_BATCHES: u64 = 8;

/// A reader of a part of a file.
pub(crate) struct ParquetDecoder {
    path: String,
    projection: SchemaRef,
    reader: ArrowReaderMetadata,
    row_groups: Vec<RowGroup>,
    mask: ProjectionMask,
    batch_rows: usize,
    sift: Option<Sift>,
    /// Those not begun.
    windows: VecDeque<Window>,
    current: Option<Current>,
}

/// The window that is being read.
struct Current {
    decoder: ParquetPushDecoder,
    expected: Expected,
    group: usize,
    /// While its rows are only looked for: those found.
    found: Option<Vec<Range<u64>>>,
    num_rows: u64,
}

impl ParquetDecoder {
    pub(crate) fn try_new(file: &ParquetFile, request: ReadRequest) -> Result<Self> {
        check_types(file, &request.projection)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let leaves = leaves(schema, request.projection.fields());
        let windows = chosen(file, &request, &leaves);
        Ok(Self {
            path: file.path.clone(),
            reader: file.reader.clone(),
            row_groups: file.row_groups.clone(),
            mask: ProjectionMask::leaves(schema, leaves),
            batch_rows: request.batch_rows.max(1),
            sift: Sift::of(&request, schema),
            projection: request.projection,
            windows,
            current: None,
        })
    }

    fn go_on(&mut self) -> Result<DecodeStep> {
        loop {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => match self.windows.pop_front() {
                    Some(window) => self.begin(window, self.sift.is_some())?,
                    None => return Ok(DecodeStep::Done),
                },
            };
            match current.decoder.try_decode().map_err(|error| of_reading(&self.path, error))? {
                DecodeResult::NeedsData(ranges) => {
                    self.current = Some(current);
                    return Ok(DecodeStep::Need(ranges));
                }
                DecodeResult::Data(stored) => {
                    let batch = self.batch(&mut current, &stored)?;
                    self.current = Some(current);
                    if let Some(batch) = batch {
                        return Ok(batch);
                    }
                }
                DecodeResult::Finished => self.end(current)?,
            }
        }
    }

    /// Decoded rows, or nothing while rows are only looked for.
    fn batch(&self, current: &mut Current, stored: &RecordBatch) -> Result<Option<DecodeStep>> {
        let positions = current.expected.take(stored.num_rows() as u64);
        let positions = positions.ok_or_else(|| corrupt(&self.path, "it has more rows than its footer says"))?;
        let misfit = |misfit| of_misfit(&self.path, misfit);
        match (&self.sift, &mut current.found) {
            (Some(sift), Some(found)) => {
                sift.add_passing(&converted(stored, &sift.projection).map_err(misfit)?, &positions, found);
                Ok(None)
            }
            _ => {
                let rows = converted(stored, &self.projection).map_err(misfit)?;
                Ok(Some(DecodeStep::Batch { rows, positions }))
            }
        }
    }

    /// Of a window that has been looked through, the rows found are next.
    fn end(&mut self, current: Current) -> Result<()> {
        if !current.expected.0.is_empty() {
            return Err(corrupt(&self.path, "it has fewer rows than its footer says"));
        }
        let Some(found) = current.found.filter(|found| !found.is_empty()) else { return Ok(()) };
        let passed = found.iter().map(|range| range.end - range.start).sum();
        if !Sift::pays(passed, current.num_rows) {
            self.sift = None;
        }
        let selection = selection(&self.row_groups[current.group], &found);
        self.current = Some(self.begin(Window { group: current.group, rows: found, selection }, false)?);
        Ok(())
    }

    fn begin(&self, window: Window, sifting: bool) -> Result<Current> {
        let mask = self.sift.as_ref().filter(|_| sifting).map_or(&self.mask, |sift| &sift.mask);
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(self.reader.clone())
            .with_projection(mask.clone())
            .with_batch_size(self.batch_rows)
            .with_row_groups(vec![window.group]);
        if let Some(selection) = window.selection {
            builder = builder.with_row_selection(selection);
        }
        Ok(Current {
            decoder: builder.build().map_err(|error| of_reading(&self.path, error))?,
            group: window.group,
            found: sifting.then(Vec::new),
            num_rows: window.rows.iter().map(|range| range.end - range.start).sum(),
            expected: Expected(window.rows.into()),
        })
    }
}

fn converted(stored: &RecordBatch, projection: &SchemaRef) -> Result<RecordBatch, Misfit> {
    let rows = stored.num_rows();
    let columns = projection.fields().iter().map(|field| match stored.column_by_name(field.name()) {
        Some(column) => convert(column, field),
        None => Ok(new_null_array(field.data_type(), rows)),
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>, Misfit>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(projection), columns, &options)
        .map_err(|error| Misfit::Value { column: "*".to_owned(), reason: error.to_string() })
}

impl FormatDecoder for ParquetDecoder {
    fn step(&mut self) -> Result<DecodeStep> {
        let path = self.path.clone();
        let step = guard(&path, || self.go_on());
        if step.is_err() {
            // The library's state is not to be trusted any more, and nothing may follow rows that are missing.
            self.current = None;
            self.windows.clear();
        }
        step
    }

    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let (ranges, bytes) = bytes.into_iter().unzip();
        let path = self.path.as_str();
        guard(path, || current.decoder.push_ranges(ranges, bytes).map_err(|error| of_reading(path, error)))
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

/// Rows that are fetched and decoded together.
struct Window {
    group: usize,
    /// Positions in the file: ascending, disjoint, not empty.
    rows: Vec<Range<u64>>,
    /// The same for the library, counted in the row group. `None`: all of it.
    selection: Option<RowSelection>,
}

/// What of the file is decoded, in order.
fn chosen(file: &ParquetFile, request: &ReadRequest, leaves: &[usize]) -> VecDeque<Window> {
    let window_rows = (request.batch_rows.max(1) as u64).saturating_mul(WINDOW_BATCHES);
    let end = request.row_groups.end.min(file.row_groups.len());
    let mut chosen = VecDeque::new();
    for index in request.row_groups.start..end {
        let group = &file.row_groups[index];
        let wanted = wanted_of(group, request.rows.as_ref());
        let may_match = request.predicate.as_ref().is_none_or(|predicate| may_have_rows(file, index, predicate));
        if wanted.is_empty() || !may_match {
            continue;
        }
        for window in windows(file.metadata(), index, group, leaves, window_rows) {
            let rows = cut(&wanted, &window);
            if !rows.is_empty() {
                chosen.push_back(Window { group: index, selection: selection(group, &rows), rows });
            }
        }
    }
    chosen
}

fn selection(group: &RowGroup, rows: &[Range<u64>]) -> Option<RowSelection> {
    let all = group.first_row..group.first_row + group.num_rows;
    if *rows == [all] {
        return None;
    }
    let local =
        rows.iter().map(|range| (range.start - group.first_row) as usize..(range.end - group.first_row) as usize);
    Some(RowSelection::from_consecutive_ranges(local, group.num_rows as usize))
}

/// What of ascending ranges lies in `window`.
fn cut(ranges: &[Range<u64>], window: &Range<u64>) -> Vec<Range<u64>> {
    let from = ranges.partition_point(|range| range.end <= window.start);
    let here = ranges[from..].iter().take_while(|range| range.start < window.end);
    here.map(|range| range.start.max(window.start)..range.end.min(window.end)).collect()
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
    fn ranges_are_cut_to_a_window() {
        let cut = |window: Range<u64>| {
            cut(&[2..5, 8..9, 12..20], &window).iter().map(|range| (range.start, range.end)).collect::<Vec<_>>()
        };
        assert_eq!(cut(0..30), [(2, 5), (8, 9), (12, 20)]);
        assert_eq!(cut(4..13), [(4, 5), (8, 9), (12, 13)]);
        assert_eq!(cut(5..8), []);
        assert_eq!(cut(14..16), [(14, 16)]);
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
