//! Avro's primitives, read from a slice and never past it.

use super::{Fault, Result, broken};

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => broken(format!("{length} bytes are announced, {} are left", self.rest.len())),
        }
    }

    pub(super) fn long(&mut self) -> Result<i64> {
        let mut value = 0u64;
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
        broken("a number is cut off or too long")
    }

    /// A length or count that cannot exceed what is left: every item takes a byte or more.
    pub(super) fn length(&mut self) -> Result<usize> {
        let length = self.long()?;
        usize::try_from(length).ok().filter(|length| *length <= self.rest.len()).ok_or_else(|| {
            Fault::Broken(format!("a length of {length} is announced, {} bytes are left", self.rest.len()))
        })
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(super) fn string(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|error| Fault::Broken(format!("a string is not UTF-8: {error}")))
    }

    /// The number of items in the next run of an array or map; 0 at its end.
    pub(super) fn run(&mut self) -> Result<usize> {
        let count = self.long()?;
        if count < 0 {
            self.long()?; // the run's length in bytes, for readers that skip
        }
        let count = count.unsigned_abs();
        if count > self.rest.len() as u64 {
            return broken(format!("{count} items are announced, {} bytes are left", self.rest.len()));
        }
        Ok(count as usize)
    }
}
