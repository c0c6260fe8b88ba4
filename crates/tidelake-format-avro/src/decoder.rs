//! Decoding a part of a file: asks for blocks, unfolds one after another, has the rows wanted of it read.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use bytes::Bytes;
use tidelake_format::{DecodeStep, Error, FormatDecoder, ReadRequest, Result, RowGroup, RowPositions};

use crate::{
    columns::Rows,
    container::Header,
    cursor::Cursor,
    fault::{self, broken},
    format::NAME,
    open_file::AvroFile,
};

/// So many bytes of blocks are asked for at once, or one block.
const FETCH_BYTES: u64 = 8 << 20;
/// And no more blocks than this, however small.
const FETCH_BLOCKS: usize = 1_000;
/// A batch ends when its rows took so many bytes in their blocks, however few they are.
const BATCH_BYTES: usize = 32 << 20;

/// A reader of a part of a file.
pub(crate) struct AvroDecoder {
    path: String,
    header: Arc<Header>,
    rows_wanted: Option<RowPositions>,
    batch_rows: u64,
    /// Blocks to come.
    ahead: VecDeque<RowGroup>,
    /// The bytes of the first of them.
    fetched: VecDeque<Bytes>,
    block: Option<Block>,
    batch: Batch,
    failed: bool,
}

/// An unfolded block.
struct Block {
    rows: Bytes,
    /// Where in `rows` the next row begins, and which it is.
    offset: usize,
    next: u64,
    end: u64,
    /// Positions in the file that are still to be read.
    wanted: VecDeque<Range<u64>>,
    /// Where it is in the file.
    place: u64,
}

/// What was read and not yet handed out.
struct Batch {
    rows: Rows,
    bytes: usize,
    positions: Vec<Range<u64>>,
}

impl AvroDecoder {
    pub(crate) fn try_new(file: &AvroFile, request: ReadRequest) -> Result<Self> {
        let rows = Rows::plan(&file.header.schema, &request.projection).map_err(|fault| fault.of(&file.path))?;
        let end = request.row_groups.end.min(file.row_groups.len());
        let chosen = file.row_groups.get(request.row_groups.start..end).unwrap_or_default();
        let rows_wanted = request.rows;
        let has_wanted = |group: &&RowGroup| match rows_wanted {
            None => true,
            Some(_) => !wanted_of(group, rows_wanted.as_ref()).is_empty(),
        };
        let ahead = chosen.iter().filter(has_wanted).cloned().collect();
        Ok(Self {
            path: file.path.clone(),
            header: Arc::clone(&file.header),
            rows_wanted,
            batch_rows: request.batch_rows.max(1) as u64,
            ahead,
            fetched: VecDeque::new(),
            block: None,
            batch: Batch { rows, bytes: 0, positions: Vec::new() },
            failed: false,
        })
    }

    fn advance(&mut self) -> Result<DecodeStep> {
        loop {
            if let Some(block) = &mut self.block {
                let place = block.place;
                let of = |fault: fault::Fault| fault.at(&format!("(in the block at byte {place})")).of(&self.path);
                let is_full = block.read(&self.header, &mut self.batch, self.batch_rows).map_err(of)?;
                if block.wanted.is_empty() {
                    self.block = None;
                }
                if is_full {
                    return self.hand_out();
                }
            } else if self.ahead.is_empty() {
                return if self.batch.positions.is_empty() { Ok(DecodeStep::Done) } else { self.hand_out() };
            } else if self.fetched.is_empty() {
                return Ok(DecodeStep::Need(self.next_ranges()));
            } else if let (Some(group), Some(bytes)) = (self.ahead.pop_front(), self.fetched.pop_front()) {
                let place = || format!("(the block at byte {})", group.bytes.start);
                let rows = self.header.codec.unfold(&bytes);
                let block = rows.and_then(|rows| Block::new(&group, rows, self.rows_wanted.as_ref()));
                self.block = Some(block.map_err(|fault| fault.at(&place()).of(&self.path))?);
            }
        }
    }

    fn next_ranges(&self) -> Vec<Range<u64>> {
        let mut bytes = 0;
        let mut ranges = Vec::new();
        for group in &self.ahead {
            bytes += group.bytes.end - group.bytes.start;
            if ranges.len() == FETCH_BLOCKS || (bytes > FETCH_BYTES && !ranges.is_empty()) {
                break;
            }
            ranges.push(group.bytes.clone());
        }
        ranges
    }

    fn hand_out(&mut self) -> Result<DecodeStep> {
        let rows = self.batch.rows.finish().map_err(|fault| fault.of(&self.path))?;
        let positions = std::mem::take(&mut self.batch.positions);
        self.batch.bytes = 0;
        let positions = match &positions[..] {
            [range] => RowPositions::Range(range.clone()),
            ranges => RowPositions::List(ranges.iter().cloned().flatten().collect()),
        };
        Ok(DecodeStep::Batch { rows, positions })
    }
}

impl FormatDecoder for AvroDecoder {
    fn step(&mut self) -> Result<DecodeStep> {
        if self.failed {
            return Err(Error::corrupt(&self.path, NAME, "an earlier error ended reading"));
        }
        let step = self.advance();
        self.failed = step.is_err();
        step
    }

    fn feed(&mut self, bytes: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        for (range, bytes) in bytes {
            let asked = self.ahead.get(self.fetched.len()).is_some_and(|group| group.bytes == range);
            if !asked || bytes.len() as u64 != range.end - range.start {
                self.failed = true;
                let reason = format!("{} bytes came for the range {range:?}, which is not what was asked", bytes.len());
                return Err(Error::corrupt(&self.path, NAME, reason));
            }
            self.fetched.push_back(bytes);
        }
        Ok(())
    }
}

impl Block {
    fn new(group: &RowGroup, rows: Bytes, wanted: Option<&RowPositions>) -> fault::Result<Self> {
        if group.num_rows > rows.len() as u64 {
            return broken(format!("it announces {} rows and has {} bytes", group.num_rows, rows.len()));
        }
        let wanted = wanted_of(group, wanted).into();
        let (next, end) = (group.first_row, group.first_row + group.num_rows);
        Ok(Self { rows, offset: 0, next, end, wanted, place: group.bytes.start })
    }

    /// Reads wanted rows until the batch is full (then true) or none are left.
    fn read(&mut self, header: &Header, batch: &mut Batch, batch_rows: u64) -> fault::Result<bool> {
        let mut cursor = Cursor::new(&self.rows[self.offset..]);
        let mut is_full = false;
        while let Some(range) = self.wanted.front_mut() {
            while self.next < range.start {
                header.schema.skip(&mut cursor)?;
                self.next += 1;
            }
            let until = range.end.min(range.start + (batch_rows - batch.rows.len() as u64));
            while self.next < until && batch.bytes < BATCH_BYTES {
                let before = cursor.remaining();
                batch.rows.read(&mut cursor)?;
                batch.bytes += before - cursor.remaining();
                self.next += 1;
            }
            append(&mut batch.positions, range.start..self.next);
            range.start = self.next;
            if range.is_empty() {
                self.wanted.pop_front();
            }
            is_full = batch.rows.len() as u64 >= batch_rows || batch.bytes >= BATCH_BYTES;
            if is_full {
                break;
            }
        }
        self.offset = self.rows.len() - cursor.remaining();
        match cursor.remaining() {
            more if self.next == self.end && more > 0 => broken(format!("{more} bytes follow the last row")),
            _ => Ok(is_full),
        }
    }
}

/// The wanted positions in a block: ascending, disjoint, not empty.
fn wanted_of(group: &RowGroup, rows: Option<&RowPositions>) -> Vec<Range<u64>> {
    let all = group.first_row..group.first_row + group.num_rows;
    let mut wanted = Vec::new();
    match rows {
        None => append(&mut wanted, all),
        Some(RowPositions::Range(range)) => append(&mut wanted, range.start.max(all.start)..range.end.min(all.end)),
        Some(RowPositions::List(list)) => {
            let from = list.partition_point(|position| *position < all.start);
            let to = list.partition_point(|position| *position < all.end);
            list[from..to].iter().for_each(|position| append(&mut wanted, *position..position + 1));
        }
    }
    wanted
}

/// Adds a range behind others, joining neighbours.
fn append(ranges: &mut Vec<Range<u64>>, more: Range<u64>) {
    match ranges.last_mut() {
        _ if more.is_empty() => {}
        Some(last) if last.end == more.start => last.end = more.end,
        _ => ranges.push(more),
    }
}
