//! A look at a footer's Thrift bytes before the library parses them: every list and string must fit into what is left.
//!
//! The library reserves memory for the row groups that a footer *says* it has, before it looks for them; a flipped bit
//! would have it ask for a hundred gigabytes. This walk reserves nothing.
//!
//! ```text
//! compact protocol    field header: delta of the id, 4 bits │ type, 4 bits   (delta 0: the id follows as a varint)
//!                     list header:  size, 4 bits (15: a varint follows) │ element type, 4 bits
//!                     string: varint length, bytes      integers: varints      double: 8 bytes      stop: 0
//! ```

const BOOLEAN_TRUE: u8 = 1;
const BOOLEAN_FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Deeper than any schema of metadata nests.
const DEPTH_MAX: u32 = 32;

/// Walks the structure at the start of `footer`, or of any other metadata.
pub(crate) fn check_struct(footer: &[u8]) -> Result<(), String> {
    let mut walk = Walk { rest: footer };
    walk.structure(0)
        .map_err(|reason| format!("{reason} at byte {} of {}", footer.len() - walk.rest.len(), footer.len()))
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    fn structure(&mut self, depth: u32) -> Result<(), &'static str> {
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            if header >> 4 == 0 {
                self.varint()?;
            }
            match header & 0x0f {
                BOOLEAN_TRUE | BOOLEAN_FALSE => {}
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Result<(), &'static str> {
        if depth > DEPTH_MAX {
            return Err("nests too deep");
        }
        match kind {
            BOOLEAN_TRUE | BOOLEAN_FALSE | BYTE => self.byte().map(drop),
            I16..=I64 => self.varint().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.varint()?;
                self.skip(length)
            }
            LIST | SET => {
                let header = self.byte()?;
                let size = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
                self.fits(size)?;
                (0..size).try_for_each(|_| self.value(header & 0x0f, depth + 1))
            }
            MAP => {
                let size = self.varint()?;
                self.fits(size)?;
                let kinds = if size == 0 { 0 } else { self.byte()? };
                (0..size).try_for_each(|_| {
                    self.value(kinds >> 4, depth + 1)?;
                    self.value(kinds & 0x0f, depth + 1)
                })
            }
            STRUCT => self.structure(depth + 1),
            UUID => self.skip(16),
            // An empty list may be one zero byte; its elements have no type, and there are none.
            _ => Err("has a value of no type"),
        }
    }

    /// An element takes a byte at least.
    fn fits(&self, size: u64) -> Result<(), &'static str> {
        if size > self.rest.len() as u64 { Err("has a list longer than itself") } else { Ok(()) }
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        let (byte, rest) = self.rest.split_first().ok_or("ends early")?;
        self.rest = rest;
        Ok(*byte)
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("has an endless number")
    }

    fn skip(&mut self, bytes: u64) -> Result<(), &'static str> {
        self.rest = usize::try_from(bytes).ok().and_then(|bytes| self.rest.get(bytes..)).ok_or("ends early")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_must_fit_into_the_footer() {
        assert_eq!(check_struct(&[0x19, 0x2c, 0, 0, 0]), Ok(()));
        let huge = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0];
        assert_eq!(check_struct(&huge), Err("has a list longer than itself at byte 7 of 9".to_owned()));
    }

    #[test]
    fn any_cut_is_an_error() {
        let whole = [0x15, 0x02, 0x18, 0x03, b'a', b'b', b'c', 0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x00];
        assert_eq!(check_struct(&whole), Ok(()));
        for cut in 0..whole.len() {
            assert!(check_struct(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }
}
