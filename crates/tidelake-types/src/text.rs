//! How Java writes numbers, days and times.

use std::{
    fmt::{LowerExp, Write},
    str::FromStr,
};

/// Java's `Double.toString` (19 and later): the fewest digits that mean this number, at least two; plain from 1e-3 to
/// below 1e7.
pub fn java_double_text(value: f64) -> String {
    float_text(value, value.is_nan(), value.is_infinite(), value == 0.0, value.is_sign_negative())
}

/// Java's `Float.toString`, as [`java_double_text`].
pub fn java_float_text(value: f32) -> String {
    float_text(value, value.is_nan(), value.is_infinite(), value == 0.0, value.is_sign_negative())
}

fn float_text<T: LowerExp + FromStr + PartialEq>(
    value: T,
    nan: bool,
    infinite: bool,
    zero: bool,
    negative: bool,
) -> String {
    let sign = if negative { "-" } else { "" };
    if nan {
        return "NaN".to_owned();
    }
    if infinite || zero {
        return format!("{sign}{}", if zero { "0.0" } else { "Infinity" });
    }
    // As many digits as the shortest text has, but at least two, which may say it more closely than one (4.9E-324, not
    // 5.0E-324). Between two texts equally close Java takes the even one, as rounding to a number of digits does.
    let shortest = format!("{value:e}");
    let fraction = shortest.split(['.', 'e']).nth(1).filter(|_| shortest.contains('.')).map_or(1, str::len);
    let rounded = format!("{value:.fraction$e}");
    let shortest = if rounded.parse().is_ok_and(|parsed: T| parsed == value) { rounded } else { shortest };
    let (mantissa, exponent) = shortest.trim_start_matches('-').split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|digit| *digit != '.').collect();
    match exponent {
        -3..0 => format!("{sign}0.{}{}", "0".repeat((-exponent - 1) as usize), digits.trim_end_matches('0')),
        0..7 => {
            let whole = exponent as usize + 1;
            let padded = format!("{digits:0<whole$}");
            let (whole, fraction) = padded.split_at(whole);
            let fraction = fraction.trim_end_matches('0');
            format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
        }
        _ => format!("{sign}{mantissa}E{exponent}"),
    }
}

/// A decimal with its full scale, never in exponents.
pub fn decimal_text(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    match digits.split_at(digits.len() - scale) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

/// `2024-02-29`; years have at least four digits.
pub fn date_text(days: i32) -> String {
    let mut text = String::new();
    write_date(&mut text, i64::from(days));
    text
}

/// `01:02:03`, with a fraction where `precision` is above 0: up to so many digits, at least one.
pub fn time_text(millis: i32, precision: u8) -> String {
    let mut text = String::new();
    write_time(&mut text, i64::from(millis).rem_euclid(DAY_MS));
    if precision > 0 {
        let fraction = format!("{:03}", millis.rem_euclid(1000));
        let fraction = &fraction[..usize::from(precision.min(3))];
        let _ = write!(text, ".{}{}", &fraction[..1], fraction[1..].trim_end_matches('0'));
    }
    text
}

/// `2024-02-29 01:02:03`, with `precision` digits of the fraction, and with finer ones where they are not zero.
pub fn timestamp_text(millis: i64, nanos: i32, separator: char, precision: u8) -> String {
    let mut text = String::new();
    write_date(&mut text, millis.div_euclid(DAY_MS));
    text.push(separator);
    write_time(&mut text, millis.rem_euclid(DAY_MS));
    let fraction = format!("{:09}", second_fraction(millis, nanos));
    let (shown, finer) = fraction.split_at(usize::from(precision.min(9)));
    let finer = finer.trim_end_matches('0');
    if !shown.is_empty() || !finer.is_empty() {
        let _ = write!(text, ".{shown}{finer}");
    }
    text
}

/// ISO 8601 as Java's `LocalDateTime.toString`: seconds left out where they are zero, the fraction in groups of three.
pub fn iso_timestamp_text(millis: i64, nanos: i32) -> String {
    let fraction = second_fraction(millis, nanos);
    let precision = match fraction {
        0 => 0,
        _ if fraction % 1_000_000 == 0 => 3,
        _ if fraction % 1_000 == 0 => 6,
        _ => 9,
    };
    let mut text = timestamp_text(millis, nanos, 'T', precision);
    if precision == 0 && text.ends_with(":00") {
        text.truncate(text.len() - 3);
    }
    text
}

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Nanoseconds of the second.
fn second_fraction(millis: i64, nanos: i32) -> i32 {
    millis.rem_euclid(1000) as i32 * 1_000_000 + nanos
}

fn write_date(text: &mut String, days: i64) {
    let (year, month, day) = civil(days);
    let sign = match year {
        ..0 => "-",
        10_000.. => "+",
        _ => "",
    };
    let _ = write!(text, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs());
}

fn write_time(text: &mut String, millis: i64) {
    let seconds = millis.div_euclid(1000);
    let _ = write!(text, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// Year, month and day of days since 1970-01-01 in the Gregorian calendar, before its invention too.
///
/// Counts in years that begin in March, so that the leap day is the last one, and in eras of 400 years.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12345678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.00123, "0.00123"),
            (0.25, "0.25"),
            (0.0009, "9.0E-4"),
            (f64::from_bits(1), "4.9E-324"),
            (2e-323, "2.0E-323"),
            (1e23, "1.0E23"),
            (2e23, "2.0E23"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (-1.5, "-1.5"),
            (-1_548_330_204_387_625.0 / 8.0, "-1.9354127554845312E14"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java_double_text(value), text);
        }
    }

    #[test]
    fn floats_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (3.4028235e38, "3.4028235E38"),
            (f32::from_bits(1), "1.4E-45"),
            (16777216.0, "1.6777216E7"),
            (-1e10, "-1.0E10"),
            // Exactly half way between two texts of eight digits.
            (-2_106_669.0 / 8.0, "-263333.62"),
            (7_969_225.0 / 4.0, "1992306.2"),
        ] {
            assert_eq!(java_float_text(value), text);
        }
    }

    #[test]
    fn decimals_keep_their_scale() {
        for (unscaled, scale, text) in
            [(150, 2, "1.50"), (-5, 3, "-0.005"), (0, 2, "0.00"), (7, 0, "7"), (-123_456, 2, "-1234.56")]
        {
            assert_eq!(decimal_text(unscaled, scale), text);
        }
    }

    #[test]
    fn days_and_times_reach_before_the_epoch() {
        assert_eq!(date_text(19_700), "2023-12-09");
        assert_eq!(date_text(-1), "1969-12-31");
        assert_eq!(date_text(-719_162), "0001-01-01");
        assert_eq!(date_text(-719_528), "0000-01-01");
        assert_eq!(date_text(-719_529), "-0001-12-31");
        assert_eq!(date_text(2_932_897), "+10000-01-01");
        assert_eq!(date_text(11_016), "2000-02-29");
        assert_eq!(time_text(3_661_001, 3), "01:01:01.001");
        assert_eq!(time_text(3_661_100, 3), "01:01:01.1");
        assert_eq!(time_text(3_661_000, 3), "01:01:01.0");
        assert_eq!(time_text(3_661_001, 0), "01:01:01");
        assert_eq!(timestamp_text(-1, 999_999, ' ', 9), "1969-12-31 23:59:59.999999999");
        assert_eq!(timestamp_text(1_700_000_000_000, 0, ' ', 6), "2023-11-14 22:13:20.000000");
    }

    #[test]
    fn iso_texts_leave_out_what_is_zero() {
        assert_eq!(iso_timestamp_text(1_700_000_000_000, 0), "2023-11-14T22:13:20");
        assert_eq!(iso_timestamp_text(1_699_999_980_000, 0), "2023-11-14T22:13");
        assert_eq!(iso_timestamp_text(1_699_999_980_100, 0), "2023-11-14T22:13:00.100");
        assert_eq!(iso_timestamp_text(1_700_000_000_123, 456_000), "2023-11-14T22:13:20.123456");
        assert_eq!(iso_timestamp_text(1_700_000_000_123, 1), "2023-11-14T22:13:20.123000001");
    }
}
