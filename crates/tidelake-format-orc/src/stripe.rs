//! The bytes of a stripe: which are needed, and the library's way to them.
//!
//! ```text
//! │ indexes │ streams of the columns, one after another │ stripe footer: the streams' kinds, columns and lengths │
//! ```
//!
//! The library gets a stripe footer made of what was checked: streams that nobody wants belong to no column there, and
//! time zones that are UTC by another name are UTC.

use std::{io, ops::Range};

use bytes::buf::{Buf, Reader};
use orc_rust::{
    compression::Compression,
    proto::{StripeFooter, StripeInformation, Type, column_encoding, stream::Kind, r#type},
    reader::ChunkReader,
    schema::RootDataType,
};
use prost::Message;
use tidelake_format::Bytes;

use crate::{
    lengths::{RunVersion, sum},
    tail::{Codec, plain_bytes},
    types::kind,
};

/// An entry of a dictionary takes more than a thousandth of a byte: distinct texts do not compress so well. Said sizes are
/// allocated before an entry is read.
const DICTIONARY_ENTRIES_PER_BYTE: u64 = 1_024;

/// So many elements lists may always have, more only in proportion to the stripe's bytes. They too are allocated before
/// one is read.
const ELEMENTS: u64 = 1 << 24;
const ELEMENTS_PER_BYTE: u64 = 1 << 16;
/// A length takes no more bytes than this, uncompressed.
const BYTES_PER_LENGTH: u64 = 10;

/// Stands for no column.
const NO_COLUMN: u32 = u32::MAX;

/// Names under which writers mean UTC.
const UTC_NAMES: [&str; 12] = [
    "UTC",
    "GMT",
    "UCT",
    "Z",
    "Zulu",
    "Universal",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/UCT",
    "Etc/Zulu",
    "Etc/Universal",
    "GMT0",
];

/// Where the footer of a stripe is. The stripe is known to lie in the file.
pub(crate) fn footer_range(stripe: &StripeInformation) -> Range<u64> {
    let start = stripe.offset() + stripe.index_length() + stripe.data_length();
    start..start + stripe.footer_length()
}

/// A checked stripe footer, and where its wanted streams are.
pub(crate) struct StripePlan {
    footer_range: Range<u64>,
    footer: Bytes,
    /// Of the wanted streams, neighbours joined.
    pub(crate) ranges: Vec<Range<u64>>,
    /// Of the lengths of lists and maps among them.
    lengths: Vec<(Range<u64>, RunVersion)>,
    elements_max: u64,
}

impl StripePlan {
    /// Of the columns in `root`, which are some of `types`.
    pub(crate) fn new(
        mut footer: StripeFooter,
        stripe: &StripeInformation,
        root: &RootDataType,
        types: &[Type],
        codec: Codec,
    ) -> Result<Self, String> {
        if footer.columns.len() != types.len() {
            return Err(format!("a stripe has {} columns, the file {}", footer.columns.len(), types.len()));
        }
        let Streams { ranges, lengths } = wanted_streams(&mut footer, stripe, root, types)?;
        if footer.writer_timezone.as_deref().is_some_and(|zone| UTC_NAMES.contains(&zone)) {
            footer.writer_timezone = Some("UTC".to_owned());
        }
        let footer = codec.stored(&footer.encode_to_vec()).into();
        let elements_max = stripe.data_length().saturating_mul(ELEMENTS_PER_BYTE).clamp(ELEMENTS, i32::MAX as u64);
        Ok(Self { footer_range: footer_range(stripe), footer, ranges, lengths, elements_max })
    }

    /// Refuses lists and maps of more elements than the stripe can hold.
    pub(crate) fn check_lengths(&self, fetched: &Fetched, compression: Option<Compression>) -> Result<(), String> {
        for (range, version) in &self.lengths {
            let stream = fetched.get(range).ok_or("its bytes did not come")?;
            let bytes_max = self.elements_max * BYTES_PER_LENGTH;
            let plain = plain_bytes(stream, compression, bytes_max).map_err(|error| error.to_string())?;
            let elements = plain.and_then(|plain| sum(&plain, *version));
            if elements.is_none_or(|elements| elements > self.elements_max) {
                return Err(format!("the lengths of lists at {range:?} make no sense"));
            }
        }
        Ok(())
    }
}

struct Streams {
    ranges: Vec<Range<u64>>,
    lengths: Vec<(Range<u64>, RunVersion)>,
}

fn wanted_streams(
    footer: &mut StripeFooter,
    stripe: &StripeInformation,
    root: &RootDataType,
    types: &[Type],
) -> Result<Streams, String> {
    let end_of_data = footer_range(stripe).start;
    let mut ranges: Vec<Range<u64>> = Vec::new();
    let mut lengths = Vec::new();
    let mut dictionary_bytes = vec![0; footer.columns.len()];
    let mut start = stripe.offset();
    for stream in &mut footer.streams {
        let end = start.checked_add(stream.length()).filter(|end| *end <= end_of_data);
        let Some(end) = end else { return Err(format!("a stream of column {} leaves its stripe", stream.column())) };
        let column = stream.column.unwrap_or(NO_COLUMN) as usize;
        let stream_kind = stream.kind.and_then(|kind| Kind::try_from(kind).ok());
        let is_data = matches!(
            stream_kind,
            Some(Kind::Present | Kind::Data | Kind::Length | Kind::DictionaryData | Kind::Secondary)
        );
        if is_data && root.contains_column_index(column) {
            if stream_kind == Some(Kind::DictionaryData)
                && let Some(bytes) = dictionary_bytes.get_mut(column)
            {
                *bytes = stream.length();
            }
            let is_collection = types
                .get(column)
                .is_some_and(|node| matches!(kind(node), Some(r#type::Kind::List | r#type::Kind::Map)));
            if stream_kind == Some(Kind::Length) && is_collection {
                let version = match footer.columns[column].kind() {
                    column_encoding::Kind::Direct | column_encoding::Kind::Dictionary => RunVersion::One,
                    column_encoding::Kind::DirectV2 | column_encoding::Kind::DictionaryV2 => RunVersion::Two,
                };
                lengths.push((start..end, version));
            }
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => ranges.push(start..end),
            }
        } else {
            stream.column = Some(NO_COLUMN);
        }
        start = end;
    }
    for (column, bytes) in dictionary_bytes.into_iter().enumerate() {
        let entries = u64::from(footer.columns[column].dictionary_size());
        if root.contains_column_index(column) && entries > 1 + bytes.saturating_mul(DICTIONARY_ENTRIES_PER_BYTE) {
            return Err(format!("column {column} cannot have a dictionary of {entries} entries in {bytes} bytes"));
        }
    }
    ranges.retain(|range| !range.is_empty());
    Ok(Streams { ranges, lengths })
}

/// Bytes that were fetched of a file.
#[derive(Default)]
pub(crate) struct Fetched(Vec<(Range<u64>, Bytes)>);

impl Fetched {
    pub(crate) fn add(&mut self, bytes: Vec<(Range<u64>, Bytes)>) {
        self.0.extend(bytes.into_iter().filter(|(range, bytes)| range.end - range.start == bytes.len() as u64));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn get(&self, wanted: &Range<u64>) -> Option<Bytes> {
        if wanted.is_empty() {
            return Some(Bytes::new());
        }
        let (range, bytes) = self.0.iter().find(|(range, _)| range.start <= wanted.start && wanted.end <= range.end)?;
        Some(bytes.slice((wanted.start - range.start) as usize..(wanted.end - range.start) as usize))
    }

    /// Those of the ranges that are not here.
    pub(crate) fn missing(&self, ranges: &[Range<u64>]) -> Vec<Range<u64>> {
        ranges.iter().filter(|range| self.get(range).is_none()).cloned().collect()
    }
}

/// What the library reads a stripe from.
pub(crate) struct StripeReader<'a> {
    pub(crate) plan: &'a StripePlan,
    pub(crate) fetched: &'a Fetched,
}

impl ChunkReader for StripeReader<'_> {
    type T = Reader<Bytes>;

    fn len(&self) -> u64 {
        self.plan.footer_range.end
    }

    fn get_read(&self, _offset: u64) -> io::Result<Self::T> {
        Ok(Bytes::new().reader())
    }

    fn get_bytes(&self, offset: u64, length: u64) -> io::Result<Bytes> {
        let range = offset..offset.saturating_add(length);
        if range == self.plan.footer_range {
            return Ok(self.plan.footer.clone());
        }
        self.fetched.get(&range).ok_or_else(|| io::Error::other(format!("nobody asked for the bytes at {range:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_inside_of_what_was_fetched() {
        let mut fetched = Fetched::default();
        fetched.add(vec![(10..14, Bytes::from_static(b"abcd")), (20..30, Bytes::from_static(b"short"))]);
        assert_eq!(fetched.get(&(11..13)).unwrap(), "bc");
        assert_eq!(fetched.missing(&[10..14, 13..15, 20..25, 99..99]), [13..15, 20..25]);
    }
}
