//! What an option's text may be: numbers, sizes, durations and named choices.

use std::{fmt, time::Duration};

use crate::OptionValue;

/// A number of bytes, written with or without a unit of 1024: `128 mb`, `64kb`, `1 g`, `4096`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes64(pub u64);

impl Bytes64 {
    /// From mebibytes.
    pub const fn mebi(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// From kibibytes.
    pub const fn kibi(kibibytes: u64) -> Self {
        Self(kibibytes << 10)
    }
}

/// In the largest unit that divides it, as option texts are written.
impl fmt::Display for Bytes64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["bytes", "kb", "mb", "gb", "tb"];
        let unit = if self.0 == 0 { 0 } else { (self.0.trailing_zeros() / 10).min(4) };
        write!(f, "{} {}", self.0 >> (10 * unit), units[unit as usize])
    }
}

impl OptionValue for Bytes64 {
    fn expected() -> String {
        "a size such as `128 mb` (units: b, kb, mb, gb, tb)".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let shift = match unit.as_str() {
            "" | "b" | "bytes" => 0,
            "k" | "kb" | "kibibytes" => 10,
            "m" | "mb" | "mebibytes" => 20,
            "g" | "gb" | "gibibytes" => 30,
            "t" | "tb" | "tebibytes" => 40,
            _ => return None,
        };
        let bytes = number.checked_mul(1 << shift)?;
        i64::try_from(bytes).is_ok().then_some(Self(bytes))
    }
}

/// `10 s`, `1h`, `500 ms`, `2 d`; a number alone is milliseconds.
impl OptionValue for Duration {
    fn expected() -> String {
        "a duration such as `10 s` (units: d, h, min, s, ms, µs, ns)".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
        match unit.as_str() {
            "d" | "day" | "days" => seconds(86_400),
            "h" | "hour" | "hours" => seconds(3_600),
            "min" | "m" | "minute" | "minutes" => seconds(60),
            "s" | "sec" | "secs" | "second" | "seconds" => seconds(1),
            "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => Some(Duration::from_millis(number)),
            "µs" | "micro" | "micros" | "microsecond" | "microseconds" => Some(Duration::from_micros(number)),
            "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => Some(Duration::from_nanos(number)),
            _ => None,
        }
    }
}

/// Digits, then a unit in lower case, with or without space between.
fn number_and_unit(text: &str) -> Option<(u64, String)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..digits].parse().ok()?;
    Some((number, text[digits..].trim().to_lowercase()))
}

impl OptionValue for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        match () {
            () if text.eq_ignore_ascii_case("true") => Some(true),
            () if text.eq_ignore_ascii_case("false") => Some(false),
            () => None,
        }
    }
}

impl OptionValue for String {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl OptionValue for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// An option without a default: `OptionKey<Option<T>>`.
impl<T: OptionValue> OptionValue for Option<T> {
    fn expected() -> String {
        T::expected()
    }

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Some)
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl OptionValue for $number {
            fn expected() -> String {
                format!("a whole number from {} to {}", <$number>::MIN, <$number>::MAX)
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

whole_numbers!(u32, u64, i32, i64, usize);

/// Makes an enum an option value: the texts of its variants, in either case, `_` as good as `-`. `Display` prints them.
///
/// ```
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// enum Order { Ascending, Descending }
/// tidelake_types::option_enum!(Order { Ascending = "ascending", Descending = "descending" });
///
/// use tidelake_types::{OptionKey, Options};
/// const ORDER: OptionKey<Order> = OptionKey::new("order", || Order::Ascending);
/// let options = Options::from([("order", "DESCENDING")]);
/// assert_eq!(options.get(&ORDER)?, Order::Descending);
/// assert_eq!(Order::Descending.to_string(), "descending");
/// # Ok::<(), tidelake_types::Error>(())
/// ```
#[macro_export]
macro_rules! option_enum {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $crate::OptionValue for $name {
            fn expected() -> String {
                [$($text),+].join(", ")
            }

            fn parse(text: &str) -> Option<Self> {
                let text = text.to_lowercase().replace('_', "-");
                match () {
                    $(() if text == $text.replace('_', "-") => Some(Self::$variant),)+
                    () => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, OptionKey, Options};

    #[test]
    fn sizes_are_counted_in_units_of_1024() {
        for (text, bytes) in
            [("128 mb", 128 << 20), ("64kb", 64 << 10), ("1 g", 1 << 30), ("4096", 4096), ("3 TebiBytes", 3 << 40)]
        {
            assert_eq!(Bytes64::parse(text), Some(Bytes64(bytes)), "{text}");
        }
        for text in ["", "mb", "-1 mb", "1.5 mb", "1 pb", "99999999 tb"] {
            assert_eq!(Bytes64::parse(text), None, "{text}");
        }
        for bytes in [0, 1, 1000, 1024, 1536 << 10, 128 << 20, 5 << 40] {
            assert_eq!(Bytes64::parse(&Bytes64(bytes).to_string()), Some(Bytes64(bytes)));
        }
        assert_eq!(Bytes64::mebi(128).to_string(), "128 mb");
    }

    #[test]
    fn durations_have_many_units() {
        for (text, duration) in [
            ("10 s", Duration::from_secs(10)),
            ("1h", Duration::from_secs(3600)),
            ("500 ms", Duration::from_millis(500)),
            ("2 d", Duration::from_secs(172_800)),
            ("5 MIN", Duration::from_secs(300)),
            ("7", Duration::from_millis(7)),
            ("3 µs", Duration::from_micros(3)),
        ] {
            assert_eq!(Duration::parse(text), Some(duration), "{text}");
        }
        for text in ["", "s", "-1 s", "1 week", "99999999999999999999 s", "9999999999999999999 d"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_value_says_what_is_expected() {
        const BUCKET: OptionKey<i32> = OptionKey::new("bucket", || -1);
        let error = Options::from([("bucket", "many")]).get(&BUCKET).unwrap_err();
        assert!(matches!(&error, Error::InvalidOption { key, .. } if key == "bucket"));
        assert!(error.to_string().contains("a whole number from"), "{error}");
        assert_eq!(Options::from([("bucket", " 4 ")]).get(&BUCKET).unwrap(), 4);
    }

    #[test]
    fn an_option_may_have_no_default() {
        const LIMIT: OptionKey<Option<u32>> = OptionKey::new("limit", || None);
        assert_eq!(Options::new().get(&LIMIT).unwrap(), None);
        assert_eq!(Options::from([("limit", "7")]).get(&LIMIT).unwrap(), Some(7));
    }
}
