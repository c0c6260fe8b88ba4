//! The container around records: header, blocks, codecs, sync markers.

use std::io::Read;

use super::{
    Encoder, Fault, Result, broken,
    cursor::Cursor,
    row::{Row, RowReader, Shape},
    schema::Type,
};

const MAGIC: &[u8; 4] = b"Obj\x01";
/// A block unfolds to at most so many bytes, and all blocks of a file together.
const BLOCK_BYTES_MAX: u64 = 256 << 20;
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Java's writer ends a block when its records take so many bytes.
const BLOCK_BYTES: usize = 64_000;

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Null,
    Deflate,
    Snappy,
    /// The level to write with.
    Zstandard(i32),
}

/// Every record of a file, each made into a value as soon as it is read. The file must be whole, to its last byte.
pub(crate) fn read_container<T>(
    bytes: &[u8],
    shape: &Shape,
    mut make: impl FnMut(&mut Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut cursor = Cursor::new(bytes);
    let header = Header::read(&mut cursor)?;
    let mut values = Vec::new();
    let mut left = FILE_BYTES_MAX;
    while cursor.remaining() > 0 {
        let place = format!("in the block at byte {}", bytes.len() - cursor.remaining());
        read_block(&mut cursor, &header, &mut left, |records, block| {
            let mut rows = RowReader::new(&header.schema, shape)?;
            let mut block = Cursor::new(block);
            values.reserve(records);
            for _ in 0..records {
                values.push(make(rows.next(&mut block)?)?);
            }
            match block.remaining() {
                0 => Ok(()),
                more => broken(format!("{more} bytes follow the last record")),
            }
        })
        .map_err(|fault| fault.at(&place))?;
    }
    Ok(values)
}

struct Header {
    schema: Type,
    codec: Codec,
    sync: [u8; 16],
}

impl Header {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        match cursor.take(4) {
            Ok(magic) if magic == MAGIC => {}
            Ok(magic) if magic == b"PAR1" => return Err(Fault::Unsupported("it is a Parquet file".to_owned())),
            Ok(magic) if magic.starts_with(b"ORC") => return Err(Fault::Unsupported("it is an ORC file".to_owned())),
            _ => return broken("it does not begin as an Avro file"),
        }
        let (mut schema, mut codec) = (None, Codec::Null);
        loop {
            let entries = cursor.run()?;
            if entries == 0 {
                break;
            }
            for _ in 0..entries {
                match (cursor.string()?, cursor.bytes()?) {
                    ("avro.schema", json) => {
                        let json = std::str::from_utf8(json)
                            .map_err(|error| Fault::Broken(format!("the schema is not UTF-8: {error}")))?;
                        schema = Some(Type::parse(json)?);
                    }
                    ("avro.codec", name) => codec = Codec::from_header(name)?,
                    _ => {}
                }
            }
        }
        let Some(schema) = schema else { return broken("its header has no schema") };
        let mut sync = [0; 16];
        sync.copy_from_slice(cursor.take(16)?);
        Ok(Self { schema, codec, sync })
    }
}

fn read_block(
    cursor: &mut Cursor<'_>,
    header: &Header,
    left: &mut u64,
    mut read: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    let records = cursor.long()?;
    let stored = cursor.bytes()?;
    if cursor.take(16)? != header.sync {
        return broken("the sync marker differs from the header's");
    }
    let unfolded;
    let block = match header.codec {
        Codec::Null => stored,
        codec => {
            unfolded = codec.decompress(stored, BLOCK_BYTES_MAX.min(*left))?;
            &unfolded
        }
    };
    *left = left.saturating_sub(block.len() as u64);
    match usize::try_from(records) {
        Ok(records) if records <= block.len() => read(records, block),
        _ => broken(format!("{records} records are announced in {} bytes", block.len())),
    }
}

impl Codec {
    fn from_header(name: &[u8]) -> Result<Self> {
        match name {
            b"null" | b"" => Ok(Self::Null),
            b"deflate" => Ok(Self::Deflate),
            b"snappy" => Ok(Self::Snappy),
            b"zstandard" => Ok(Self::Zstandard(1)),
            b"bzip2" | b"xz" => {
                Err(Fault::Unsupported(format!("it is compressed with {}", String::from_utf8_lossy(name))))
            }
            _ => broken(format!("its codec is `{}`", String::from_utf8_lossy(name))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard(_) => "zstandard",
        }
    }

    fn decompress(self, stored: &[u8], bytes_max: u64) -> Result<Vec<u8>> {
        let failed =
            |error: &dyn std::fmt::Display| Fault::Broken(format!("{} cannot unfold it: {error}", self.name()));
        let unfold = |source: &mut dyn Read| {
            let mut out = Vec::new();
            source.take(bytes_max + 1).read_to_end(&mut out).map_err(|error| failed(&error))?;
            if out.len() as u64 > bytes_max {
                broken(format!("it unfolds to more than {bytes_max} bytes"))
            } else {
                Ok(out)
            }
        };
        match self {
            Self::Null => Ok(stored.to_vec()),
            Self::Deflate => unfold(&mut flate2::read::DeflateDecoder::new(stored)),
            Self::Zstandard(_) => {
                unfold(&mut zstd::stream::read::Decoder::new(stored).map_err(|error| failed(&error))?)
            }
            Self::Snappy => {
                let Some((folded, checksum)) = stored.split_last_chunk::<4>() else {
                    return broken("a block is too short for its checksum");
                };
                let length = snap::raw::decompress_len(folded).map_err(|error| failed(&error))?;
                if length as u64 > bytes_max {
                    return broken(format!("it unfolds to more than {bytes_max} bytes"));
                }
                let out = snap::raw::Decoder::new().decompress_vec(folded).map_err(|error| failed(&error))?;
                if crc32fast::hash(&out) == u32::from_be_bytes(*checksum) {
                    Ok(out)
                } else {
                    broken("a block's checksum differs")
                }
            }
        }
    }
}

/// Writes a file: records are encoded into [`Self::record`]'s buffer, blocks end by themselves.
pub(crate) struct ContainerWriter {
    out: Encoder,
    block: Encoder,
    records: i64,
    codec: Codec,
    sync: [u8; 16],
}

impl ContainerWriter {
    /// The header holds schema and codec only. The sync marker follows from the file's name, which is unique.
    pub(crate) fn new(schema: &str, codec: Codec, file_name: &str) -> Self {
        let sync = sync_of(file_name);
        let mut out = Encoder::default();
        out.raw(MAGIC);
        out.long(2);
        for (key, value) in [("avro.schema", schema), ("avro.codec", codec.name())] {
            out.string(key);
            out.string(value);
        }
        out.long(0);
        out.raw(&sync);
        Self { out, block: Encoder::default(), records: 0, codec, sync }
    }

    /// Adds a record.
    pub(crate) fn record(&mut self, encode: impl FnOnce(&mut Encoder)) -> std::io::Result<()> {
        encode(&mut self.block);
        self.records += 1;
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    /// Bytes of finished blocks.
    pub(crate) fn finished_bytes(&self) -> u64 {
        self.out.len() as u64
    }

    /// The whole file.
    pub(crate) fn finish(mut self) -> std::io::Result<Vec<u8>> {
        self.end_block()?;
        Ok(self.out.into_bytes())
    }

    fn end_block(&mut self) -> std::io::Result<()> {
        if self.records == 0 {
            return Ok(());
        }
        let block = std::mem::take(&mut self.block).into_bytes();
        self.out.long(self.records);
        self.out.bytes(&self.codec.compress(block)?);
        self.out.raw(&self.sync);
        self.records = 0;
        Ok(())
    }
}

impl Codec {
    fn compress(self, block: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Null => Ok(block),
            Self::Deflate => {
                let mut out = Vec::new();
                flate2::read::DeflateEncoder::new(block.as_slice(), flate2::Compression::default())
                    .read_to_end(&mut out)?;
                Ok(out)
            }
            Self::Snappy => {
                let mut out = snap::raw::Encoder::new().compress_vec(&block).map_err(std::io::Error::other)?;
                out.extend_from_slice(&crc32fast::hash(&block).to_be_bytes());
                Ok(out)
            }
            Self::Zstandard(level) => {
                let mut compressor = zstd::bulk::Compressor::new(level)?;
                compressor.include_checksum(true)?;
                compressor.compress(&block)
            }
        }
    }
}

/// Sixteen bytes that differ from file to file, and are the same when the same file is written again.
fn sync_of(file_name: &str) -> [u8; 16] {
    let mut sync = [0; 16];
    for (index, part) in sync.chunks_exact_mut(4).enumerate() {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&[index as u8, 0x5d]);
        hasher.update(file_name.as_bytes());
        part.copy_from_slice(&hasher.finalize().to_le_bytes());
    }
    sync
}
