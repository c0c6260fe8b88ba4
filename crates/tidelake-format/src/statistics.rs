//! What is recorded of a column, and how much of it.
//!
//! Cutting a text to `n` characters keeps the bounds true: a prefix is not above the text, so it serves as minimum as it
//! is; for the maximum the last character of the prefix that has a successor is replaced by it and the rest is dropped.
//!
//! ```text
//! truncate(4)   "lakehouse"  ->  min "lake"   max "lakf"
//! truncate(2)   01 ff 03     ->  min 01 ff    max 02
//! truncate(2)   ff ff 03     ->  no bounds at all
//! ```

use tidelake_types::Scalar;

/// The names from the root to a column: `["address", "city"]`.
pub type ColumnPath = [String];

/// What is known of a column of a file or row group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    /// Not above any value. `None`: unknown, or every value is null.
    pub min: Option<Scalar>,
    /// Not below any value.
    pub max: Option<Scalar>,
    /// How many are null. `None`: unknown.
    pub null_count: Option<i64>,
}

/// How much is recorded of a column: option `metadata.stats-mode` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatisticsMode {
    /// Nothing.
    None,
    /// The number of nulls.
    Counts,
    /// Bounds too; strings cut to so many characters, binaries to so many bytes.
    Truncate(u32),
    /// Bounds in full.
    Full,
}

impl StatisticsMode {
    /// What of a column's statistics this mode records. Bounds that cannot be cut to the length (no prefix has a
    /// successor) are both dropped; the null count stays.
    pub fn apply(self, statistics: ColumnStatistics) -> ColumnStatistics {
        match self {
            Self::None => ColumnStatistics::default(),
            Self::Counts => ColumnStatistics { min: None, max: None, null_count: statistics.null_count },
            Self::Full => statistics,
            Self::Truncate(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let max = statistics.max.map(|max| cut_max(max, length));
                match max {
                    Some(None) => ColumnStatistics { min: None, max: None, null_count: statistics.null_count },
                    max => ColumnStatistics {
                        min: statistics.min.map(|min| cut_min(min, length)),
                        max: max.flatten(),
                        null_count: statistics.null_count,
                    },
                }
            }
        }
    }
}

fn cut_min(min: Scalar, length: usize) -> Scalar {
    match min {
        Scalar::String(mut text) => {
            text.truncate(prefix_bytes(&text, length));
            Scalar::String(text)
        }
        Scalar::Bytes(mut bytes) => {
            bytes.truncate(length);
            Scalar::Bytes(bytes)
        }
        other => other,
    }
}

/// `None`: no text of at most `length` characters is above.
fn cut_max(max: Scalar, length: usize) -> Option<Scalar> {
    match max {
        Scalar::String(text) => {
            let end = prefix_bytes(&text, length);
            if end == text.len() { Some(text) } else { successor_of_text(&text[..end]) }.map(Scalar::String)
        }
        Scalar::Bytes(bytes) => {
            if bytes.len() <= length { Some(bytes) } else { successor_of_bytes(&bytes[..length]) }.map(Scalar::Bytes)
        }
        other => Some(other),
    }
}

/// How many bytes the first `length` characters take.
fn prefix_bytes(text: &str, length: usize) -> usize {
    text.char_indices().nth(length).map_or(text.len(), |(offset, _)| offset)
}

fn successor_of_text(prefix: &str) -> Option<String> {
    prefix.char_indices().rev().find_map(|(offset, character)| {
        // `char` has no surrogates: after U+D7FF comes U+E000 (Java writes a lone surrogate there, which is a `?`, below).
        let next = (character..=char::MAX).nth(1)?;
        let mut successor = prefix[..offset].to_owned();
        successor.push(next);
        Some(successor)
    })
}

fn successor_of_bytes(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut successor = prefix[..=last].to_vec();
    successor[last] += 1;
    Some(successor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str) -> ColumnStatistics {
        let bound = Some(Scalar::String(text.to_owned()));
        ColumnStatistics { min: bound.clone(), max: bound, null_count: Some(3) }
    }

    fn of_bytes(bytes: &[u8]) -> ColumnStatistics {
        let bound = Some(Scalar::Bytes(bytes.to_vec()));
        ColumnStatistics { min: bound.clone(), max: bound, null_count: Some(3) }
    }

    #[track_caller]
    fn check_text(text: &str, length: u32, expected: Option<(&str, &str)>) {
        let kept = StatisticsMode::Truncate(length).apply(of_text(text));
        assert_eq!(kept.min, expected.map(|(min, _)| Scalar::String(min.to_owned())));
        assert_eq!(kept.max, expected.map(|(_, max)| Scalar::String(max.to_owned())));
        assert_eq!(kept.null_count, Some(3));
    }

    #[test]
    fn texts_are_cut_to_characters_and_the_maximum_grows() {
        check_text("abcdefghijklmnopq", 16, Some(("abcdefghijklmnop", "abcdefghijklmnoq")));
        check_text("abc", 16, Some(("abc", "abc")));
        check_text("über-alles", 1, Some(("ü", "ý")));
        let prefix = "aaaaaaaaaaaaaaa";
        check_text(&format!("{prefix}\u{10ffff}zz"), 16, Some((&format!("{prefix}\u{10ffff}"), "aaaaaaaaaaaaaab")));
        check_text(
            &format!("{prefix}\u{ffff}zz"),
            16,
            Some((&format!("{prefix}\u{ffff}"), &format!("{prefix}\u{10000}"))),
        );
        check_text(
            &format!("{prefix}\u{d7ff}zz"),
            16,
            Some((&format!("{prefix}\u{d7ff}"), &format!("{prefix}\u{e000}"))),
        );
        check_text(&"\u{10ffff}".repeat(17), 16, None);
    }

    #[test]
    fn bytes_are_cut_and_carry() {
        for (bytes, min, max) in [
            (&[1, 0xff, 3][..], Some(vec![1, 0xff]), Some(vec![2])),
            (&[0xff, 0xff, 3], None, None),
            (&[0xff, 0xff], Some(vec![0xff, 0xff]), Some(vec![0xff, 0xff])),
        ] {
            let kept = StatisticsMode::Truncate(2).apply(of_bytes(bytes));
            assert_eq!(kept.min, min.map(Scalar::Bytes));
            assert_eq!(kept.max, max.map(Scalar::Bytes));
        }
    }

    #[test]
    fn modes_keep_what_they_say() {
        let all = of_text("abc");
        assert_eq!(StatisticsMode::None.apply(all.clone()), ColumnStatistics::default());
        assert_eq!(
            StatisticsMode::Counts.apply(all.clone()),
            ColumnStatistics { null_count: Some(3), ..ColumnStatistics::default() }
        );
        assert_eq!(StatisticsMode::Full.apply(all.clone()), all);
        let numbers = ColumnStatistics { min: Some(Scalar::Int(1)), max: Some(Scalar::Int(2)), null_count: None };
        assert_eq!(StatisticsMode::Truncate(1).apply(numbers.clone()), numbers);
    }
}
