//! Partition paths as Java names them.

use tidelake_types::{
    BinaryRow, CanonicalReader, DataField, PartitionText, PartitionValues, Scalar, escape_path_name, unescape_path_name,
};

use crate::{columns, ddl};

fn path(types: &[(&str, &str)], line: &str, legacy: bool) -> String {
    let fields: Vec<_> =
        types.iter().enumerate().map(|(id, (name, text))| DataField::new(id as i32, *name, ddl(text))).collect();
    let batch = CanonicalReader::new(&fields).unwrap().read_text(line).unwrap().batch;
    let values: Vec<_> = fields
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| Scalar::from_array(column, 0, &field.data_type).unwrap())
        .collect();
    let text = PartitionText { legacy, ..PartitionText::default() };
    PartitionValues::new(&fields, &values).unwrap().path(&fields, &text).unwrap()
}

const TYPES: &[(&str, &str)] = &[
    ("d", "DATE"),
    ("b", "BOOLEAN"),
    ("ts", "TIMESTAMP(6)"),
    ("dec", "DECIMAL(10, 2)"),
    ("ltz", "TIMESTAMP(3) WITH LOCAL TIME ZONE"),
    ("f", "FLOAT"),
    ("t", "TIME(3)"),
    ("s", "STRING"),
];

const LINE: &str = r#"{"d":"2023-12-09","b":true,"ts":"2023-11-14T22:13:20","dec":"1.5","ltz":"2023-11-14T22:13:20.123Z","f":1,"t":3661001,"s":"a b%c:d"}"#;

#[test]
fn legacy_names_are_javas_plain_texts() {
    assert_eq!(
        path(TYPES, LINE, true),
        "d=19700/b=true/ts=2023-11-14T22%3A13%3A20/dec=1.50/ltz=2023-11-14T22%3A13%3A20.123/f=1.0/t=3661001/s=a b%25c%3Ad"
    );
}

#[test]
fn other_names_are_casts_to_text() {
    assert_eq!(
        path(TYPES, LINE, false),
        "d=2023-12-09/b=true/ts=2023-11-14 22%3A13%3A20.000000/dec=1.50/ltz=2023-11-14 22%3A13%3A20.123/f=1.0/t=01%3A01%3A01.001/s=a b%25c%3Ad"
    );
}

#[test]
fn null_and_blank_share_a_directory_but_are_three_partitions() {
    let fields = columns(&["STRING"]);
    let text = PartitionText::default();
    let partitions: Vec<_> = [None, Some(""), Some(" \t")]
        .map(|value| PartitionValues::new(&fields, &[value.map(|text| Scalar::String(text.to_owned()))]).unwrap())
        .into();
    for partition in &partitions {
        assert_eq!(partition.path(&fields, &text).unwrap(), "c0=__DEFAULT_PARTITION__");
    }
    assert_ne!(partitions[0], partitions[1]);
    assert_ne!(partitions[1], partitions[2]);
}

#[test]
fn equal_partitions_are_equal_whoever_wrote_them() {
    let fields = columns(&["TIMESTAMP(6)"]);
    let foreign =
        BinaryRow::from_serialized(&crate::binary_rows::unhex("0000000100010000000000000000000000000000")).unwrap();
    assert_eq!(PartitionValues::from_row(&fields, &foreign).unwrap(), PartitionValues::new(&fields, &[None]).unwrap());
}

#[test]
fn binary_partitions_have_no_legacy_path() {
    let fields = columns(&["BYTES"]);
    let partition = PartitionValues::new(&fields, &[Some(Scalar::Bytes(b"ab".to_vec()))]).unwrap();
    assert!(partition.path(&fields, &PartitionText::default()).is_err());
    let text = PartitionText { legacy: false, ..PartitionText::default() };
    assert_eq!(partition.path(&fields, &text).unwrap(), "c0=ab");
}

#[test]
fn only_some_characters_are_escaped() {
    assert_eq!(escape_path_name("{x}[y]^~,;&=\u{7f}中"), "%7Bx%7D%5By%5D%5E~,;&%3D%7F中");
    assert_eq!(escape_path_name("\u{0}\u{1f}\"#%'*/:=?\\ <>|"), "%00%1F%22%23%25%27%2A%2F%3A%3D%3F%5C <>|");
    for text in ["", "a b", "50%", "%zz", "{x}[y]^~,;&=\u{7f}中", "%41"] {
        assert_eq!(unescape_path_name(&escape_path_name(text)), text);
    }
    assert_eq!(unescape_path_name("%3a%3A%zz%4"), "::%zz%4");
}

#[test]
fn an_unpartitioned_table_has_an_empty_path() {
    assert_eq!(PartitionValues::unpartitioned().path(&[], &PartitionText::default()).unwrap(), "");
}
