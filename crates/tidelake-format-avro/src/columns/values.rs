//! Numbers whose form changes on the way.

use arrow_schema::TimeUnit;

use crate::fault::{Result, broken, unsupported};

/// From one unit of time to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticks {
    from: i64,
    to: i64,
}

impl Ticks {
    pub(super) fn new(from: TimeUnit, to: TimeUnit) -> Self {
        Self { from: per_second(from), to: per_second(to) }
    }

    /// Finer units are floored.
    pub(super) fn convert(self, ticks: i64) -> Result<i64> {
        if self.from > self.to {
            return Ok(ticks.div_euclid(self.from / self.to));
        }
        match ticks.checked_mul(self.to / self.from) {
            Some(ticks) => Ok(ticks),
            None => unsupported("has a timestamp beyond what 64 bits hold in this unit (read it in the wide form)"),
        }
    }
}

/// The nanoseconds of the millisecond.
pub(super) fn split(ticks: i64, unit: TimeUnit) -> i32 {
    match per_second(unit) / 1_000 {
        0 => 0,
        per_milli => (ticks.rem_euclid(per_milli) * (1_000_000 / per_milli)) as i32,
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// From one decimal type to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rescale {
    from: i8,
    to: i8,
    /// Ten to the power of the difference, unless no number is large enough for it to matter.
    by: Option<i128>,
    /// The smallest number of too many digits.
    bound: i128,
    precision: u8,
}

impl Rescale {
    pub(super) fn new(from: i8, precision: u8, to: i8) -> Self {
        let by = 10_i128.checked_pow(u32::from(from.abs_diff(to)));
        let bound = 10_i128.checked_pow(u32::from(precision)).unwrap_or(i128::MAX);
        Self { from, to, by, bound, precision }
    }

    /// From two's complement, highest byte first.
    pub(super) fn read(self, bytes: &[u8]) -> Result<i128> {
        let stored = unscaled(bytes)?;
        let scaled = match self.by {
            _ if self.from == self.to => Some(stored),
            Some(by) if self.to > self.from => stored.checked_mul(by),
            Some(by) if stored % by == 0 => Some(stored / by),
            _ => (stored == 0).then_some(0),
        };
        match scaled {
            Some(value) if -self.bound < value && value < self.bound => Ok(value),
            Some(_) => unsupported(format!(
                "has the unscaled {stored} of scale {}, which has more than {} digits",
                self.from, self.precision
            )),
            None => unsupported(format!(
                "has the unscaled {stored} of scale {}, which has no exact form of scale {}",
                self.from, self.to
            )),
        }
    }
}

fn unscaled(bytes: &[u8]) -> Result<i128> {
    let Some(first) = bytes.first() else { return broken("has a decimal of no bytes") };
    let sign = if first & 0x80 == 0 { 0 } else { 0xff };
    let (beyond, kept) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut value = [sign; 16];
    value[16 - kept.len()..].copy_from_slice(kept);
    let same_sign = value[0] & 0x80 == sign & 0x80;
    if same_sign && beyond.iter().all(|byte| *byte == sign) {
        Ok(i128::from_be_bytes(value))
    } else {
        unsupported(format!("has a decimal of {} bytes, which has more than 38 digits", bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_of_any_number_of_bytes() {
        for (bytes, value) in [(&[0xff][..], -1), (&[0, 0x80], 128), (&[0x80], -128), (&[0xff; 20], -1)] {
            assert_eq!(unscaled(bytes).expect("a decimal"), value);
        }
        let mut wide = [0; 17];
        wide[1] = 0x80;
        assert!(unscaled(&wide).is_err() && unscaled(&[]).is_err());
    }

    #[test]
    fn decimals_keep_every_digit_or_are_refused() {
        let widened = Rescale::new(2, 12, 4);
        assert_eq!(widened.read(&[0xff]).expect("-0.01"), -100);
        let narrowed = Rescale::new(2, 12, 1);
        assert_eq!(narrowed.read(&[100]).expect("1.00"), 10);
        assert!(narrowed.read(&[101]).is_err());
        assert!(Rescale::new(0, 2, 0).read(&[100]).is_err());
        assert_eq!(Rescale::new(0, 2, 0).read(&[0x9d]).expect("-99"), -99);
    }

    #[test]
    fn timestamps_before_1970_are_floored() {
        let ticks = Ticks::new(TimeUnit::Microsecond, TimeUnit::Millisecond);
        assert_eq!(ticks.convert(-1).expect("floored"), -1);
        assert_eq!(split(-1, TimeUnit::Microsecond), 999_000);
        assert!(Ticks::new(TimeUnit::Second, TimeUnit::Nanosecond).convert(i64::MAX).is_err());
    }
}
