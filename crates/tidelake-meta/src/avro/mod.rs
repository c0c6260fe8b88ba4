//! Avro object container files, as manifests are stored: a small codec of our own.
//!
//! General readers stop quietly at a block that is cut off, take sync markers on trust and inflate without limit; a
//! table would lose files without a word. This one reads every byte, checks every count, and bounds every size.
//!
//! ```text
//! file    "Obj" 0x01 | map: avro.schema, avro.codec | sync (16) | block …
//! block   long: records | long: bytes | records, compressed as one | sync (16)
//! long    zigzag, then 7 bits a byte, lowest first          bytes, string   long: length | bytes
//! union   long: branch | value                              array, map      (long: items | items)… | 0
//! record  its fields, one after the other                   (items < 0: -items | long: bytes | items)
//! ```
//!
//! Fields are found by name, so that every dialect is read alike: files of older and newer writers, and files whose
//! records are unions with null. See [`Shape`].

mod container;
mod cursor;
mod encode;
mod row;
mod schema;

pub(crate) use container::{Codec, ContainerWriter, read_container};
pub(crate) use encode::Encoder;
pub(crate) use row::{Row, Shape};

/// Why bytes were refused.
#[derive(Debug)]
pub(crate) enum Fault {
    /// They break the format.
    Broken(String),
    /// A codec, or another file format, that is not read.
    Unsupported(String),
}

type Result<T> = std::result::Result<T, Fault>;

/// A `Broken` fault.
pub(crate) fn broken<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault::Broken(reason.into()))
}

impl Fault {
    fn at(self, place: &str) -> Self {
        match self {
            Self::Broken(reason) => Self::Broken(format!("{reason} {place}")),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static INNER: Shape = Shape(&[("b", None), ("c", None)]);
    static SHAPE: Shape = Shape(&[("a", None), ("r", Some(&INNER)), ("later", None)]);

    type Values = (i64, Option<String>, Option<i64>);

    fn read(bytes: &[u8]) -> Result<Vec<Values>> {
        read_container(bytes, &SHAPE, |row| Ok((row.long(0)?, row.opt_string(2)?, row.opt_long(3)?)))
    }

    fn write(schema: &str, record: impl Fn(&mut Encoder)) -> Vec<u8> {
        let mut writer = ContainerWriter::new(schema, Codec::Zstandard(1), "m");
        for _ in 0..3 {
            writer.record(&record).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn records_in_unions_with_null_are_unwrapped() {
        let schema = r#"["null",{"type":"record","name":"top","namespace":"n","fields":[
            {"name":"r","type":["null",{"type":"record","name":"in","fields":[{"name":"x","type":["null","double"]},{"name":"c","type":["null","string"]}]}]},
            {"name":"more","type":{"type":"map","values":"n.in"}},{"name":"a","type":["null","int"]}]}]"#;
        let bytes = write(schema, |out| {
            out.long(1);
            out.long(1);
            out.long(0);
            out.optional(Some("ç"), Encoder::string);
            out.long(0);
            out.optional(Some(-3), Encoder::long);
        });
        assert_eq!(read(&bytes).unwrap(), vec![(-3, Some("ç".to_owned()), None); 3]);
        let null = write(schema, |out| out.long(0));
        assert!(matches!(read(&null), Err(Fault::Broken(reason)) if reason.contains("`a` is missing")));
    }

    #[test]
    fn a_block_that_unfolds_without_end_is_refused() {
        let schema =
            r#"{"type":"record","name":"t","fields":[{"name":"a","type":"long"},{"name":"x","type":"bytes"}]}"#;
        let huge = vec![0; 300 << 20];
        let bytes = write(schema, |out| {
            out.long(1);
            out.bytes(&huge);
        });
        assert!(bytes.len() < 1 << 20);
        assert!(matches!(read(&bytes), Err(Fault::Broken(reason)) if reason.contains("unfolds to more than")));
    }

    #[test]
    fn hostile_schemas_and_lengths_are_refused() {
        let doubling: Vec<String> = (0..60).map(|level| format!(
            r#"{{"name":"f{level}","type":{{"type":"record","name":"r{}","fields":[{{"name":"a","type":"r{level}"}},{{"name":"b","type":"r{level}"}}]}}}}"#,
            level + 1
        )).collect();
        let first = r#"{"name":"first","type":{"type":"record","name":"r0","fields":[{"name":"n","type":"null"}]}}"#;
        let schema = format!(r#"{{"type":"record","name":"t","fields":[{first},{}]}}"#, doubling.join(","));
        assert!(read(&write(&schema, |_| ())).is_err());
        let itself = r#"{"type":"record","name":"t","fields":[{"name":"a","type":"t"}]}"#;
        assert!(read(&write(itself, |_| ())).is_err());
        let list = r#"{"type":"record","name":"t","fields":[{"name":"a","type":"long"},{"name":"l","type":{"type":"array","items":"long"}}]}"#;
        for length in [i64::MAX, i64::MIN, -1, 1 << 40] {
            let bytes = write(list, |out| {
                out.long(1);
                out.long(length);
            });
            assert!(read(&bytes).is_err(), "{length}");
        }
    }

    #[test]
    fn all_whole_numbers_come_back() {
        let schema = r#"{"type":"record","name":"t","fields":[{"name":"a","type":"long"}]}"#;
        for number in [0, -1, 63, -64, 64, i64::from(i32::MIN), i64::MAX, i64::MIN] {
            assert_eq!(read(&write(schema, |out| out.long(number))).unwrap(), vec![(number, None, None); 3]);
        }
    }
}
