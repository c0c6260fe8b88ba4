//! Opening a file: its header, then from block to block.
//!
//! Avro has no footer. Each block says how many rows and bytes it has, so walking over the heads finds every block, and
//! a file that is cut or damaged between its blocks is known before a row of it is handed out:
//!
//! ```text
//! header │ sync, head │ rows of block 0 │ sync, head │ rows of block 1 │ sync, end
//!        └─ checked ──┘                 └─ checked ──┘                 └─ checked
//! ```

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use tidelake_format::{Error, FileRead, FormatContext, Result, RowGroup};

use crate::{
    container::{BLOCK_BYTES_MAX, Codec, Header, SYNC_BYTES},
    cursor::Cursor,
    fault::{self, broken},
    format::NAME,
    open_file::AvroFile,
    stored::arrow_schema,
};

/// So much is read at a time: many blocks of usual size, so that a walk takes few requests. The header fits into one.
const WINDOW_BYTES: u64 = 4 << 20;
/// A sync marker and the two numbers of a block's head.
const HEAD_BYTES_MAX: u64 = SYNC_BYTES as u64 + 20;

/// Reads the header and finds the blocks: a row group for each.
pub(crate) async fn open(file: Arc<dyn FileRead>, context: &FormatContext) -> Result<AvroFile> {
    let path = file.path().to_string();
    let size = file.size_bytes().await?;
    let mut window = Window { file, path: path.clone(), size, start: 0, bytes: Bytes::new() };
    let first = window.at(0, size.min(WINDOW_BYTES)).await?;
    let first_bytes = first.len() as u64;
    let parsed =
        move || Header::read(&first).and_then(|header| arrow_schema(&header.schema).map(|arrow| (header, arrow)));
    let (header, schema) = match context.runtime.compute(parsed).await {
        Ok((header, _)) if header.length as u64 > context.footer_bytes_max => {
            return Err(Error::too_large(path, "the header", header.length as u64, context.footer_bytes_max));
        }
        Ok(parsed) => parsed,
        Err(fault) if fault.is_cut() && first_bytes < size => {
            return Err(Error::too_large(path, "the header", first_bytes + 1, first_bytes));
        }
        Err(fault) => return Err(fault.of(&path)),
    };

    let mut row_groups: Vec<RowGroup> = Vec::new();
    let (mut position, mut first_row) = (header.length as u64, 0);
    loop {
        let near = window.at(position, HEAD_BYTES_MAX.min(size - position)).await?;
        let place = || format!("(at byte {position})");
        let block = block(&near, position, size, first_row, &header).map_err(|fault| fault.at(&place()).of(&path))?;
        let Some(block) = block else { break };
        (position, first_row) = (block.bytes.end, first_row + block.num_rows);
        row_groups.push(block);
        let index_bytes = (row_groups.len() * size_of::<RowGroup>()) as u64;
        if index_bytes > context.footer_bytes_max {
            return Err(Error::too_large(path, "the list of its blocks", index_bytes, context.footer_bytes_max));
        }
    }
    Ok(AvroFile::new(path, schema, header, row_groups))
}

/// The block whose head stands behind the sync marker at `position`; `None` if the file ends there.
fn block(near: &[u8], position: u64, size: u64, first_row: u64, header: &Header) -> fault::Result<Option<RowGroup>> {
    let mut cursor = Cursor::new(near);
    if cursor.array()? != header.sync {
        return broken("a sync marker differs from the header's");
    }
    if position + SYNC_BYTES as u64 == size {
        return Ok(None);
    }
    let (rows, length) = (cursor.long()?, cursor.long()?);
    let start = position + (near.len() - cursor.remaining()) as u64;
    let left = (size - start).saturating_sub(SYNC_BYTES as u64);
    let Some(length) = u64::try_from(length).ok().filter(|length| *length <= left) else {
        return broken(format!("a block announces {length} bytes, {left} are left"));
    };
    if length > BLOCK_BYTES_MAX {
        return broken(format!("a block announces {length} bytes, more than the {BLOCK_BYTES_MAX} allowed"));
    }
    // Each row takes a byte or more.
    let rows_max = if header.codec == Codec::Null { length } else { BLOCK_BYTES_MAX };
    match u64::try_from(rows) {
        Ok(num_rows) if num_rows <= rows_max => {
            Ok(Some(RowGroup { first_row, num_rows, bytes: start..start + length }))
        }
        _ => broken(format!("a block announces {rows} rows in {length} bytes")),
    }
}

/// A part of the file in memory, moved along as needed.
struct Window {
    file: Arc<dyn FileRead>,
    path: String,
    size: u64,
    start: u64,
    bytes: Bytes,
}

impl Window {
    /// `length` bytes from `position`, which must be in the file; what follows them is read along.
    async fn at(&mut self, position: u64, length: u64) -> Result<Bytes> {
        let held = self.start..self.start + self.bytes.len() as u64;
        if position < held.start || position + length > held.end {
            let range = position..self.size.min(position + length.max(WINDOW_BYTES));
            self.bytes = read_one(&*self.file, range, &self.path).await?;
            self.start = position;
        }
        let offset = (position - self.start) as usize;
        Ok(self.bytes.slice(offset..offset + length as usize))
    }
}

async fn read_one(file: &dyn FileRead, range: Range<u64>, path: &str) -> Result<Bytes> {
    let wanted = range.end - range.start;
    match file.read_many(&[range]).await?.pop() {
        Some(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
        _ => Err(Error::corrupt(path, NAME, "the storage answered with another number of bytes")),
    }
}
