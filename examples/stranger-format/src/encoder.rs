//! From rows to runs.

use std::{cmp::Ordering, mem};

use tidelake_format::{
    Bytes, Bytes64, Column, ColumnStatistics, DataField, Error, FormatEncoder, OptionKey, RecordBatch, Result, Scalar,
    ScalarRef, StatisticsMode, WriteRequest, WrittenFile,
};

use crate::{
    footer::{Chunk, Footer, Group},
    format::{MAGIC, NAME, columns},
    value::{Input, checksum, put_value},
};

/// How large a group becomes.
pub const BLOCK_BYTES: OptionKey<Bytes64> = OptionKey::new("runs.block.size", || Bytes64::mebi(1))
    .or(&["file.block-size"])
    .describe("Encoded size at which a group of a file of runs ends.");

/// Bounds in the footer are short: they are for skipping groups.
const BOUNDS: StatisticsMode = StatisticsMode::Truncate(32);

pub(crate) struct RunsEncoder {
    block_bytes: u64,
    modes: Vec<StatisticsMode>,
    columns: Vec<ColumnEncoder>,
    footer: Footer,
    /// Rows of the group that is being filled.
    group_rows: u64,
    written_bytes: u64,
}

impl RunsEncoder {
    pub(crate) fn try_new(request: &WriteRequest) -> Result<Self> {
        let fields = columns(&request.schema)?;
        Ok(Self {
            block_bytes: request.options.get(&BLOCK_BYTES)?.0,
            modes: request.statistics.clone(),
            columns: fields.iter().cloned().map(ColumnEncoder::new).collect(),
            footer: Footer { fields, groups: Vec::new() },
            group_rows: 0,
            written_bytes: 0,
        })
    }

    fn buffered_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.chunk.len() as u64).sum()
    }

    fn end_group(&mut self, out: &mut Vec<Bytes>) {
        let chunks = self.columns.iter_mut().map(|column| {
            let (bytes, statistics) = column.end_group();
            let (offset, length) = (self.written_bytes, bytes.len() as u64);
            self.written_bytes += length;
            let chunk = Chunk { offset, length, checksum: checksum(&bytes), statistics: BOUNDS.apply(statistics) };
            out.push(bytes);
            chunk
        });
        let chunks = chunks.collect();
        self.footer.groups.push(Group { num_rows: mem::take(&mut self.group_rows), chunks });
    }

    /// Before the first chunk.
    fn begin(&mut self, out: &mut Vec<Bytes>) {
        if self.written_bytes == 0 {
            out.push(Bytes::from_static(MAGIC));
            self.written_bytes = MAGIC.len() as u64;
        }
    }
}

impl FormatEncoder for RunsEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<Bytes>) -> Result<()> {
        if batch.num_columns() != self.columns.len() {
            let reason = format!("{} columns for a file of {}", batch.num_columns(), self.columns.len());
            return Err(Error::invalid_input(NAME, reason));
        }
        // All columns are looked at before any takes a row.
        let seen = self.columns.iter().zip(batch.columns());
        let seen = seen.map(|(column, array)| Column::try_new(array, &column.field.data_type));
        let seen = seen.collect::<Result<Vec<_>, _>>().map_err(|error| Error::invalid_input(NAME, error))?;
        for (column, values) in self.columns.iter_mut().zip(seen) {
            (0..batch.num_rows()).for_each(|row| column.push(values.get(row)));
        }
        self.group_rows += batch.num_rows() as u64;
        if self.buffered_bytes() >= self.block_bytes && self.group_rows > 0 {
            self.begin(out);
            self.end_group(out);
        }
        Ok(())
    }

    fn estimated_bytes(&self) -> u64 {
        self.written_bytes + self.buffered_bytes()
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<Bytes>) -> Result<WrittenFile> {
        self.begin(out);
        if self.group_rows > 0 {
            self.end_group(out);
        }
        let mut end = self.footer.to_bytes();
        let Ok(length) = u32::try_from(end.len()) else {
            return Err(Error::invalid_input(NAME, format!("a footer of {} bytes is too long", end.len())));
        };
        let sum = checksum(&end);
        end.extend(length.to_le_bytes());
        end.extend(sum.to_le_bytes());
        end.extend(MAGIC);
        out.push(end.into());
        let rows = self.footer.groups.iter().map(|group| group.num_rows).sum();
        let statistics =
            self.modes.iter().zip(self.columns).map(|(mode, column)| mode.apply(column.whole.statistics()));
        Ok(WrittenFile { rows, statistics: statistics.collect() })
    }
}

/// One column of the group that is being filled.
struct ColumnEncoder {
    field: DataField,
    /// The runs that have ended.
    chunk: Vec<u8>,
    /// The run that goes on: how often, and the value's bytes.
    count: u32,
    value: Vec<u8>,
    /// The next value's bytes, kept to be used again.
    next: Vec<u8>,
    group: Known,
    whole: Known,
}

impl ColumnEncoder {
    fn new(field: DataField) -> Self {
        let (group, whole) = (Known::default(), Known::default());
        Self { field, chunk: Vec::new(), count: 0, value: Vec::new(), next: Vec::new(), group, whole }
    }

    /// Values are the same if their bytes are: 0.0 and -0.0 are two.
    fn push(&mut self, value: Option<ScalarRef<'_>>) {
        self.next.clear();
        put_value(&mut self.next, value);
        if self.count > 0 && (self.next != self.value || self.count == u32::MAX) {
            self.end_run();
        }
        if self.count == 0 {
            mem::swap(&mut self.value, &mut self.next);
        }
        self.count += 1;
    }

    fn end_run(&mut self) {
        if self.count == 0 {
            return;
        }
        let value =
            Input::new(&self.value).value(&self.field.data_type.kind).expect("the bytes of a value put just now");
        self.group.add(value, self.count);
        self.whole.add(value, self.count);
        self.chunk.extend(mem::take(&mut self.count).to_le_bytes());
        self.chunk.append(&mut self.value);
    }

    fn end_group(&mut self) -> (Bytes, ColumnStatistics) {
        self.end_run();
        (mem::take(&mut self.chunk).into(), mem::take(&mut self.group).statistics())
    }
}

/// Bounds and nulls of the runs so far.
#[derive(Default)]
struct Known {
    min: Option<Scalar>,
    max: Option<Scalar>,
    nulls: i64,
}

impl Known {
    fn add(&mut self, value: Option<ScalarRef<'_>>, count: u32) {
        let Some(value) = value else { return self.nulls += i64::from(count) };
        for (bound, side) in [(&mut self.min, Ordering::Less), (&mut self.max, Ordering::Greater)] {
            if bound.as_ref().is_none_or(|bound| value.compare(bound.as_ref()) == Some(side)) {
                *bound = Some(value.to_scalar());
            }
        }
    }

    fn statistics(self) -> ColumnStatistics {
        ColumnStatistics { min: self.min, max: self.max, null_count: Some(self.nulls) }
    }
}
