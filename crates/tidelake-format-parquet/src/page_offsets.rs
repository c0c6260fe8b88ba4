//! Where the pages of a file are, if the file tells: then a row group can be read in windows of rows, each with just its
//! pages, and no reader holds more of a file than one window.
//!
//! ```text
//! row group │ column a │ page  │ page  │ page  │ page  │
//!           │ column b │ page          │ page          │
//!                      └─ window ─────┘└─ window ─────┘    windows end where pages of all columns do, where there is such a place
//! ```
//!
//! The index of offsets stands between the rows and the footer, in most files near enough to come with the footer's bytes.

use std::ops::Range;

use parquet::{
    errors::ParquetError,
    file::metadata::{
        PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, ParquetOffsetIndex, RowGroupMetaData,
    },
    file::page_index::offset_index::OffsetIndexMetaData,
};
use tidelake_format::{Bytes, RowGroup};

use crate::thrift::check_struct;

/// The bytes of the index. `None`: there is none, or it is not to be believed; the rows can be read without it.
pub(crate) fn index_range(metadata: &ParquetMetaData, size: u64, bytes_max: u64) -> Option<Range<u64>> {
    let mut all: Option<Range<u64>> = None;
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let (start, length) = (column.offset_index_offset()?, column.offset_index_length()?);
        let start = u64::try_from(start).ok()?;
        let end = start.checked_add(u64::try_from(length).ok()?).filter(|end| *end <= size)?;
        all = Some(all.map_or(start..end, |all| all.start.min(start)..all.end.max(end)));
    }
    all.filter(|range| range.end - range.start <= bytes_max)
}

/// The index, parsed from the bytes at `range`; `None` if a reader that trusts it could be led astray.
pub(crate) fn parse_index(
    metadata: &ParquetMetaData,
    size: u64,
    range: &Range<u64>,
    bytes: Bytes,
) -> Option<ParquetOffsetIndex> {
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let start = (u64::try_from(column.offset_index_offset()?).ok()? - range.start) as usize;
        let end = start + usize::try_from(column.offset_index_length()?).ok()?;
        check_struct(bytes.get(start..end)?).ok()?;
    }
    let parsed = decode(metadata.clone(), size, range, bytes).ok()??;
    let groups = metadata.row_groups().iter().zip(&parsed);
    let sound = groups.into_iter().all(|(group, columns)| {
        columns.len() == group.columns().len()
            && group.columns().iter().zip(columns).all(|(chunk, pages)| is_sound(pages, chunk.byte_range(), group))
    });
    sound.then_some(parsed)
}

fn decode(
    metadata: ParquetMetaData,
    size: u64,
    range: &Range<u64>,
    bytes: Bytes,
) -> Result<Option<ParquetOffsetIndex>, ParquetError> {
    let mut decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(size, metadata)?
        .with_column_index_policy(PageIndexPolicy::Skip)
        .with_offset_index_policy(PageIndexPolicy::Optional);
    decoder.push_range(range.clone(), bytes)?;
    Ok(match decoder.try_decode()? {
        parquet::DecodeResult::Data(metadata) => metadata.offset_index().cloned(),
        _ => None,
    })
}

/// Pages ascend, lie within their column, and begin with the first row.
fn is_sound(pages: &OffsetIndexMetaData, (start, length): (u64, u64), group: &RowGroupMetaData) -> bool {
    let (mut offset, mut rows_before) = (start, None);
    let ascend = pages.page_locations.iter().all(|page| {
        let begin = u64::try_from(page.offset).unwrap_or(0);
        let follows =
            begin >= offset && rows_before.map_or(page.first_row_index == 0, |row| page.first_row_index > row);
        offset = begin.saturating_add(u64::try_from(page.compressed_page_size).unwrap_or(u64::MAX));
        rows_before = Some(page.first_row_index);
        follows
    });
    ascend && offset <= start.saturating_add(length) && rows_before.is_some_and(|row| row < group.num_rows())
}

/// The windows of a row group: positions in the file, each of about `rows` rows (up to twice as many, or one page). One window
/// where the file does not tell, and where a column is nested: of those a page may begin within a row in some files.
pub(crate) fn windows(
    metadata: &ParquetMetaData,
    index: usize,
    group: &RowGroup,
    leaves: &[usize],
    rows: u64,
) -> Vec<Range<u64>> {
    let end = group.first_row + group.num_rows;
    let flat = leaves.iter().all(|leaf| metadata.file_metadata().schema_descr().column(*leaf).max_rep_level() == 0);
    let pages = metadata.offset_index().and_then(|pages| pages.get(index)).filter(|_| flat);
    let of_leaves = pages.map_or(Vec::new(), |pages| leaves.iter().filter_map(|leaf| pages.get(*leaf)).collect());
    let most = of_leaves.iter().max_by_key(|pages| pages.page_locations.len());
    let mut windows = Vec::new();
    let mut start = 0;
    for page in most.into_iter().flat_map(|pages| &pages.page_locations) {
        let here = page.first_row_index;
        let length = (here - start) as u64;
        if length >= rows && (length >= 2 * rows || of_leaves.iter().all(|pages| begins_at(pages, here))) {
            windows.push(group.first_row + start as u64..group.first_row + here as u64);
            start = here;
        }
    }
    windows.push(group.first_row + start as u64..end);
    windows
}

fn begins_at(pages: &OffsetIndexMetaData, row: i64) -> bool {
    pages.page_locations.binary_search_by_key(&row, |page| page.first_row_index).is_ok()
}
