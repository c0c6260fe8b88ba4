//! From runs to rows: group after group, each fetched whole as far as its columns are wanted.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use tidelake_format::{
    Bytes, Column, ColumnBounds, ColumnBuilder, DataField, DecodeStep, Error, FormatDecoder, Predicate, ReadRequest,
    RecordBatch, Result, RowPositions, SchemaRef, TypeKind,
    arrow_array::{ArrayRef, RecordBatchOptions, new_empty_array},
    arrow_type_wide, may_match,
};

use crate::{
    footer::{Chunk, Footer},
    format::{NAME, RunsFile},
    value::{Broken, Input, checksum},
};

pub(crate) struct RunsDecoder {
    path: String,
    footer: Arc<Footer>,
    projection: SchemaRef,
    /// Where each column of the projection stands in the file.
    columns: Vec<usize>,
    batch_rows: u64,
    /// Groups still to come: which, its first row, and the positions wanted of it.
    groups: VecDeque<(usize, u64, VecDeque<Range<u64>>)>,
    /// The group whose bytes are here.
    current: Option<Current>,
}

struct Current {
    rows: VecDeque<Range<u64>>,
    /// One for each column of the projection.
    chunks: Vec<Runs>,
}

impl RunsDecoder {
    pub(crate) fn try_new(file: &RunsFile, request: ReadRequest) -> Result<Self> {
        let columns = request.projection.fields().iter().map(|wanted| {
            let position = file.position(wanted.name());
            // The forms of one value are one; anything else is a cast, and not for a format.
            position
                .filter(|position| {
                    let stored = &file.footer.fields[*position].data_type;
                    Column::try_new(&new_empty_array(wanted.data_type()), stored).is_ok()
                })
                .ok_or_else(|| {
                    let what = format!("read column `{}` of {} as {}", wanted.name(), file.path, wanted.data_type());
                    Error::unsupported(NAME, what)
                })
        });
        let columns = columns.collect::<Result<_>>()?;
        let mut groups = VecDeque::new();
        for (index, group) in file.row_groups.iter().enumerate() {
            let may_match = request.predicate.as_ref().is_none_or(|predicate| may_match_group(file, index, predicate));
            if request.row_groups.contains(&index) && may_match {
                let end = group.first_row + group.num_rows;
                groups.push_back((index, group.first_row, wanted(group.first_row..end, request.rows.as_ref())));
            }
        }
        groups.retain(|(_, _, rows)| !rows.is_empty());
        let batch_rows = request.batch_rows.max(1) as u64;
        let (path, footer) = (file.path.clone(), Arc::clone(&file.footer));
        Ok(Self { path, footer, projection: request.projection, columns, batch_rows, groups, current: None })
    }

    /// The chunks of a group that are wanted, in the order of the projection.
    fn chunks(&self, group: usize) -> impl Iterator<Item = &Chunk> {
        self.columns.iter().map(move |column| &self.footer.groups[group].chunks[*column])
    }

    fn begin(&mut self, fetched: Vec<Bytes>) -> Result<(), Broken> {
        let Some((group, first_row, rows)) = self.groups.pop_front() else { return Ok(()) };
        if fetched.len() != self.columns.len()
            || self.chunks(group).zip(&fetched).any(|(chunk, bytes)| checksum(bytes) != chunk.checksum)
        {
            return Err(format!("group {group} does not have its checksums"));
        }
        let chunks = fetched.into_iter().map(|bytes| Runs::new(bytes, first_row));
        self.current = Some(Current { rows, chunks: chunks.collect() });
        Ok(())
    }

    fn batch(&mut self, positions: &[Range<u64>]) -> Result<RecordBatch, Broken> {
        let rows = positions.iter().map(|range| (range.end - range.start) as usize).sum();
        let chunks = self.current.iter_mut().flat_map(|current| &mut current.chunks);
        let columns = chunks.zip(&self.columns).zip(self.projection.fields()).map(|((runs, column), wanted)| {
            let stored = &self.footer.fields[*column].data_type;
            let builder = ColumnBuilder::try_new(stored, wanted.data_type(), rows);
            let mut builder = builder.map_err(|error| error.to_string())?;
            for range in positions {
                runs.skip_to(range.start, &stored.kind)?;
                runs.read_to(range.end, &stored.kind, &mut builder)?;
            }
            builder.finish().map_err(|error| error.to_string())
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Broken>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.projection), columns, &options)
            .map_err(|error| error.to_string())
    }

    fn corrupt(&self, reason: Broken) -> Error {
        Error::corrupt(&self.path, NAME, reason)
    }
}

impl FormatDecoder for RunsDecoder {
    fn step(&mut self) -> Result<DecodeStep> {
        loop {
            let left = self.current.as_mut().map(|current| next_rows(&mut current.rows, self.batch_rows));
            if let Some(positions) = left.filter(|positions| !positions.is_empty()) {
                let rows = self.batch(&positions).map_err(|reason| self.corrupt(reason))?;
                return Ok(DecodeStep::Batch { rows, positions: row_positions(positions) });
            }
            self.current = None;
            match self.groups.front() {
                None => return Ok(DecodeStep::Done),
                // Without columns rows are only counted.
                Some(_) if self.columns.is_empty() => self.begin(Vec::new()).map_err(|reason| self.corrupt(reason))?,
                Some((group, ..)) => {
                    let ranges = self.chunks(*group).map(|chunk| chunk.offset..chunk.offset + chunk.length);
                    return Ok(DecodeStep::Need(ranges.collect()));
                }
            }
        }
    }

    /// All that [`DecodeStep::Need`] asked for, in its order.
    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        let fetched = bytes.into_iter().map(|(_, bytes)| bytes).collect();
        self.begin(fetched).map_err(|reason| self.corrupt(reason))
    }
}

/// The wanted positions of a group.
fn wanted(group: Range<u64>, rows: Option<&RowPositions>) -> VecDeque<Range<u64>> {
    let mut wanted: VecDeque<_> = match rows {
        None => [group].into(),
        Some(RowPositions::Range(range)) => {
            let both = range.start.max(group.start)..range.end.min(group.end);
            [both].into()
        }
        Some(RowPositions::List(list)) => {
            let from = list.partition_point(|position| *position < group.start);
            let to = list.partition_point(|position| *position < group.end);
            let neighbours = list[from..to].chunk_by(|a, b| a + 1 == *b);
            neighbours.map(|run| run[0]..run[0] + run.len() as u64).collect()
        }
    };
    wanted.retain(|range| !range.is_empty());
    wanted
}

/// Takes the positions of the next batch away.
fn next_rows(rows: &mut VecDeque<Range<u64>>, mut limit: u64) -> Vec<Range<u64>> {
    let mut taken = Vec::new();
    while limit > 0
        && let Some(first) = rows.front_mut()
    {
        let end = first.end.min(first.start + limit);
        limit -= end - first.start;
        taken.push(first.start..end);
        first.start = end;
        if first.is_empty() {
            rows.pop_front();
        }
    }
    taken
}

fn row_positions(mut ranges: Vec<Range<u64>>) -> RowPositions {
    match ranges.len() {
        1 => RowPositions::Range(ranges.remove(0)),
        _ => RowPositions::List(ranges.into_iter().flatten().collect()),
    }
}

/// Whether a row of the group may pass. Unsure is yes.
fn may_match_group(file: &RunsFile, group: usize, predicate: &Predicate) -> bool {
    let group = &file.footer.groups[group];
    let bounds = |field: &DataField| {
        let position = file.position(&field.name)?;
        // Bounds of another type may be in another unit or order.
        let same =
            arrow_type_wide(&file.footer.fields[position].data_type).ok() == arrow_type_wide(&field.data_type).ok();
        let known = group.chunks[position].statistics.clone();
        same.then_some(ColumnBounds { min: known.min, max: known.max, null_count: known.null_count })
    };
    i64::try_from(group.num_rows).map_or(true, |rows| may_match(predicate, rows, &bounds))
}

/// A chunk and how far it has been read.
struct Runs {
    bytes: Bytes,
    /// The position of the next row.
    row: u64,
    /// The run that it is in: how many rows are left of it, and where its value begins and ends.
    left: u64,
    value: Range<usize>,
}

impl Runs {
    fn new(bytes: Bytes, first_row: u64) -> Self {
        Self { bytes, row: first_row, left: 0, value: 0..0 }
    }

    fn skip_to(&mut self, row: u64, kind: &TypeKind) -> Result<(), Broken> {
        while self.row < row {
            self.enter_run(kind)?;
            self.pass(row);
        }
        Ok(())
    }

    fn read_to(&mut self, row: u64, kind: &TypeKind, into: &mut ColumnBuilder) -> Result<(), Broken> {
        while self.row < row {
            self.enter_run(kind)?;
            let value = Input::from(&self.bytes, self.value.start).value(kind)?;
            for _ in 0..self.left.min(row - self.row) {
                into.push(value).map_err(|error| error.to_string())?;
            }
            self.pass(row);
        }
        Ok(())
    }

    /// Goes on in the current run, to `row` at the most.
    fn pass(&mut self, row: u64) {
        let passed = self.left.min(row - self.row);
        self.row += passed;
        self.left -= passed;
    }

    /// The next run, once the current one is used up.
    fn enter_run(&mut self, kind: &TypeKind) -> Result<(), Broken> {
        if self.left > 0 {
            return Ok(());
        }
        let mut input = Input::from(&self.bytes, self.value.end);
        self.left = u64::from(input.u32()?);
        let start = input.at;
        input.value(kind)?;
        self.value = start..input.at;
        if self.left == 0 { Err(format!("the run before byte {} is empty", self.value.end)) } else { Ok(()) }
    }
}
