//! The table options that append buckets read.

use tidelake_types::{Bytes64, OptionKey};

/// Option `write-buffer-size`.
pub const WRITE_BUFFER_SIZE: OptionKey<Bytes64> = OptionKey::new("write-buffer-size", || Bytes64::mebi(256))
    .describe("What a bucket holds in memory before it writes a file; an append bucket at most 64 mb.");
