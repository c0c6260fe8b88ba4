//! Avro's primitives, read from a slice and never past it.
//!
//! ```text
//! int, long       zigzag, then 7 bits a byte, lowest first
//! bytes, string   long: length | bytes
//! array, map      (long: items | items)… | 0             (items < 0: -items | long: bytes | items)
//! ```

use crate::fault::{Result, broken, cut};

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

/// Some items of an array or map, one after another.
pub(crate) struct Run {
    /// How many; 0 at the end.
    pub(crate) items: usize,
    /// How many bytes they take, where the writer says so.
    pub(crate) bytes: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => cut(format!("needs {length} bytes, {} are left", self.rest.len())),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => cut(format!("needs {N} bytes, {} are left", self.rest.len())),
        }
    }

    pub(crate) fn boolean(&mut self) -> Result<bool> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => broken(format!("has a boolean of {other}")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i32> {
        let long = self.long()?;
        i32::try_from(long).or_else(|_| broken(format!("has an int of {long}")))
    }

    pub(crate) fn long(&mut self) -> Result<i64> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            if index == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        if self.rest.len() < 10 { cut("has a number that is cut off") } else { broken("has a number that is too long") }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => broken(format!("has a length of {length}")),
        }
    }

    /// The next run of an array or map. Each item takes a byte or more, so a run is never longer than what is left.
    pub(crate) fn run(&mut self) -> Result<Run> {
        let items = self.long()?;
        let bytes = if items < 0 { Some(self.long()?) } else { None };
        let left = self.rest.len() as u64;
        if items.unsigned_abs() > left || bytes.is_some_and(|bytes| !(0..=left as i64).contains(&bytes)) {
            return cut(format!("announces {} items, {left} bytes are left", items.unsigned_abs()));
        }
        Ok(Run { items: items.unsigned_abs() as usize, bytes: bytes.map(|bytes| bytes as usize) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fold_their_sign_into_the_lowest_bit() {
        for (bytes, number) in [(&[0][..], 0), (&[1], -1), (&[2], 1), (&[0x7f], -64), (&[0x80, 1], 64)] {
            assert_eq!(Cursor::new(bytes).long().expect("a number"), number);
        }
        let smallest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Cursor::new(&smallest).long().expect("a number"), i64::MIN);
        assert!(Cursor::new(&smallest).int().is_err());
    }

    #[test]
    fn numbers_without_an_end_are_refused() {
        assert!(Cursor::new(&[0xff; 3]).long().expect_err("cut").is_cut());
        assert!(!Cursor::new(&[0xff; 12]).long().expect_err("too long").is_cut());
    }

    #[test]
    fn announced_items_must_fit_into_what_is_left() {
        assert_eq!(Cursor::new(&[4, 0, 0]).run().expect("two items").items, 2);
        assert!(Cursor::new(&[6, 0, 0]).run().is_err());
        let counted = Cursor::new(&[3, 4, 0, 0]).run().expect("two items in two bytes");
        assert_eq!((counted.items, counted.bytes), (2, Some(2)));
        assert!(Cursor::new(&[3, 6, 0, 0]).run().is_err());
    }
}
