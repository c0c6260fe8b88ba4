//! Opening a file: its last bytes, then its footer.
//!
//! ```text
//! PAR1 │ pages … │ where pages are │ footer (Thrift) │ footer's length, 4 bytes LE │ PAR1
//!                └────────────────────── read in one go, mostly ─────────────────────┘
//! ```

use std::{ops::Range, sync::Arc};

use parquet::DecodeResult;
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, ParquetOffsetIndex},
};
use tidelake_format::{Bytes, Error, FileRead, FormatContext, Result, RowGroup};

use crate::{
    fault::{corrupt, guard, of_reading},
    open_file::ParquetFile,
    page_offsets::{index_range, parse_index},
    raw_int96::with_raw_int96,
    thrift::check_struct,
};

/// What is read first; larger footers take a second request.
const FIRST_READ_BYTES: u64 = 64 * 1024;
/// The footer's length and the magic.
const TAIL_BYTES: u64 = 8;

/// Reads and parses the footer.
pub(crate) async fn read_footer(file_read: Arc<dyn FileRead>, context: &FormatContext) -> Result<ParquetFile> {
    let path = file_read.path().to_string();
    let size = file_read.size_bytes().await?;
    if size < 2 * TAIL_BYTES - 4 {
        return Err(corrupt(&path, format!("{size} bytes are too few")));
    }
    let start = size - size.min(FIRST_READ_BYTES);
    let mut last = read_one(&*file_read, start..size, &path).await?;
    let footer_bytes = footer_bytes(&last, size, &path)?;
    if footer_bytes > context.footer_bytes_max {
        return Err(Error::too_large(path, "the footer", footer_bytes, context.footer_bytes_max));
    }
    let footer_start = size - TAIL_BYTES - footer_bytes;
    if footer_start < start {
        last = read_one(&*file_read, footer_start..size, &path).await?;
    }
    let parsed = context.runtime.compute(move || guard(&path.clone(), || parse(path, size, last))).await?;
    let Some(range) = index_range(&parsed.metadata, size, context.footer_bytes_max) else {
        return guard(&parsed.path.clone(), || file(parsed, None));
    };
    // Mostly it came with the footer.
    let had = size - parsed.last.len() as u64;
    let bytes = match range.start.checked_sub(had) {
        Some(offset) => parsed.last.slice(offset as usize..(range.end - had) as usize),
        None => read_one(&*file_read, range.clone(), &parsed.path).await?,
    };
    let finish = move || {
        guard(&parsed.path.clone(), || {
            let index = parse_index(&parsed.metadata, size, &range, bytes);
            file(parsed, index)
        })
    };
    context.runtime.compute(finish).await
}

async fn read_one(file: &dyn FileRead, range: Range<u64>, path: &str) -> Result<Bytes> {
    let wanted = range.end - range.start;
    match file.read_many(&[range]).await?.pop() {
        Some(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
        _ => Err(corrupt(path, "the storage answered with another number of bytes")),
    }
}

fn footer_bytes(last: &Bytes, size: u64, path: &str) -> Result<u64> {
    let tail = last.len().checked_sub(TAIL_BYTES as usize).and_then(|start| last[start..].split_first_chunk());
    let Some((length, b"PAR1")) = tail else {
        return Err(corrupt(path, format!("it does not end in PAR1 (at offset {})", size - 4)));
    };
    let length = u64::from(u32::from_le_bytes(*length));
    if length + TAIL_BYTES + 4 > size {
        return Err(corrupt(path, format!("a footer of {length} bytes does not fit into {size}")));
    }
    Ok(length)
}

/// A footer, and the bytes it was found in.
struct Parsed {
    path: String,
    last: Bytes,
    metadata: ParquetMetaData,
    row_groups: Vec<RowGroup>,
}

fn parse(path: String, size: u64, last: Bytes) -> Result<Parsed> {
    let end = last.len() - TAIL_BYTES as usize;
    let footer = (size - TAIL_BYTES).checked_sub(footer_bytes(&last, size, &path)?).map(|start| (start, size));
    let Some((start, _)) = footer else { return Err(corrupt(&path, "its footer begins before it does")) };
    let from = last.len() - (size - start) as usize;
    check_struct(&last[from..end]).map_err(|reason| corrupt(&path, format!("its footer is broken: {reason}")))?;

    let metadata = decode(size, last.clone()).map_err(|error| of_reading(&path, error))?;
    let row_groups = row_groups(&metadata, size).map_err(|reason| corrupt(&path, reason))?;
    Ok(Parsed { path, last, metadata, row_groups })
}

fn file(parsed: Parsed, pages: Option<ParquetOffsetIndex>) -> Result<ParquetFile> {
    let Parsed { path, metadata, row_groups, .. } = parsed;
    let without_hints = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let stored = ArrowReaderMetadata::try_new(Arc::new(metadata.clone()), without_hints())
        .map_err(|error| of_reading(&path, error))?;
    let raw = with_raw_int96(metadata).map_err(|error| of_reading(&path, error))?;
    let raw = raw.into_builder().set_offset_index(pages).build();
    let reader =
        ArrowReaderMetadata::try_new(Arc::new(raw), without_hints()).map_err(|error| of_reading(&path, error))?;
    Ok(ParquetFile::new(path, Arc::clone(stored.schema()), reader, row_groups))
}

fn decode(size: u64, last: Bytes) -> Result<ParquetMetaData, ParquetError> {
    let start = size - last.len() as u64;
    let mut decoder = ParquetMetaDataPushDecoder::try_new(size)?.with_page_index_policy(PageIndexPolicy::Skip);
    decoder.push_range(start..size, last)?;
    match decoder.try_decode()? {
        DecodeResult::Data(metadata) => Ok(metadata),
        DecodeResult::NeedsData(_) | DecodeResult::Finished => {
            Err(ParquetError::General("the footer asks for bytes beyond itself".to_owned()))
        }
    }
}

/// Where the row groups are; refuses what would lead a reader out of the file.
fn row_groups(metadata: &ParquetMetaData, size: u64) -> Result<Vec<RowGroup>, String> {
    let mut first_row = 0_u64;
    let mut groups = Vec::with_capacity(metadata.num_row_groups());
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let num_rows =
            u64::try_from(group.num_rows()).map_err(|_| format!("row group {index} has fewer than no rows"))?;
        let mut bytes: Option<Range<u64>> = None;
        for column in group.columns() {
            let start =
                column.dictionary_page_offset().filter(|offset| *offset > 0).unwrap_or(column.data_page_offset());
            let start = start.min(column.data_page_offset());
            let chunk = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let end = chunk.and_then(|(start, length)| start.checked_add(length)).filter(|end| *end <= size);
            let (Some((start, _)), Some(end)) = (chunk, end) else {
                return Err(format!(
                    "column {} of row group {index} lies outside of the file",
                    column.column_path().string()
                ));
            };
            bytes = Some(bytes.map_or(start..end, |bytes| bytes.start.min(start)..bytes.end.max(end)));
        }
        groups.push(RowGroup { first_row, num_rows, bytes: bytes.unwrap_or(0..0) });
        first_row = first_row.checked_add(num_rows).filter(|rows| *rows <= i64::MAX as u64).ok_or("too many rows")?;
    }
    Ok(groups)
}
