//! Options that the format reads. Those with a `#column` variant (`parquet.compression#city`) take a dotted path of names.

use parquet::{
    basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion},
    schema::types::ColumnPath,
};
use tidelake_format::{Options, Result, StatisticsMode};
use tidelake_types::{Bytes64, OptionKey};

use crate::fault::invalid_input;

/// The codec: none, snappy, gzip, lz4, lz4_raw, brotli or zstd.
pub const COMPRESSION: OptionKey<String> = OptionKey::new("parquet.compression", || "zstd".to_owned())
    .or(&["file.compression"])
    .describe("Codec of Parquet pages: none, snappy, gzip, lz4, lz4_raw, brotli, zstd.");

/// The level of zstd.
pub const ZSTD_LEVEL: OptionKey<i32> = OptionKey::new("parquet.compression.codec.zstd.level", || 1)
    .or(&["file.compression.zstd-level"])
    .describe("Level of zstd, 1 (fast) to 22 (small).");

/// Whether columns may be dictionary-encoded; those that do not gain by it are written plain anyway.
pub const DICTIONARY: OptionKey<bool> =
    OptionKey::new("parquet.enable.dictionary", || true).describe("Dictionary encoding of Parquet columns.");

/// Encoded bytes after which a row group ends.
pub const BLOCK_BYTES: OptionKey<Bytes64> = OptionKey::new("parquet.block.size", || Bytes64::mebi(128))
    .or(&["file.block-size"])
    .describe("Encoded size at which a Parquet row group ends.");

/// Bytes of a page before compression.
pub const PAGE_BYTES: OptionKey<Bytes64> =
    OptionKey::new("parquet.page.size", || Bytes64::mebi(1)).describe("Size of a Parquet page before compression.");

/// Rows of a page; Java's default. Pages of all columns end together where they are not too large for it, so that a part of
/// the rows is read without pages of which most is thrown away.
pub(crate) const PAGE_ROWS: usize = 20_000;

/// Values longer than this make the bounds in the footer shorter than the values.
const BOUND_BYTES_MAX: usize = 4096;

/// What of the options is for the library. `modes` decide how long the bounds in the footer must be.
pub(crate) fn writer_properties(options: &Options, modes: &[StatisticsMode]) -> Result<WriterPropertiesBuilder> {
    let level = options.get(&ZSTD_LEVEL)?;
    let page_bytes = usize::try_from(options.get(&PAGE_BYTES)?.0).unwrap_or(usize::MAX).max(1);
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("tidelake version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(bound_bytes(modes)))
        .set_data_page_size_limit(page_bytes)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(page_bytes)
        .set_dictionary_enabled(options.get(&DICTIONARY)?)
        .set_compression(codec(&options.get(&COMPRESSION)?, level)?);
    for (column, name) in of_columns(options, COMPRESSION.name()) {
        builder = builder.set_column_compression(column, codec(name, level)?);
    }
    for (column, flag) in of_columns(options, DICTIONARY.name()) {
        builder = builder.set_column_dictionary_enabled(column, switch(flag)?);
    }
    for (column, flag) in of_columns(options, "parquet.bloom.filter.enabled") {
        builder = builder.set_column_bloom_filter_enabled(column, switch(flag)?);
    }
    Ok(builder)
}

/// Whether the column's own dictionary option says yes or no; `None` where it is not given.
pub(crate) fn dictionary_of(options: &Options, column: &str) -> Option<bool> {
    options.text(&format!("{}#{column}", DICTIONARY.name())).and_then(|text| switch(text).ok())
}

/// Enough bytes that cutting to the mode's characters afterwards gives what cutting the value itself would.
fn bound_bytes(modes: &[StatisticsMode]) -> usize {
    let bytes = modes.iter().map(|mode| match mode {
        StatisticsMode::Full => BOUND_BYTES_MAX,
        StatisticsMode::Truncate(length) => (*length as usize).saturating_add(1).saturating_mul(4),
        StatisticsMode::None | StatisticsMode::Counts => 0,
    });
    bytes.max().unwrap_or(0).clamp(64, BOUND_BYTES_MAX)
}

fn of_columns<'a>(options: &'a Options, key: &'a str) -> impl Iterator<Item = (ColumnPath, &'a str)> {
    options.iter().filter_map(move |(name, value)| {
        let column = name.strip_prefix(key)?.strip_prefix('#')?;
        Some((ColumnPath::new(column.split('.').map(str::to_owned).collect()), value))
    })
}

fn switch(text: &str) -> Result<bool> {
    text.trim().to_ascii_lowercase().parse().map_err(|_| invalid_input(format!("`{text}` is neither true nor false")))
}

fn codec(name: &str, zstd_level: i32) -> Result<Compression> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "none" | "uncompressed" => Compression::UNCOMPRESSED,
        "snappy" => Compression::SNAPPY,
        "gzip" => Compression::GZIP(GzipLevel::default()),
        "lz4" => Compression::LZ4,
        "lz4_raw" => Compression::LZ4_RAW,
        "brotli" => Compression::BROTLI(BrotliLevel::default()),
        "zstd" => Compression::ZSTD(ZstdLevel::try_new(zstd_level).map_err(invalid_input)?),
        other => {
            let known = "none, snappy, gzip, lz4, lz4_raw, brotli, zstd";
            return Err(invalid_input(format!("the codec `{other}` is not one of {known}")));
        }
    })
}
