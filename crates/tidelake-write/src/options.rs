//! The table options that writing reads.

use tidelake_types::{Bytes64, OptionKey};

/// `write-buffer-size`
pub const WRITE_BUFFER_SIZE: OptionKey<Bytes64> = OptionKey::new("write-buffer-size", || Bytes64(256 << 20))
    .describe("How many bytes of rows a writer holds in memory before it flushes its largest bucket.");
