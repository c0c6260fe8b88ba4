//! The casts of single values.

use super::from_text;
use crate::{
    Scalar, ScalarRef, TypeKind,
    data_type::MAX_LENGTH,
    error::{InvalidValueSnafu, Result},
    text::{DAY_MS, date_text, decimal_text, java_double_text, java_float_text, time_text, timestamp_text},
};

/// Which atomic types become which: the rules of Java's CastExecutors.
pub(super) fn is_castable(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind as K;
    let whole = |kind: &K| matches!(kind, K::TinyInt | K::SmallInt | K::Int | K::BigInt);
    let number = |kind: &K| whole(kind) || matches!(kind, K::Float | K::Double | K::Decimal { .. });
    match (from, to) {
        (from, to) if number(from) && number(to) => true,
        (K::Int | K::BigInt, K::Timestamp(_) | K::TimestampLtz(_)) => true,
        (K::Timestamp(_) | K::TimestampLtz(_), K::Int | K::BigInt) => true,
        (K::Boolean, to) if number(to) => true,
        (from, K::Boolean) if whole(from) => true,
        (from, to) if to.is_string() => {
            let cut = number(from) || matches!(from, K::Boolean) || from.is_string() || from.is_binary();
            let whole = matches!(from, K::Timestamp(_) | K::TimestampLtz(_) | K::Time(_) | K::Date);
            cut || (whole && *to == K::STRING)
        }
        (from, to) if from.is_string() => {
            number(to)
                || to.is_binary()
                || matches!(to, K::Boolean | K::Date | K::Time(_) | K::Timestamp(_) | K::TimestampLtz(_))
        }
        (from, to) if from.is_binary() => to.is_binary(),
        (K::Date | K::Time(_), K::Timestamp(_) | K::TimestampLtz(_)) => true,
        (K::Timestamp(_) | K::TimestampLtz(_), K::Timestamp(_) | K::TimestampLtz(_) | K::Date | K::Time(_)) => true,
        (K::Time(_), K::Time(_)) => true,
        _ => false,
    }
}

/// Casts a value; `None` where a decimal overflows.
pub(super) fn cast_value(value: ScalarRef<'_>, from: &TypeKind, to: &TypeKind) -> Result<Option<Scalar>> {
    if !is_castable(from, to) {
        return InvalidValueSnafu { message: format!("{from} cannot become {to}") }.fail();
    }
    match value {
        ScalarRef::String(text) => from_string(text, to),
        value => match to {
            TypeKind::Char(_) | TypeKind::Varchar(_) => {
                Ok(Some(Scalar::String(fit_text(to_text(value, from), from, to))))
            }
            _ => Ok(Some(match between(value, from, to)? {
                Some(cast) => cast,
                None => return Ok(None),
            })),
        },
    }
}

/// Casts that have no text at either end.
fn between(value: ScalarRef<'_>, from: &TypeKind, to: &TypeKind) -> Result<Option<Scalar>> {
    use ScalarRef as S;
    use TypeKind as K;
    let whole = match value {
        S::Boolean(value) => Some(i64::from(value)),
        S::TinyInt(value) => Some(i64::from(value)),
        S::SmallInt(value) => Some(i64::from(value)),
        S::Int(value) => Some(i64::from(value)),
        S::BigInt(value) => Some(value),
        _ => None,
    };
    Ok(Some(match (value, whole, to) {
        (_, Some(whole), K::Boolean) => Scalar::Boolean(whole != 0),
        (_, Some(whole), K::TinyInt) => Scalar::TinyInt(whole as i8),
        (_, Some(whole), K::SmallInt) => Scalar::SmallInt(whole as i16),
        (_, Some(whole), K::Int) => Scalar::Int(whole as i32),
        (_, Some(whole), K::BigInt) => Scalar::BigInt(whole),
        (_, Some(whole), K::Float) => Scalar::Float(whole as f32),
        (_, Some(whole), K::Double) => Scalar::Double(whole as f64),
        (_, Some(whole), K::Decimal { precision, scale }) => {
            return Ok(rescale(i128::from(whole), 0, *precision, *scale).map(Scalar::Decimal));
        }
        (_, Some(seconds), K::Timestamp(_) | K::TimestampLtz(_)) => match seconds.checked_mul(1000) {
            Some(millis) => Scalar::Timestamp { millis, nanos: 0 },
            None => return failed(&seconds.to_string(), from, to),
        },
        (S::Float(value), _, to) => return from_double(f64::from(value), Some(value), from, to),
        (S::Double(value), _, to) => return from_double(value, None, from, to),
        (S::Decimal(unscaled), _, to) => return Ok(from_decimal(unscaled, from, to)),
        (S::Bytes(bytes), _, _) => Scalar::Bytes(fit_bytes(bytes, to)),
        (S::Date(days), _, _) => Scalar::Timestamp { millis: i64::from(days) * DAY_MS, nanos: 0 },
        (S::Time(millis), _, K::Time(_)) => Scalar::Time(millis),
        (S::Time(millis), _, _) => Scalar::Timestamp { millis: i64::from(millis), nanos: 0 },
        // Java's seconds are rounded towards zero, its days and times of day are not.
        (S::Timestamp { millis, .. }, _, K::Int) => Scalar::Int((millis / 1000) as i32),
        (S::Timestamp { millis, .. }, _, K::BigInt) => Scalar::BigInt(millis / 1000),
        (S::Timestamp { millis, .. }, _, K::Date) => Scalar::Date(millis.div_euclid(DAY_MS) as i32),
        (S::Timestamp { millis, .. }, _, K::Time(_)) => Scalar::Time(millis.rem_euclid(DAY_MS) as i32),
        (S::Timestamp { millis, nanos }, _, K::Timestamp(precision) | K::TimestampLtz(precision)) => {
            truncate(millis, nanos, *precision)
        }
        (value, _, _) => return failed(&format!("{value:?}"), from, to),
    }))
}

fn from_double(value: f64, single: Option<f32>, from: &TypeKind, to: &TypeKind) -> Result<Option<Scalar>> {
    Ok(Some(match to {
        // Java goes through 32 bits: these saturate, the narrower ones then wrap.
        TypeKind::TinyInt => Scalar::TinyInt(value as i32 as i8),
        TypeKind::SmallInt => Scalar::SmallInt(value as i32 as i16),
        TypeKind::Int => Scalar::Int(value as i32),
        TypeKind::BigInt => Scalar::BigInt(value as i64),
        TypeKind::Float => Scalar::Float(single.unwrap_or(value as f32)),
        TypeKind::Double => Scalar::Double(value),
        TypeKind::Decimal { precision, scale } => {
            return match from_text::decimal(&java_double_text(value), *precision, *scale) {
                Some(decimal) => Ok(decimal.map(Scalar::Decimal)),
                None => failed(&java_double_text(value), from, to),
            };
        }
        _ => return failed(&java_double_text(value), from, to),
    }))
}

fn from_decimal(unscaled: i128, from: &TypeKind, to: &TypeKind) -> Option<Scalar> {
    let TypeKind::Decimal { precision: from_precision, scale: from_scale } = from else {
        return None;
    };
    let double = || {
        if *from_precision <= 18 {
            unscaled as f64 / 10_f64.powi(i32::from(*from_scale))
        } else {
            decimal_text(unscaled, *from_scale).parse().unwrap_or(f64::NAN)
        }
    };
    let whole = || (unscaled / 10_i128.pow(u32::from(from_scale.unsigned_abs()))) as i64;
    Some(match to {
        TypeKind::TinyInt => Scalar::TinyInt(whole() as i8),
        TypeKind::SmallInt => Scalar::SmallInt(whole() as i16),
        TypeKind::Int => Scalar::Int(whole() as i32),
        TypeKind::BigInt => Scalar::BigInt(whole()),
        TypeKind::Float => Scalar::Float(double() as f32),
        TypeKind::Double => Scalar::Double(double()),
        TypeKind::Decimal { precision, scale } => {
            Scalar::Decimal(rescale(unscaled, i32::from(*from_scale), *precision, *scale)?)
        }
        _ => return None,
    })
}

/// The unscaled number with another scale, rounded half up; `None` if it has more digits than allowed.
pub(super) fn rescale(unscaled: i128, from_scale: i32, precision: u8, scale: i8) -> Option<i128> {
    let shift = i32::from(scale) - from_scale;
    let rescaled = if shift >= 0 {
        let factor = if unscaled == 0 { 1 } else { 10_i128.checked_pow(shift as u32)? };
        unscaled.checked_mul(factor)?
    } else {
        match 10_i128.checked_pow(shift.unsigned_abs()) {
            None => 0,
            Some(divisor) => {
                let (quotient, rest) = (unscaled / divisor, unscaled % divisor);
                let away = rest.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2);
                quotient + if away { unscaled.signum() } else { 0 }
            }
        }
    };
    (rescaled.unsigned_abs() < 10_u128.pow(u32::from(precision.min(38)))).then_some(rescaled)
}

/// Cuts a timestamp to a precision. Java cuts milliseconds towards zero, what is finer towards the past.
fn truncate(millis: i64, nanos: i32, precision: u8) -> Scalar {
    match precision {
        ..=3 => {
            let unit = 10_i64.pow(3 - u32::from(precision));
            // What has no more digits than that is not touched.
            let exact = nanos == 0 && millis % unit == 0;
            Scalar::Timestamp { millis: if exact { millis } else { millis / unit * unit }, nanos: 0 }
        }
        _ => {
            let unit = 10_i32.pow(9 - u32::from(precision.min(9)));
            Scalar::Timestamp { millis, nanos: nanos / unit * unit }
        }
    }
}

fn to_text(value: ScalarRef<'_>, from: &TypeKind) -> String {
    match value {
        ScalarRef::Boolean(value) => value.to_string(),
        ScalarRef::TinyInt(value) => value.to_string(),
        ScalarRef::SmallInt(value) => value.to_string(),
        ScalarRef::Int(value) => value.to_string(),
        ScalarRef::BigInt(value) => value.to_string(),
        ScalarRef::Float(value) => java_float_text(value),
        ScalarRef::Double(value) => java_double_text(value),
        ScalarRef::Decimal(value) => match from {
            TypeKind::Decimal { scale, .. } => decimal_text(value, *scale),
            _ => value.to_string(),
        },
        ScalarRef::String(value) => value.to_owned(),
        ScalarRef::Bytes(value) => String::from_utf8_lossy(value).into_owned(),
        ScalarRef::Date(days) => date_text(days),
        ScalarRef::Time(millis) => match from {
            TypeKind::Time(precision) => time_text(millis, *precision),
            _ => time_text(millis, 3),
        },
        ScalarRef::Timestamp { millis, nanos } => match from {
            TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
                timestamp_text(millis, nanos, ' ', *precision)
            }
            _ => timestamp_text(millis, nanos, ' ', 9),
        },
    }
}

/// Cuts a text to the length of its type; CHAR is filled with spaces. Binaries become texts uncut.
fn fit_text(mut text: String, from: &TypeKind, to: &TypeKind) -> String {
    let (length, fill) = match to {
        TypeKind::Char(length) => (*length as usize, true),
        TypeKind::Varchar(length) => (*length as usize, false),
        _ => return text,
    };
    if from.is_binary() || length == MAX_LENGTH as usize {
        return text;
    }
    if let Some((end, _)) = text.char_indices().nth(length) {
        text.truncate(end);
    } else if fill {
        let missing = length - text.chars().count();
        text.extend(std::iter::repeat_n(' ', missing));
    }
    text
}

fn fit_bytes(bytes: &[u8], to: &TypeKind) -> Vec<u8> {
    let (length, fill) = match to {
        TypeKind::Binary(length) => (*length as usize, true),
        TypeKind::Varbinary(length) => (*length as usize, false),
        _ => (usize::MAX, false),
    };
    let mut fitted = bytes[..bytes.len().min(length)].to_vec();
    if fill {
        fitted.resize(length, 0);
    }
    fitted
}

fn from_string(text: &str, to: &TypeKind) -> Result<Option<Scalar>> {
    use TypeKind as K;
    let cast = match to {
        K::Char(_) | K::Varchar(_) => Some(Scalar::String(fit_text(text.to_owned(), &K::STRING, to))),
        K::Binary(_) | K::Varbinary(_) => Some(Scalar::Bytes(fit_bytes(text.as_bytes(), to))),
        K::Boolean => from_text::boolean(text).map(Scalar::Boolean),
        K::TinyInt => from_text::whole(text).and_then(|whole| whole.try_into().ok()).map(Scalar::TinyInt),
        K::SmallInt => from_text::whole(text).and_then(|whole| whole.try_into().ok()).map(Scalar::SmallInt),
        K::Int => from_text::whole(text).and_then(|whole| whole.try_into().ok()).map(Scalar::Int),
        K::BigInt => from_text::whole(text).map(Scalar::BigInt),
        K::Float => from_text::float(text).map(Scalar::Float),
        K::Double => from_text::double(text).map(Scalar::Double),
        K::Decimal { precision, scale } => match from_text::decimal(text, *precision, *scale) {
            Some(decimal) => return Ok(decimal.map(Scalar::Decimal)),
            None => None,
        },
        K::Date => from_text::date(text).map(Scalar::Date),
        K::Time(_) => from_text::time(text).map(Scalar::Time),
        K::Timestamp(precision) => from_text::timestamp(text, *precision, true),
        K::TimestampLtz(precision) => from_text::timestamp(text, *precision, false),
        _ => None,
    };
    match cast {
        Some(cast) => Ok(Some(cast)),
        None => failed(text, &K::STRING, to),
    }
}

fn failed<T>(value: &str, from: &TypeKind, to: &TypeKind) -> Result<T> {
    InvalidValueSnafu { message: format!("the {from} `{value}` cannot become {to}") }.fail()
}
