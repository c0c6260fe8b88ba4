//! A Parquet file: magic, footer, and every page decoded once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use parquet::{
    DecodeResult,
    arrow::{
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
        push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder},
    },
    errors::ParquetError,
    file::metadata::{ParquetMetaData, ParquetMetaDataReader},
};
use tidelake_io::{FileIO, FilePath, FileRead, FileReadExt as _};
use tidelake_runtime::Runtime;

use crate::{
    error::Result,
    rows::{Expected, RowCheck},
    store::about_file,
};

const MAGIC: &[u8] = b"PAR1";
/// What is read first; larger footers take a second request.
const FIRST_READ_BYTES: u64 = 64 << 10;
const MAX_FOOTER_BYTES: u64 = 64 << 20;
/// At most so much of a file is held at once; a longer row group's pages are left alone.
const MAX_GROUP_BYTES: u64 = 1 << 30;
const BATCH_ROWS: usize = 4096;

/// What is wrong with a file.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is broken, or is not what its manifest says.
    Broken(String),
    /// It uses something that this judge cannot decode.
    Beyond(String),
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::NYI(what) => Self::Beyond(format!("its rows cannot be looked at: {what}")),
            other => Self::Broken(format!("it cannot be decoded: {other}")),
        }
    }
}

/// How many rows were decoded, and what is wrong.
pub(crate) async fn check_parquet(
    io: &Arc<dyn FileIO>,
    path: &FilePath,
    size: u64,
    expected: Expected,
    runtime: &Runtime,
) -> Result<(u64, Result<(), Fault>)> {
    let file = match about_file(path, io.open(path, Some(size)).await)? {
        Ok(file) => file,
        Err(message) => return Ok((0, Err(Fault::Broken(message)))),
    };
    let footer = match read_footer(file.as_ref(), size).await? {
        Ok(footer) => footer,
        Err(message) => return Ok((0, Err(Fault::Broken(message)))),
    };
    let check = RowCheck::new(expected.clone());
    let mut state = match runtime.compute(move || guard(|| begin(&footer, size, &expected))).await {
        Ok(decoder) => (decoder, check),
        Err(fault) => return Ok((0, Err(fault))),
    };
    loop {
        let step;
        (step, state) = runtime
            .compute(move || {
                let (mut decoder, mut check) = state;
                let step = guard(|| advance(&mut decoder, &mut check));
                (step, (decoder, check))
            })
            .await;
        let ranges = match step {
            Ok(Some(ranges)) => ranges,
            Ok(None) => return Ok((state.1.rows(), state.1.finish().map_err(Fault::Broken))),
            Err(fault) => return Ok((state.1.rows(), Err(fault))),
        };
        let wanted: u64 = ranges.iter().map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add);
        if wanted > MAX_GROUP_BYTES {
            return Ok((
                state.1.rows(),
                Err(Fault::Beyond(format!("a row group of {wanted} bytes is too long to check"))),
            ));
        }
        if ranges.iter().any(|range| range.start > range.end || range.end > size) {
            return Ok((state.1.rows(), Err(Fault::Broken("its footer points outside of the file".to_owned()))));
        }
        let buffers = match about_file(path, file.read_many(&ranges).await)? {
            Ok(buffers) => buffers,
            Err(message) => return Ok((state.1.rows(), Err(Fault::Broken(message)))),
        };
        if let Err(fault) = guard(|| Ok(state.0.push_ranges(ranges, buffers)?)) {
            return Ok((state.1.rows(), Err(fault)));
        }
    }
}

/// ```text
/// "PAR1" … row groups … | metadata | LE u32 length of it | "PAR1"
/// ```
async fn read_footer(file: &dyn FileRead, size: u64) -> Result<Result<Vec<u8>, String>> {
    if size < 12 {
        return Ok(Err(format!("its {size} bytes cannot be a Parquet file")));
    }
    let start = size.saturating_sub(FIRST_READ_BYTES);
    let parts = match about_file(file.path(), file.read_many(&[0..4, start..size]).await)? {
        Ok(parts) => parts,
        Err(message) => return Ok(Err(message)),
    };
    let [head, tail] = parts.as_slice() else { return Ok(Err("it cannot be read".to_owned())) };
    let Some((rest, end)) = tail.split_last_chunk::<8>() else { return Ok(Err("it cannot be read".to_owned())) };
    if head.as_ref() != MAGIC || &end[4..] != MAGIC {
        return Ok(Err("it does not begin and end with the magic of a Parquet file".to_owned()));
    }
    let length = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if length > MAX_FOOTER_BYTES || length + 12 > size {
        return Ok(Err(format!("its footer cannot have {length} bytes")));
    }
    if let Some(from) = rest.len().checked_sub(length as usize) {
        return Ok(Ok(rest[from..].to_vec()));
    }
    let footer = file.read(size - 8 - length..size - 8).await;
    Ok(about_file(file.path(), footer)?.map(|footer| footer.to_vec()))
}

fn begin(footer: &[u8], size: u64, expected: &Expected) -> Result<ParquetPushDecoder, Fault> {
    let metadata = ParquetMetaDataReader::decode_metadata(footer)?;
    let rows = metadata.file_metadata().num_rows();
    if rows != expected.rows {
        return Err(Fault::Broken(format!("its footer says {rows} rows, its manifest {}", expected.rows)));
    }
    check_places(&metadata, size)?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), options)?;
    Ok(ParquetPushDecoderBuilder::new_with_metadata(metadata).with_batch_size(BATCH_ROWS).build()?)
}

fn check_places(metadata: &ParquetMetaData, size: u64) -> Result<(), Fault> {
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(group.num_rows());
        for column in group.columns() {
            let (start, length) = column.byte_range();
            if start.checked_add(length).is_none_or(|end| end > size) {
                return Err(Fault::Broken("its footer points outside of the file".to_owned()));
            }
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return Err(Fault::Broken(format!("its row groups have {rows} rows together, its footer says otherwise")));
    }
    Ok(())
}

/// Decodes as far as the bytes at hand go: the ranges needed next, or `None` at the end.
fn advance(decoder: &mut ParquetPushDecoder, check: &mut RowCheck) -> Result<Option<Vec<std::ops::Range<u64>>>, Fault> {
    loop {
        match decoder.try_decode()? {
            DecodeResult::NeedsData(ranges) => return Ok(Some(ranges)),
            DecodeResult::Data(batch) => check.add(&batch).map_err(Fault::Broken)?,
            DecodeResult::Finished => return Ok(None),
        }
    }
}

/// The decoder panics on some broken bytes; that says the same as an error.
fn guard<T>(code: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(code))
        .unwrap_or_else(|_| Err(Fault::Broken("it cannot be decoded: its bytes make no sense".to_owned())))
}
