//! The table options that data files read.

use std::fmt::Display;

use tidelake_format::StatisticsMode;
use tidelake_types::{Bytes64, OptionKey, OptionValue, Options};

use crate::Result;

/// Option `write-buffer-size`.
pub const WRITE_BUFFER_SIZE: OptionKey<Bytes64> = OptionKey::new("write-buffer-size", || Bytes64::mebi(256)).describe(
    "What rows in memory may take before they are flushed: those of a bucket (of an append bucket at most 64 mb), and those of a writer.",
);

/// Option `compaction.small-file-ratio`.
pub const COMPACTION_SMALL_FILE_RATIO: OptionKey<f64> = OptionKey::new("compaction.small-file-ratio", || 0.7)
    .describe("Files below this part of `target-file-size` are small: compaction rewrites them with their neighbours.");

/// Option `file.format.per.level`.
pub const FILE_FORMAT_PER_LEVEL: OptionKey<PerLevel<String>> =
    OptionKey::new("file.format.per.level", PerLevel::default)
        .describe("Formats of single levels, over `file.format`: `0:avro,3:parquet`.");

/// Option `file.compression`.
pub const FILE_COMPRESSION: OptionKey<String> =
    OptionKey::new("file.compression", || "zstd".to_owned()).describe("The compression of new data files.");

/// Option `file.compression.per.level`.
pub const FILE_COMPRESSION_PER_LEVEL: OptionKey<PerLevel<String>> =
    OptionKey::new("file.compression.per.level", PerLevel::default)
        .describe("Compressions of single levels, over `file.compression`: `0:lz4,1:zstd`.");

/// Option `file.suffix.include.compression`.
pub const FILE_SUFFIX_INCLUDE_COMPRESSION: OptionKey<bool> =
    OptionKey::new("file.suffix.include.compression", || false)
        .describe("Whether the names of data files tell their compression: `.zst.parquet`.");

/// Option `data-file.prefix`.
pub const DATA_FILE_PREFIX: OptionKey<String> =
    OptionKey::new("data-file.prefix", || "data-".to_owned()).describe("What the names of data files begin with.");

/// Option `data-file.thin-mode`.
pub const DATA_FILE_THIN_MODE: OptionKey<bool> = OptionKey::new("data-file.thin-mode", || false)
    .describe("Whether data files of key tables leave out the second copy of the key.");

/// Option `changelog-file.prefix`.
pub const CHANGELOG_FILE_PREFIX: OptionKey<String> =
    OptionKey::new("changelog-file.prefix", || "changelog-".to_owned())
        .describe("What the names of changelog files begin with.");

/// Option `changelog-file.format`.
pub const CHANGELOG_FILE_FORMAT: OptionKey<Option<String>> = OptionKey::new("changelog-file.format", || None)
    .describe("The format of changelog files; without it that of data files.");

/// Option `changelog-file.compression`.
pub const CHANGELOG_FILE_COMPRESSION: OptionKey<Option<String>> = OptionKey::new("changelog-file.compression", || None)
    .describe("The compression of changelog files; without it that of data files.");

/// Option `changelog-file.stats-mode`.
pub const CHANGELOG_FILE_STATS_MODE: OptionKey<Option<StatsMode>> =
    OptionKey::new("changelog-file.stats-mode", || None)
        .describe("What is recorded of the columns of changelog files; without it as for data files.");

/// Option `metadata.stats-mode`.
pub const METADATA_STATS_MODE: OptionKey<StatsMode> =
    OptionKey::new("metadata.stats-mode", || StatsMode(StatisticsMode::Truncate(16)))
        .describe("What is recorded of each column of a data file: `none`, `counts`, `truncate(16)` or `full`.");

/// Option `metadata.stats-mode.per.level`.
pub const METADATA_STATS_MODE_PER_LEVEL: OptionKey<PerLevel<StatsMode>> =
    OptionKey::new("metadata.stats-mode.per.level", PerLevel::default)
        .describe("What is recorded at single levels, over `metadata.stats-mode`: `0:none`.");

/// Option `metadata.stats-keep-first-n-columns`.
pub const METADATA_STATS_KEEP_FIRST_N_COLUMNS: OptionKey<i32> =
    OptionKey::new("metadata.stats-keep-first-n-columns", || -1)
        .describe("Nothing is recorded of columns after so many, unless they have a mode of their own; -1 for all.");

/// Option `metadata.stats-dense-store`.
pub const METADATA_STATS_DENSE_STORE: OptionKey<bool> = OptionKey::new("metadata.stats-dense-store", || true)
    .describe("Whether columns of which nothing is recorded take no room in metadata.");

/// Option `target-file-size`.
pub const TARGET_FILE_SIZE: OptionKey<Option<Bytes64>> = OptionKey::new("target-file-size", || None)
    .describe("A data file that reaches this size is ended: by default 128 mb in key tables, 256 mb in others.");

/// Option `target-file-row-num`.
pub const TARGET_FILE_ROW_NUM: OptionKey<i64> =
    OptionKey::new("target-file-row-num", || i64::MAX).describe("A new data file with so many rows is ended.");

/// The mode of one column: `fields.<column>.stats-mode`.
pub(crate) fn column_stats_mode(options: &Options, column: &str) -> Result<Option<StatisticsMode>> {
    let name = format!("fields.{column}.stats-mode");
    let Some(text) = options.text(&name) else { return Ok(None) };
    match StatsMode::parse(text.trim()) {
        Some(StatsMode(mode)) => Ok(Some(mode)),
        None => Err(invalid(name, text, StatsMode::expected())),
    }
}

/// An option's value that cannot be used.
pub(crate) fn invalid(key: impl Into<String>, value: impl Display, expected: String) -> crate::Error {
    let (key, value) = (key.into(), value.to_string());
    tidelake_types::Error::InvalidOption { key, value, expected, location: std::panic::Location::caller() }.into()
}

/// The text of a statistics mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsMode(pub StatisticsMode);

impl OptionValue for StatsMode {
    fn expected() -> String {
        "none, counts, truncate(length) or full".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Some(Self(match text.as_str() {
            "none" => StatisticsMode::None,
            "counts" => StatisticsMode::Counts,
            "full" => StatisticsMode::Full,
            other => {
                let length = other.strip_prefix("truncate(")?.strip_suffix(')')?.trim().parse().ok()?;
                (length > 0).then_some(StatisticsMode::Truncate(length))?
            }
        }))
    }
}

/// Values for single levels: `0:avro,3:parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerLevel<T>(Vec<(i32, T)>);

impl<T> PerLevel<T> {
    /// The value for a level, if it has one of its own.
    pub fn of(&self, level: i32) -> Option<&T> {
        self.0.iter().rev().find(|(known, _)| *known == level).map(|(_, value)| value)
    }
}

impl<T> Default for PerLevel<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: OptionValue> OptionValue for PerLevel<T> {
    fn expected() -> String {
        format!("`level:value` pairs joined by commas, each value {}", T::expected())
    }

    fn parse(text: &str) -> Option<Self> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        pairs.map(pair).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn pair<T: OptionValue>(text: &str) -> Option<(i32, T)> {
    let (level, value) = text.split_once(':')?;
    Some((level.trim().parse().ok()?, T::parse(value.trim())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_in_any_case() {
        for (text, mode) in [
            ("none", StatisticsMode::None),
            ("COUNTS", StatisticsMode::Counts),
            ("truncate(4)", StatisticsMode::Truncate(4)),
            ("Full", StatisticsMode::Full),
        ] {
            assert_eq!(StatsMode::parse(text), Some(StatsMode(mode)), "{text}");
        }
        for text in ["", "truncate", "truncate()", "truncate(0)", "truncate(-1)", "all"] {
            assert_eq!(StatsMode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn levels_have_values_of_their_own() {
        let formats = PerLevel::<String>::parse("0:avro, 3 : parquet").unwrap();
        assert_eq!(formats.of(0).map(String::as_str), Some("avro"));
        assert_eq!(formats.of(3).map(String::as_str), Some("parquet"));
        assert_eq!(formats.of(1), None);
        assert_eq!(PerLevel::<String>::parse("avro"), None);
        assert_eq!(PerLevel::<StatsMode>::parse("0:much"), None);
        assert_eq!(PerLevel::<String>::parse(""), Some(PerLevel::default()));
    }

    #[test]
    fn a_wrong_mode_of_a_column_names_its_option() {
        let options = Options::from([("fields.a.stats-mode", "some")]);
        let error = column_stats_mode(&options, "a").unwrap_err();
        assert!(error.to_string().contains("fields.a.stats-mode"), "{error}");
        assert_eq!(column_stats_mode(&options, "b").unwrap(), None);
    }
}
