//! Opening a file: its last bytes, from the end backwards.
//!
//! ```text
//! ORC │ stripe │ stripe │ … │ stripe statistics │ footer: types, stripes │ postscript │ postscript's length, 1 byte
//!                           └──────── compressed as the postscript says ─┘ └───────── plain ──────────────────────┘
//! ```
//!
//! The library is never shown this tail: it follows what a footer says without looking (a type that is its own child, a
//! chunk of 2^60 bytes). It gets one made of what was checked.

use std::{io::Read, ops::Range, sync::Arc};

use orc_rust::{
    compression::{Compression, Decompressor},
    error::OrcError,
    proto::{self, CompressionKind, Footer, Metadata, PostScript, StripeInformation, Type},
    reader::metadata::{FileMetadata, read_metadata},
};
use prost::Message;
use tidelake_format::{Bytes, Error, FileRead, FormatContext, Result, RowGroup};

use crate::{
    fault::{corrupt, guard, of_reading, unsupported},
    open_file::OrcFile,
    types::{Refused, check},
};

/// What is read first; larger tails take a second request.
const FIRST_READ_BYTES: u64 = 64 * 1024;
/// Headers of compressed chunks have 23 bits for a length.
const CHUNK_BYTES_MAX: u64 = 1 << 23;
/// What writers use that do not say.
const CHUNK_BYTES_DEFAULT: u64 = 256 * 1024;

/// Reads and parses the tail.
pub(crate) async fn read_tail(file: Arc<dyn FileRead>, context: &FormatContext) -> Result<OrcFile> {
    let path = file.path().to_string();
    let size = file.size_bytes().await?;
    let start = size - size.min(FIRST_READ_BYTES);
    let mut last = read_one(&*file, start..size, &path).await?;
    let tail = Tail::parse(&path, size, &last)?;
    let tail_bytes = size - tail.start;
    if tail_bytes > context.footer_bytes_max {
        return Err(Error::too_large(path, "the footer", tail_bytes, context.footer_bytes_max));
    }
    if tail.start < start {
        last = read_one(&*file, tail.start..size, &path).await?;
    } else {
        last = last.slice((tail.start - start) as usize..);
    }
    let footer_bytes_max = context.footer_bytes_max;
    context.runtime.compute(move || guard(&path.clone(), || parse(path, tail, &last, footer_bytes_max))).await
}

async fn read_one(file: &dyn FileRead, range: Range<u64>, path: &str) -> Result<Bytes> {
    let wanted = range.end - range.start;
    match file.read_many(&[range]).await?.pop() {
        Some(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
        _ => Err(corrupt(path, "the storage answered with another number of bytes")),
    }
}

/// What the postscript says.
struct Tail {
    /// Where the stripe statistics begin, and with them all that is not stripes.
    start: u64,
    metadata_bytes: usize,
    footer_bytes: usize,
    codec: Codec,
}

impl Tail {
    fn parse(path: &str, size: u64, last: &Bytes) -> Result<Self> {
        let Some((length, before)) = last.split_last() else { return Err(corrupt(path, "it is empty")) };
        let at = before.len().checked_sub(usize::from(*length));
        let Some(at) = at else { return Err(corrupt(path, "it is shorter than its postscript")) };
        let postscript = PostScript::decode(&before[at..])
            .map_err(|error| corrupt(path, format!("its postscript (at the end) is broken: {error}")))?;
        if postscript.magic() != "ORC" {
            return Err(corrupt(path, "its postscript (at the end) does not say ORC"));
        }
        let codec = Codec::of(&postscript).map_err(|reason| corrupt(path, reason))?;
        let tail_bytes = u64::from(*length) + 1;
        let start = postscript
            .footer_length()
            .checked_add(postscript.metadata_length())
            .and_then(|bytes| (size - tail_bytes).checked_sub(bytes));
        let Some(start) = start else {
            return Err(corrupt(path, format!("its footer does not fit into {size} bytes")));
        };
        let (metadata_bytes, footer_bytes) =
            (postscript.metadata_length() as usize, postscript.footer_length() as usize);
        Ok(Self { start, metadata_bytes, footer_bytes, codec })
    }
}

fn parse(path: String, tail: Tail, last: &Bytes, footer_bytes_max: u64) -> Result<OrcFile> {
    let broken = |what: &str, error: &dyn std::fmt::Display| corrupt(&path, format!("its {what} is broken: {error}"));
    let compression = tail.codec.compression().map_err(|error| of_reading(&path, error))?;
    let plain = |part: Range<usize>, what: &str| {
        let plain =
            plain_bytes(last.slice(part), compression, footer_bytes_max).map_err(|error| broken(what, &error))?;
        plain.ok_or_else(|| Error::too_large(&path, what, footer_bytes_max.saturating_add(1), footer_bytes_max))
    };
    let metadata = plain(0..tail.metadata_bytes, "stripe statistics")?;
    let metadata = Metadata::decode(&metadata[..]).map_err(|error| broken("stripe statistics", &error))?;
    let footer = plain(tail.metadata_bytes..tail.metadata_bytes + tail.footer_bytes, "footer")?;
    let footer = Footer::decode(&footer[..]).map_err(|error| broken("footer", &error))?;

    if footer.encryption.is_some() {
        return Err(unsupported(format!("read {path}: it is encrypted")));
    }
    check(&footer.types).map_err(|refused| match refused {
        Refused::Corrupt(reason) => corrupt(&path, reason),
        Refused::Unsupported(what) => unsupported(format!("read {path}: it has {what}")),
    })?;
    let row_groups = row_groups(&footer, tail.start).map_err(|reason| corrupt(&path, reason))?;
    for stripe in &footer.stripes {
        if stripe.footer_length() > footer_bytes_max {
            return Err(Error::too_large(path, "a stripe's footer", stripe.footer_length(), footer_bytes_max));
        }
    }
    let mut statistics: Vec<_> = metadata.stripe_stats.into_iter().map(|stripe| stripe.col_stats).collect();
    if statistics.len() != row_groups.len() {
        // Of a file with one stripe the footer says the same.
        statistics = if row_groups.len() == 1 { vec![footer.statistics] } else { Vec::new() };
    }
    let file = OrcFile {
        path,
        schema: crate::schema::stored_schema(&footer.types),
        types: footer.types,
        codec: tail.codec,
        compression,
        footer_bytes_max,
        stripes: footer.stripes,
        row_groups,
        statistics,
    };
    Ok(file)
}

/// Where the stripes are; refuses what would lead a reader out of them.
fn row_groups(footer: &Footer, end_of_stripes: u64) -> Result<Vec<RowGroup>, String> {
    let mut first_row = 0_u64;
    let mut groups = Vec::with_capacity(footer.stripes.len());
    for (index, stripe) in footer.stripes.iter().enumerate() {
        let end = end_of(stripe).filter(|end| *end <= end_of_stripes);
        let Some(end) = end else { return Err(format!("stripe {index} lies outside of the file's stripes")) };
        groups.push(RowGroup { first_row, num_rows: stripe.number_of_rows(), bytes: stripe.offset()..end });
        first_row = first_row.checked_add(stripe.number_of_rows()).ok_or("it has too many rows")?;
    }
    match footer.number_of_rows {
        Some(rows) if rows != first_row => Err(format!("it has {rows} rows, its stripes have {first_row}")),
        _ if first_row > i64::MAX as u64 => Err("it has too many rows".to_owned()),
        _ => Ok(groups),
    }
}

fn end_of(stripe: &StripeInformation) -> Option<u64> {
    let parts = [stripe.index_length(), stripe.data_length(), stripe.footer_length()];
    parts.into_iter().try_fold(stripe.offset(), u64::checked_add)
}

/// Decompresses; `None` if there is more than `bytes_max`.
pub(crate) fn plain_bytes(
    stored: Bytes,
    compression: Option<Compression>,
    bytes_max: u64,
) -> std::io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    let decompressor = Decompressor::new(stored, compression, Vec::new());
    decompressor.take(bytes_max.saturating_add(1)).read_to_end(&mut plain)?;
    Ok((plain.len() as u64 <= bytes_max).then_some(plain))
}

/// How streams are compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codec {
    kind: CompressionKind,
    chunk_bytes: u64,
}

impl Codec {
    fn of(postscript: &PostScript) -> Result<Self, String> {
        let number = postscript.compression.unwrap_or(0);
        let kind = CompressionKind::try_from(number).map_err(|_| format!("its compression {number} is not known"))?;
        let chunk_bytes = postscript.compression_block_size.unwrap_or(CHUNK_BYTES_DEFAULT);
        if kind != CompressionKind::None && chunk_bytes > CHUNK_BYTES_MAX {
            return Err(format!("its compressed chunks may not have {chunk_bytes} bytes"));
        }
        Ok(Self { kind, chunk_bytes })
    }

    fn compression(self) -> Result<Option<Compression>, OrcError> {
        let root = Type { kind: Some(proto::r#type::Kind::Struct as i32), ..Type::default() };
        Ok(self.library_metadata(&[root])?.compression())
    }

    /// What the library knows of a file with these types, which are checked, and without stripes.
    pub(crate) fn library_metadata(self, types: &[Type]) -> Result<FileMetadata, OrcError> {
        let footer = Footer { types: types.to_vec(), ..Footer::default() };
        let mut tail = self.stored(&footer.encode_to_vec());
        let postscript = PostScript {
            footer_length: Some(tail.len() as u64),
            metadata_length: Some(0),
            compression: Some(self.kind as i32),
            compression_block_size: Some(self.chunk_bytes),
            ..PostScript::default()
        };
        let postscript = postscript.encode_to_vec();
        tail.extend_from_slice(&postscript);
        // Four numbers, each of at most eleven bytes.
        tail.push(postscript.len() as u8);
        read_metadata(&mut Bytes::from(tail))
    }

    /// In the frame of a stream, not compressed: each chunk has a header of three bytes, its length times two plus one.
    pub(crate) fn stored(self, plain: &[u8]) -> Vec<u8> {
        if self.kind == CompressionKind::None {
            return plain.to_vec();
        }
        let mut framed = Vec::with_capacity(plain.len() + 3);
        for chunk in plain.chunks(CHUNK_BYTES_MAX as usize / 2) {
            let header = (chunk.len() as u32) << 1 | 1;
            framed.extend_from_slice(&header.to_le_bytes()[..3]);
            framed.extend_from_slice(chunk);
        }
        framed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_reads_the_tail_that_is_made_for_it() {
        let types = [
            Type {
                kind: Some(proto::r#type::Kind::Struct as i32),
                subtypes: vec![1],
                field_names: vec!["x".repeat(5_000_000)],
                ..Type::default()
            },
            Type { kind: Some(proto::r#type::Kind::Int as i32), ..Type::default() },
        ];
        for kind in [CompressionKind::None, CompressionKind::Zstd, CompressionKind::Snappy] {
            let metadata = Codec { kind, chunk_bytes: 1 << 16 }.library_metadata(&types).unwrap();
            assert_eq!(metadata.root_data_type().children()[0].name().len(), 5_000_000);
            assert_eq!(metadata.compression().is_none(), kind == CompressionKind::None);
        }
    }
}
