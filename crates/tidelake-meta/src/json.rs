//! JSON as the table format's files have it: read within bounds, written as Java's writer lays it out.
//!
//! ```text
//! {
//!   "id" : 1,
//!   "keys" : [ "a", "b" ],
//!   "fields" : [ {
//!     "id" : 0
//!   } ]
//! }
//! ```

use std::io;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, ser::Formatter};

use crate::{Result, error::corrupt};

/// Larger JSON files are refused unread.
pub(crate) const JSON_BYTES_MAX: u64 = 64 << 20;

/// From the bytes of a file. Depth is bounded by the parser (128); a member given twice or of another type is `Corrupt`.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &'static str, path: &str) -> Result<T> {
    if bytes.len() as u64 > JSON_BYTES_MAX {
        return Err(corrupt(what, path, format!("it has {} bytes, more than any such file", bytes.len())));
    }
    serde_json::from_slice(bytes).map_err(|error| corrupt(what, path, error))
}

/// Pretty-printed: two spaces for each object, arrays on one line, ` : ` between name and value.
pub(crate) fn to_json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, JavaLayout::default());
    value.serialize(&mut serializer).expect("writing a JSON value to memory cannot fail");
    bytes
}

#[derive(Default)]
struct JavaLayout {
    depth: usize,
    /// Whether the object just opened has no member yet.
    empty: bool,
}

impl JavaLayout {
    fn new_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for JavaLayout {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b" " } else { b", " })
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" ]")
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if std::mem::take(&mut self.empty) {
            writer.write_all(b" ")?;
        } else {
            self.new_line(writer)?;
        }
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_layout_is_that_of_the_java_writer() {
        let value = json!({"id": 1, "none": {}, "keys": [], "fields": [{"id": 0, "type": {"a": [1, 2]}}, {"id": 1}]});
        let text = "{\n  \"id\" : 1,\n  \"none\" : { },\n  \"keys\" : [ ],\n  \"fields\" : [ {\n    \"id\" : 0,\n    \"type\" : {\n      \
                    \"a\" : [ 1, 2 ]\n    }\n  }, {\n    \"id\" : 1\n  } ]\n}";
        assert_eq!(String::from_utf8(to_json(&value)).unwrap(), text);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = "[".repeat(100_000);
        assert!(from_json::<Value>(deep.as_bytes(), "snapshot", "s").is_err());
    }
}
