//! What Java's casts understand of a text. `None`: nothing.

use super::value::rescale;
use crate::{Scalar, text::DAY_MS};

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A whole number; digits after a point are dropped.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let (number, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match number {
        // Java counts no digits before a point.
        "" | "+" | "-" if text.contains('.') => Some(0),
        _ => number.parse().ok(),
    }
}

pub(crate) fn double(text: &str) -> Option<f64> {
    float_text(text)?.parse().ok()
}

pub(crate) fn float(text: &str) -> Option<f32> {
    float_text(text)?.parse().ok()
}

/// Java trims, takes a type suffix, and knows two words in one spelling.
fn float_text(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return Some(text);
    }
    let plain = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let digits = plain.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-'));
    digits.then_some(plain)
}

/// A decimal of the precision and scale, rounded half up; `Some(None)` if it does not fit.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<Option<i128>> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, unsigned) = match mantissa.strip_prefix(['-', '+']) {
        Some(unsigned) => (mantissa.starts_with('-'), unsigned),
        None => (false, mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Digits beyond the scale only matter for rounding: keep one of them, so that any length fits.
    let mut unscaled: i128 = 0;
    let mut value_scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let kept = i64::try_from(digits().count()).ok()? - i64::from(value_scale) + i64::from(scale) + 1;
    for (index, digit) in digits().enumerate() {
        if index as i64 >= kept.max(0) {
            value_scale -= 1;
            continue;
        }
        let next = unscaled.checked_mul(10).and_then(|shifted| shifted.checked_add(i128::from(digit - b'0')));
        match next {
            Some(next) => unscaled = next,
            None => return Some(None),
        }
    }
    Some(rescale(if negative { -unscaled } else { unscaled }, value_scale, precision, scale))
}

/// `yyyy-M-d`, less of it, or days.
pub(crate) fn date(text: &str) -> Option<i32> {
    if is_numeric(text) {
        return text.parse().ok();
    }
    let day = text.split(' ').next().filter(|day| !day.is_empty()).unwrap_or(text);
    let mut parts = day.splitn(3, '-').map(natural);
    let year = parts.next()??;
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    if year > 9999 || !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// `H:m:s.fff`, less of it, with an offset, or milliseconds of the day.
pub(crate) fn time(text: &str) -> Option<i32> {
    if is_numeric(text) {
        return text.parse().ok();
    }
    let zone = text.find('-').or_else(|| text.find('+'));
    let (clock, offset) = match zone {
        Some(at) => {
            let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
            let offset = natural(hours)? * 3_600_000 + natural(minutes)? * 60_000;
            (&text[..at], if text[at..].starts_with('-') { -offset } else { offset })
        }
        None => (text, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let hours = natural(parts.next()?)?;
    let minutes = parts.next().map_or(Some(0), natural)?;
    let (seconds, fraction) = match parts.next() {
        None => (0, 0),
        Some(part) => match part.split_once('.') {
            None => (natural(part)?, 0),
            Some((seconds, fraction)) => (natural(seconds)?, rounded_millis(fraction.trim())),
        },
    };
    i32::try_from(hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + fraction + offset).ok()
}

/// `yyyy-M-d[ H:m:s[.f]]` or with `T`, where seconds may be missing; a number counts in the unit of the precision.
pub(crate) fn timestamp(text: &str, precision: u8, numeric: bool) -> Option<Scalar> {
    if numeric && is_numeric(text) {
        return epoch(text.parse().ok()?, precision);
    }
    let (day, clock, iso) = match text.split_once('T') {
        Some((day, clock)) => (day, Some(clock), true),
        None => match text.split_once(' ') {
            Some((day, clock)) => (day, Some(clock), false),
            None => (text, None, false),
        },
    };
    let mut parts = day.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(digits)?;
    let month = parts.next().and_then(one_or_two).filter(|month| (1..=12).contains(month))?;
    let day = parts.next().and_then(one_or_two).filter(|day| (1..=31).contains(day))?;
    if year == 0 {
        return None;
    }
    let day = day.min(days_of_month(year, month));
    let (seconds, nanos) = match clock {
        Some(clock) => clock_of_day(clock, iso)?,
        None => (0, 0),
    };
    Some(instant(days_from_civil(year, month, day), seconds, nanos, precision))
}

/// `2024-02-29`; years may have a sign and any number of digits. Days since 1970-01-01.
pub(crate) fn iso_date(text: &str) -> Option<i64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1, unsigned),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = unsigned.splitn(3, '-').map(digits);
    let (year, month, day) = (sign * parts.next()??, parts.next()??, parts.next()??);
    // Years beyond this overflow milliseconds.
    let valid =
        year.abs() < 100_000_000 && (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

/// `2024-02-29T01:02:03.000000000`, or less of the time; years as in [`iso_date`].
pub(crate) fn iso_timestamp(text: &str, precision: u8) -> Option<Scalar> {
    let (day, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let (seconds, nanos) = clock_of_day(clock, true)?;
    Some(instant(iso_date(day)?, seconds, nanos, precision))
}

/// Seconds and nanoseconds of `H:m[:s[.f]]`.
fn clock_of_day(clock: &str, without_seconds: bool) -> Option<(i64, i64)> {
    let mut parts = clock.splitn(3, ':');
    let hour = parts.next().and_then(one_or_two).filter(|hour| *hour < 24)?;
    let minute = parts.next().and_then(one_or_two).filter(|minute| *minute < 60)?;
    let (second, nanos) = match parts.next() {
        None if without_seconds => (0, 0),
        None => return None,
        Some(part) => {
            let (second, fraction) = part.split_once('.').unwrap_or((part, ""));
            (one_or_two(second).filter(|second| *second < 60)?, fraction_nanos(fraction)?)
        }
    };
    Some((hour * 3600 + minute * 60 + second, nanos))
}

fn instant(days: i64, seconds: i64, nanos: i64, precision: u8) -> Scalar {
    let unit = 10_i64.pow(9 - u32::from(precision.min(9)));
    let nanos = nanos - nanos % unit;
    let millis = days * DAY_MS + seconds * 1000 + nanos / 1_000_000;
    Scalar::Timestamp { millis, nanos: (nanos % 1_000_000) as i32 }
}

fn epoch(number: i64, precision: u8) -> Option<Scalar> {
    let (millis, nanos) = match precision {
        0 => (number.checked_mul(1000)?, 0),
        3 => (number, 0),
        6 => (number.div_euclid(1_000), number.rem_euclid(1_000) as i32 * 1_000),
        9 => (number.div_euclid(1_000_000), number.rem_euclid(1_000_000) as i32),
        _ => return None,
    };
    Some(Scalar::Timestamp { millis, nanos })
}

fn is_numeric(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Digits with spaces around.
fn natural(text: &str) -> Option<i64> {
    digits(text.trim())
}

fn digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| text.parse().ok())?
        .filter(|number| *number < 1_000_000_000)
}

fn one_or_two(text: &str) -> Option<i64> {
    if text.len() > 2 { None } else { digits(text) }
}

fn fraction_nanos(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    if fraction.len() > 9 {
        return None;
    }
    Some(digits(fraction)? * 10_i64.pow(9 - fraction.len() as u32))
}

/// Three digits, the fourth rounds; what is no digit counts as zero.
fn rounded_millis(fraction: &str) -> i64 {
    let digit = |index: usize| match fraction.as_bytes().get(index) {
        Some(digit @ b'0'..=b'9') => i64::from(digit - b'0'),
        _ => 0,
    };
    100 * digit(0) + 10 * digit(1) + digit(2) + i64::from(digit(3) >= 5)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01; the reverse of `text::civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
