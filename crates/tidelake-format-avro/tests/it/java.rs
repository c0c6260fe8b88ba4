//! Files written by Java Paimon 1.4.2 (`multiset`: 2.1, `nested_0_9`: 0.9), with the rows that Java was given and reads.

use serde_json::Value;
use tidelake_format::{DecodedBatch, RowPositions};
use tidelake_types::{DataField, arrow_schema, arrow_schema_wide, parse_fields};

use crate::files::{lines, read_all};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) file: &'static [u8],
    fields: &'static str,
    /// All of them; of the codecs' 120 the first few.
    rows: &'static str,
}

macro_rules! cases {
    ($($name:literal),*) => {
        [$(Case {
            name: $name,
            file: include_bytes!(concat!("../data/", $name, ".avro")),
            fields: include_str!(concat!("../data/", $name, ".fields.json")),
            rows: include_str!(concat!("../data/", $name, ".jsonl")),
        }),*]
    };
}

const TYPES: [Case; 8] =
    cases!["primitives", "ancient", "arrays", "maps", "multiset", "deep", "not_null", "nested_0_9"];
const CODECS: [Case; 4] = cases!["codec_null", "codec_deflate", "codec_snappy", "codec_zstandard"];

/// One of the files, by name.
pub(crate) fn case(name: &str) -> &'static Case {
    const ALL: [&[Case]; 2] = [&TYPES, &CODECS];
    ALL.iter().copied().flatten().find(|case| case.name == name).unwrap()
}

impl Case {
    pub(crate) fn fields(&self) -> Vec<DataField> {
        let json: Value = serde_json::from_str(self.fields).unwrap();
        parse_fields(&json).unwrap()
    }

    pub(crate) fn rows(&self) -> Vec<&str> {
        self.rows.lines().collect()
    }
}

fn text(batches: &[DecodedBatch], fields: &[DataField]) -> Vec<String> {
    batches.iter().flat_map(|batch| lines(&batch.rows, fields)).collect()
}

#[tokio::test]
async fn rows_are_those_that_java_reads() {
    for case in &TYPES {
        let fields = case.fields();
        for schema in [arrow_schema(&fields), arrow_schema_wide(&fields)] {
            let batches = read_all(case.file, &schema.unwrap()).await.unwrap();
            assert_eq!(text(&batches, &fields), case.rows(), "{}", case.name);
        }
    }
}

#[tokio::test]
async fn every_codec_is_unfolded() {
    for case in &CODECS {
        let fields = case.fields();
        let batches = read_all(case.file, &arrow_schema(&fields).unwrap()).await.unwrap();
        let rows = text(&batches, &fields);
        assert_eq!(rows.len(), 120, "{}", case.name);
        assert_eq!(rows[..5], case.rows(), "{}", case.name);
        assert_eq!(batches[0].positions, RowPositions::Range(0..120));
    }
}

/// To release 0.9 a row is a union of null and a record. Readers that look for the columns of a record find none in a
/// union, and may take all of them for null.
#[tokio::test]
async fn rows_that_are_unions_are_not_null() {
    let case = case("nested_0_9");
    assert!(String::from_utf8_lossy(case.file).contains(r#"["null",{"type":"record","name":"record""#));
    let fields = case.fields();
    let batches = read_all(case.file, &arrow_schema(&fields).unwrap()).await.unwrap();
    for (field, column) in fields.iter().zip(batches[0].rows.columns()) {
        assert!(column.null_count() < column.len(), "`{}` is null in every row", field.name);
    }
}

/// Java writes wall clocks as what Avro calls instants, and instants as what Avro calls local.
#[tokio::test]
async fn wall_clocks_and_instants_are_told_apart_by_the_table() {
    let case = case("primitives");
    let fields = case.fields();
    let file = crate::files::Memory::of(case.file);
    let open = crate::files::open(&file).await.unwrap();
    for field in arrow_schema(&fields).unwrap().fields() {
        let stored = open.schema().field_with_name(field.name()).unwrap();
        let asked = field.data_type().to_string();
        if asked.starts_with("Timestamp") || asked.starts_with("Decimal") || asked.starts_with("Date") {
            assert_eq!(stored.data_type(), field.data_type(), "`{}`", field.name());
        }
        assert_eq!(stored.is_nullable(), field.is_nullable(), "`{}`", field.name());
    }
}
