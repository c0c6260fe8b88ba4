//! Avro object container files, as manifests are stored: a small codec of our own.
//!
//! General readers stop quietly at a block that is cut off, take sync markers on trust and inflate without limit; a
//! table would lose files without a word. This one reads every byte, checks every count, and bounds every size.
//!
//! ```text
//! file    "Obj" 0x01 | map: avro.schema, avro.codec | sync (16) | block …
//! block   long: records | long: bytes | records, compressed as one | sync (16)
//! long    zigzag, then 7 bits a byte, lowest first          bytes, string   long: length | bytes
//! union   long: branch | value                              array, map      (long: items | items)… | 0
//! record  its fields, one after the other                   (items < 0: -items | long: bytes | items)
//! ```
//!
//! Fields are found by name, so that every dialect is read alike: files of older and newer writers, and files whose
//! records are unions with null. See [`Shape`].

mod container;
mod cursor;
mod encode;
mod row;
mod schema;

pub(crate) use container::{Codec, ContainerWriter, read_container};
pub(crate) use encode::Encoder;
pub(crate) use row::{Row, Shape};

/// Why bytes were refused.
#[derive(Debug)]
pub(crate) enum Fault {
    /// They break the format.
    Broken(String),
    /// A codec, or another file format, that is not read.
    Unsupported(String),
}

type Result<T> = std::result::Result<T, Fault>;

/// A `Broken` fault.
pub(crate) fn broken<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault::Broken(reason.into()))
}

impl Fault {
    fn at(self, place: &str) -> Self {
        match self {
            Self::Broken(reason) => Self::Broken(format!("{reason} {place}")),
            other => other,
        }
    }
}
