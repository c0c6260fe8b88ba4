//! The container around rows: its header, and blocks unfolded.
//!
//! ```text
//! file    "Obj" 0x01 | map: avro.schema, avro.codec | sync (16) | block …
//! block   long: rows | long: bytes | rows, compressed as one | sync (16)
//! ```

use std::{fmt::Display, io::Read};

use bytes::Bytes;

use crate::{
    cursor::Cursor,
    fault::{Result, broken, unsupported},
    schema::Type,
};

/// A block takes at most so many bytes, folded and unfolded.
pub(crate) const BLOCK_BYTES_MAX: u64 = 256 << 20;
pub(crate) const SYNC_BYTES: usize = 16;
const MAGIC: &[u8] = b"Obj\x01";

/// What a file says of itself.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) schema: Type,
    pub(crate) codec: Codec,
    pub(crate) sync: [u8; SYNC_BYTES],
    /// How many bytes it takes, without the sync marker behind it.
    pub(crate) length: usize,
}

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
}

impl Header {
    /// From a file's first bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        if cursor.take(MAGIC.len())? != MAGIC {
            return broken("it does not begin as an Avro file");
        }
        let (mut schema, mut codec) = (None, Codec::Null);
        loop {
            let entries = cursor.run()?.items;
            if entries == 0 {
                break;
            }
            for _ in 0..entries {
                match (cursor.bytes()?, cursor.bytes()?) {
                    (b"avro.schema", json) => schema = Some(Type::parse(json)?),
                    (b"avro.codec", name) => codec = Codec::named(name)?,
                    _ => {}
                }
            }
        }
        let Some(schema) = schema else { return broken("its header has no schema") };
        let length = bytes.len() - cursor.remaining();
        Ok(Self { schema, codec, sync: cursor.array()?, length })
    }
}

impl Codec {
    fn named(name: &[u8]) -> Result<Self> {
        match name {
            b"null" | b"" => Ok(Self::Null),
            b"deflate" => Ok(Self::Deflate),
            b"snappy" => Ok(Self::Snappy),
            b"zstandard" => Ok(Self::Zstandard),
            b"bzip2" | b"xz" => unsupported(format!("it is compressed with {}", String::from_utf8_lossy(name))),
            _ => broken(format!("its codec is `{}`", String::from_utf8_lossy(name))),
        }
    }

    /// The rows of a block. Never takes more memory than [`BLOCK_BYTES_MAX`], whatever the bytes say.
    pub(crate) fn unfold(self, folded: &Bytes) -> Result<Bytes> {
        match self {
            Self::Null => Ok(folded.clone()),
            Self::Deflate => self.unfold_stream(flate2::read::DeflateDecoder::new(&folded[..])),
            Self::Zstandard => match zstd::stream::read::Decoder::new(&folded[..]) {
                Ok(stream) => self.unfold_stream(stream),
                Err(error) => self.failed(error),
            },
            Self::Snappy => self.unfold_snappy(folded),
        }
    }

    fn unfold_stream(self, stream: impl Read) -> Result<Bytes> {
        let mut out = Vec::new();
        match stream.take(BLOCK_BYTES_MAX + 1).read_to_end(&mut out) {
            Ok(_) if out.len() as u64 > BLOCK_BYTES_MAX => too_large(),
            Ok(_) => Ok(out.into()),
            Err(error) => self.failed(error),
        }
    }

    /// The CRC of the rows stands behind them.
    fn unfold_snappy(self, stored: &[u8]) -> Result<Bytes> {
        let Some((folded, checksum)) = stored.split_last_chunk::<4>() else {
            return broken("it is too short for its checksum");
        };
        match snap::raw::decompress_len(folded) {
            Ok(length) if length as u64 > BLOCK_BYTES_MAX => return too_large(),
            Ok(_) => {}
            Err(error) => return self.failed(error),
        }
        match snap::raw::Decoder::new().decompress_vec(folded) {
            Ok(out) if crc32fast::hash(&out) == u32::from_be_bytes(*checksum) => Ok(out.into()),
            Ok(_) => broken("its checksum differs"),
            Err(error) => self.failed(error),
        }
    }

    fn failed<T>(self, error: impl Display) -> Result<T> {
        broken(format!("its {self:?} bytes cannot be unfolded: {error}"))
    }
}

fn too_large<T>() -> Result<T> {
    broken(format!("it unfolds to more than {BLOCK_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_unfold_without_end_are_refused() {
        let huge = vec![0; BLOCK_BYTES_MAX as usize + 1];
        let folded = zstd::bulk::compress(&huge, 1).expect("zeros");
        assert!(folded.len() < 1 << 20);
        assert!(Codec::Zstandard.unfold(&folded.into()).is_err());
        assert!(Codec::Snappy.unfold(&Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0])).is_err());
    }
}
