//! Lines of JSON to batches and back.

use tidelake_types::{CanonicalReader, DataField, write_canonical_row};

use crate::{columns, ddl};

fn round_trip(reader: &CanonicalReader, fields: &[DataField], line: &str) -> String {
    let batch = reader.read_text(line).unwrap().batch;
    let mut out = String::new();
    write_canonical_row(&batch, 0, fields, None, &mut out).unwrap();
    out
}

#[test]
fn every_type_survives_in_both_forms() {
    for (text, values) in [
        ("BOOLEAN", vec!["true", "false", "null"]),
        ("TINYINT", vec!["-128", "127"]),
        ("BIGINT", vec!["-9223372036854775808"]),
        ("FLOAT", vec!["0.1", "-0.0", "3.4028235E38", "1.4E-45", "\"NaN\"", "\"-Infinity\""]),
        ("DOUBLE", vec!["4.9E-324", "1.0E23", "0.001", "9999999.0", "1.0E7", "\"Infinity\""]),
        ("DECIMAL(38, 10)", vec!["\"-9999999999999999999999999999.9999999999\"", "\"0.0000000001\""]),
        ("STRING", vec![r#""a\"\\\n\r\t\b\f\u0001/é中😀""#, "\"\""]),
        ("BYTES", vec!["\"00ff10\"", "\"\""]),
        ("DATE", vec!["\"0001-01-01\"", "\"9999-12-31\"", "\"1969-12-31\""]),
        ("TIME(3)", vec!["0", "86399999"]),
        ("TIMESTAMP(3)", vec!["\"0001-01-01T00:00:00.001000000\""]),
        ("TIMESTAMP(6)", vec!["\"9999-12-31T23:59:59.999999000\""]),
        ("TIMESTAMP(9)", vec!["\"1969-12-31T23:59:59.999999999\""]),
        ("TIMESTAMP(9) WITH LOCAL TIME ZONE", vec!["\"2024-02-29T01:02:03.000000001Z\""]),
        ("ARRAY<ARRAY<INT>>", vec!["[[1,null],[],null]", "[]", "null"]),
        ("MAP<STRING, TIMESTAMP(9)>", vec!["[[\"a\",null],[\"b\",\"2024-02-29T01:02:03.000000000\"]]"]),
        ("MULTISET<STRING>", vec!["[[\"a\",1],[\"b\",2]]"]),
        ("ROW<x INT NOT NULL, y ARRAY<ROW<z STRING>>>", vec!["{\"x\":1,\"y\":[{\"z\":\"q\"},null]}", "null"]),
    ] {
        let fields = columns(&[text]);
        for value in values {
            let line = format!("{{\"c0\":{value}}}");
            for reader in [CanonicalReader::new(&fields).unwrap(), CanonicalReader::wide(&fields).unwrap()] {
                assert_eq!(round_trip(&reader, &fields, &line), line, "{text}");
            }
        }
    }
}

#[test]
fn wide_timestamps_hold_any_year() {
    let fields = columns(&["TIMESTAMP(9)"]);
    let line = "{\"c0\":\"0001-01-01T00:00:00.000000001\"}";
    assert_eq!(round_trip(&CanonicalReader::wide(&fields).unwrap(), &fields, line), line);
    assert!(CanonicalReader::new(&fields).unwrap().read_text(line).is_err());
}

#[test]
fn maps_are_sorted_when_written() {
    let fields = columns(&["MAP<STRING, INT>"]);
    let reader = CanonicalReader::new(&fields).unwrap();
    assert_eq!(round_trip(&reader, &fields, r#"{"c0":[["b",1],["a",2]]}"#), r#"{"c0":[["a",2],["b",1]]}"#);
}

#[test]
fn kinds_come_apart_from_the_columns() {
    let reader = CanonicalReader::new(&columns(&["INT"])).unwrap();
    let rows = reader.read_text("{\"c0\":1}\n\n{\"_kind\":\"-D\",\"c0\":2}\n{}").unwrap();
    assert_eq!(rows.kinds.unwrap().values(), &[0, 3, 0]);
    assert_eq!((rows.batch.num_rows(), rows.batch.column(0).null_count()), (3, 1));
    assert!(reader.read_text("{\"c0\":1}").unwrap().kinds.is_none());
}

#[test]
fn errors_name_line_column_and_cause() {
    let mut fields = columns(&["INT", "ROW<x TINYINT>"]);
    fields.push(DataField::new(9, "n", ddl("INT NOT NULL")));
    let reader = CanonicalReader::new(&fields).unwrap();
    for (text, message) in [
        ("{\"n\":1}\n{\"n\":1,\"c0\":\"x\"}", "line 2, column `c0`: \"x\" is not a value of type INT"),
        ("{\"n\":1,\"c1\":{\"x\":128}}", "line 1, column `c1.x`: 128 is not a value of type TINYINT"),
        ("{\"n\":1,\"c1\":{\"q\":1}}", "line 1, column `c1`: there is no field `q` in it"),
        ("{\"c0\":1}", "line 1, column `n`: null, but the type is NOT NULL"),
        ("{\"n\":1,\"other\":1}", "line 1, column `other`: there is no such column"),
        ("{\"n\":1,\"_kind\":\"X\"}", "line 1, column `_kind`: \"X\" is not a row kind"),
        ("[1]", "line 1: not a JSON object"),
    ] {
        assert_eq!(reader.read_text(text).unwrap_err().to_string(), message);
    }
}
