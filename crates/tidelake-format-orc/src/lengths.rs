//! How many elements the lists or maps of a stripe have, before anything is made for them.
//!
//! The library allocates as many elements as the lengths say and only then decodes; nothing in a file vouches for a length.
//! So the lengths are summed here, from their runs:
//!
//! ```text
//! version 1   n            run of n + 3:   step (1 byte), first (varint)
//!             256 - n      n varints
//! version 2   00 www nnn   n + 3 times the same, w + 1 bytes big-endian
//!             01 wwwww n   n + 1 (9 bits) packed in bits(w) each
//!             10 wwwww n   the same above a base, a few of them patched with higher bits
//!             11 wwwww n   a first, a first difference, then differences packed in bits(w), all of its sign
//! ```

/// Which runs a stream is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunVersion {
    /// Of Hive 0.11.
    One,
    /// Of everything since.
    Two,
}

/// The sum of a stream of numbers that are not negative, saturating; `None` if it is no such stream.
pub(crate) fn sum(stream: &[u8], version: RunVersion) -> Option<u64> {
    let mut bytes = Bytes(stream);
    let mut sum = 0_u64;
    while let Some(header) = bytes.next() {
        let run = match (version, header >> 6) {
            (RunVersion::One, _) => run_of_version_one(header, &mut bytes)?,
            (RunVersion::Two, 0) => short_repeat(header, &mut bytes)?,
            (RunVersion::Two, 1) => direct(header, &mut bytes)?,
            (RunVersion::Two, 2) => patched_base(header, &mut bytes)?,
            (RunVersion::Two, _) => delta(header, &mut bytes)?,
        };
        sum = sum.saturating_add(run);
    }
    Some(sum)
}

fn run_of_version_one(header: u8, bytes: &mut Bytes<'_>) -> Option<u64> {
    if header < 0x80 {
        let (count, step) = (i128::from(header) + 3, i128::from(bytes.next()? as i8));
        let first = i128::from(bytes.varint()?);
        return saturated(first * count + step * (count * (count - 1) / 2));
    }
    (0..256 - usize::from(header)).try_fold(0_u64, |sum, _| Some(sum.saturating_add(bytes.varint()?)))
}

fn short_repeat(header: u8, bytes: &mut Bytes<'_>) -> Option<u64> {
    let width = usize::from(header >> 3 & 7) + 1;
    Some(bytes.big_endian(width)?.saturating_mul(u64::from(header & 7) + 3))
}

fn direct(header: u8, bytes: &mut Bytes<'_>) -> Option<u64> {
    let (width, count) = (width_of(header >> 1 & 0x1f), count_of(header, bytes)?);
    Some(bytes.packed(width, count)?.into_iter().fold(0, u64::saturating_add))
}

fn patched_base(header: u8, bytes: &mut Bytes<'_>) -> Option<u64> {
    let (width, count) = (width_of(header >> 1 & 0x1f), count_of(header, bytes)?);
    let (third, fourth) = (bytes.next()?, bytes.next()?);
    let (base_bytes, patch_width) = (usize::from(third >> 5) + 1, width_of(third & 0x1f));
    let (gap_width, patches) = (u32::from(fourth >> 5) + 1, usize::from(fourth & 0x1f));
    let base = bytes.big_endian(base_bytes)?;
    let sign = 1 << (8 * base_bytes as u32 - 1);
    let base = if base & sign == 0 { i128::from(base) } else { -i128::from(base & (sign - 1)) };
    let low = bytes.packed(width, count)?.into_iter().map(i128::from).sum::<i128>();
    // Where a patch goes changes no sum: its bits are above those of any value.
    let patches = bytes.packed(closest_width(gap_width + patch_width)?, patches)?;
    let mask = u64::MAX.checked_shr(64 - patch_width).unwrap_or(0);
    let high = patches.into_iter().try_fold(0_i128, |sum, patch| {
        sum.checked_add(i128::from(patch & mask).checked_mul(1_i128.checked_shl(width)?)?)
    })?;
    saturated(base * count as i128 + low + high)
}

fn delta(header: u8, bytes: &mut Bytes<'_>) -> Option<u64> {
    let code = header >> 1 & 0x1f;
    let count = count_of(header, bytes)?;
    let first = i128::from(bytes.varint()?);
    let step = bytes.varint()?;
    let step = i128::from(step >> 1) ^ -i128::from(step & 1);
    if code == 0 {
        let count = count as i128;
        return saturated(first * count + step * (count * (count - 1) / 2));
    }
    let mut value = first + step;
    let mut sum = if count > 1 { first + value } else { first };
    for difference in bytes.packed(width_of(code), count.saturating_sub(2))? {
        value += if step < 0 { -i128::from(difference) } else { i128::from(difference) };
        sum += value;
    }
    saturated(sum)
}

/// Nine bits, of the header and the byte behind it; one less than the count.
fn count_of(header: u8, bytes: &mut Bytes<'_>) -> Option<usize> {
    Some((usize::from(header & 1) << 8 | usize::from(bytes.next()?)) + 1)
}

/// `None` for what is negative.
fn saturated(sum: i128) -> Option<u64> {
    (sum >= 0).then(|| u64::try_from(sum).unwrap_or(u64::MAX))
}

/// The bits that a code of five bits stands for.
fn width_of(code: u8) -> u32 {
    match code {
        0..=23 => u32::from(code) + 1,
        24..=27 => 26 + 2 * (u32::from(code) - 24),
        _ => 40 + 8 * (u32::from(code) - 28),
    }
}

/// The least width with a code that is not below `bits`.
fn closest_width(bits: u32) -> Option<u32> {
    (0..32).map(width_of).find(|width| *width >= bits)
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// At most eight bytes.
    fn big_endian(&mut self, width: usize) -> Option<u64> {
        (0..width).try_fold(0, |value, _| Some(value << 8 | u64::from(self.next()?)))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Numbers of `width` bits, at most 64, one behind the other, high bits first, up to a whole byte.
    fn packed(&mut self, width: u32, count: usize) -> Option<Vec<u64>> {
        let length = (width as usize * count).div_ceil(8);
        let (packed, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let (mut held, mut bits) = (0_u128, 0);
        let mut packed = packed.iter();
        let numbers = (0..count).map(|_| {
            while bits < width {
                held = held << 8 | u128::from(*packed.next()?);
                bits += 8;
            }
            bits -= width;
            let number = (held >> bits) as u64;
            held &= (1 << bits) - 1;
            Some(number)
        });
        numbers.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's specification.
    #[test]
    fn runs_of_each_kind_have_their_sums() {
        let two = |stream: &[u8]| sum(stream, RunVersion::Two);
        assert_eq!(two(&[0x0a, 0x27, 0x10]), Some(5 * 10_000));
        let direct = [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef];
        assert_eq!(two(&direct), Some(23_713 + 43_806 + 57_005 + 48_879));
        let patched = [
            0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46, 0x50, 0x5a, 0x64, 0x6e,
            0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8,
        ];
        let values = [2_030, 2_000, 2_020, 1_000_000].into_iter().chain((2_040..=2_190).step_by(10));
        assert_eq!(two(&patched), Some(values.sum()));
        let primes = [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46];
        assert_eq!(two(&primes), Some([2, 3, 5, 7, 11, 13, 17, 19, 23, 29].iter().sum()));
        let one = |stream: &[u8]| sum(stream, RunVersion::One);
        assert_eq!(one(&[0x61, 0x00, 0x07]), Some(100 * 7));
        assert_eq!(one(&[0x61, 0xff, 0x64]), Some((1..=100).sum()));
        assert_eq!(one(&[0xfb, 0x02, 0x03, 0x06, 0x07, 0x0b]), Some(2 + 3 + 6 + 7 + 11));
        assert_eq!(two(&[]), Some(0));
        let both = [&primes[..], &direct[..]].concat();
        assert_eq!(two(&both), Some(129 + 173_403));
    }

    #[test]
    fn what_is_cut_or_below_zero_is_no_stream_and_what_is_large_is_largest() {
        assert_eq!(sum(&[0x0a, 0x27], RunVersion::Two), None);
        assert_eq!(sum(&[0xc0, 0x04, 0x01, 0x05], RunVersion::Two), None);
        assert_eq!(sum(&[0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], RunVersion::Two), Some(u64::MAX));
        // Any bytes give an answer.
        for seed in 0..5_000_u32 {
            let bytes: Vec<u8> =
                (0..40).map(|at| (seed.wrapping_mul(2_654_435_761) >> (at % 24)) as u8 ^ at as u8).collect();
            let _ = (sum(&bytes, RunVersion::Two), sum(&bytes, RunVersion::One));
        }
    }
}
