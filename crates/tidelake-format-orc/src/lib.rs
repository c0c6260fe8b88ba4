//! ORC: Arrow out, from the bytes that Java Paimon writes. Reading only.
//!
//! [`OrcFormat`] is all there is to use; give it to a `FormatRegistry`. Compression and encodings are the library's; what
//! may be read at all is decided here, before the library sees it: see `tail` and `stripe`.

mod convert;
mod decoder;
mod fault;
mod format;
mod lengths;
mod open_file;
mod positions;
mod schema;
mod statistics;
mod stripe;
mod tail;
mod timestamp;
mod types;

pub use format::OrcFormat;
