//! Casts against what Java's rules give.

use tidelake_types::{
    CanonicalReader, CastRule, arrow_type, arrow_type_wide, cast_array, cast_array_as, cast_rule, write_canonical,
};

use crate::{columns, ddl};

/// One value through a cast, both in canonical JSON.
fn cast(from: &str, value: &str, to: &str) -> Result<String, String> {
    let fields = columns(&[from]);
    let batch = CanonicalReader::new(&fields).unwrap().read_text(&format!("{{\"c0\":{value}}}")).unwrap().batch;
    let cast = cast_array(batch.column(0), &ddl(from), &ddl(to)).map_err(|error| error.to_string())?;
    assert_eq!(cast.data_type(), &arrow_type(&ddl(to)).unwrap(), "{from} to {to}");
    let mut out = String::new();
    write_canonical(&cast, 0, &ddl(to), &mut out).unwrap();
    Ok(out)
}

#[test]
fn values_become_what_java_makes_of_them() {
    for (from, value, to, expected) in [
        // Whole numbers wrap.
        ("BIGINT", "4294967297", "INT", "1"),
        ("INT", "300", "TINYINT", "44"),
        ("INT", "-7", "BIGINT", "-7"),
        ("TINYINT", "5", "DOUBLE", "5.0"),
        ("INT", "0", "BOOLEAN", "false"),
        ("BIGINT", "-3", "BOOLEAN", "true"),
        // Floats saturate, then wrap.
        ("DOUBLE", "1.0E10", "INT", "2147483647"),
        ("DOUBLE", "-1.9", "INT", "-1"),
        ("DOUBLE", "300.7", "TINYINT", "44"),
        ("DOUBLE", "\"NaN\"", "BIGINT", "0"),
        ("DOUBLE", "1.0E300", "FLOAT", "\"Infinity\""),
        ("FLOAT", "1.1", "DOUBLE", "1.100000023841858"),
        // Decimals are rounded half up; what does not fit is null.
        ("INT", "12", "DECIMAL(12, 2)", "\"12.00\""),
        ("INT", "1234", "DECIMAL(5, 2)", "null"),
        ("DOUBLE", "2.675", "DECIMAL(5, 2)", "\"2.68\""),
        ("DOUBLE", "1.0E-7", "DECIMAL(10, 8)", "\"0.00000010\""),
        ("FLOAT", "1.1", "DECIMAL(10, 4)", "\"1.1000\""),
        ("DECIMAL(8, 2)", "\"-1.25\"", "DECIMAL(8, 1)", "\"-1.3\""),
        ("DECIMAL(8, 2)", "\"99.99\"", "DECIMAL(2, 0)", "null"),
        ("DECIMAL(8, 2)", "\"1.50\"", "DECIMAL(38, 30)", "\"1.500000000000000000000000000000\""),
        ("DECIMAL(8, 2)", "\"-1.99\"", "INT", "-1"),
        ("DECIMAL(8, 2)", "\"1.10\"", "DOUBLE", "1.1"),
        ("DECIMAL(30, 2)", "\"12345678901234567890.12\"", "DOUBLE", "1.2345678901234567E19"),
        ("DECIMAL(30, 0)", "\"18446744073709551617\"", "BIGINT", "1"),
        ("DECIMAL(8, 2)", "\"1.50\"", "STRING", "\"1.50\""),
        // Texts of numbers and booleans, cut or filled.
        ("DOUBLE", "1.0E7", "STRING", "\"1.0E7\""),
        ("FLOAT", "0.1", "STRING", "\"0.1\""),
        ("BOOLEAN", "true", "STRING", "\"true\""),
        ("BOOLEAN", "false", "VARCHAR(2)", "\"fa\""),
        ("INT", "12", "CHAR(4)", "\"12  \""),
        ("STRING", "\"héllo\"", "VARCHAR(2)", "\"hé\""),
        ("STRING", "\"a\"", "BINARY(3)", "\"610000\""),
        ("BYTES", "\"010203\"", "VARBINARY(2)", "\"0102\""),
        ("BYTES", "\"6162\"", "STRING", "\"ab\""),
        // Texts to numbers.
        ("STRING", "\"12\"", "INT", "12"),
        ("STRING", "\"+12.99\"", "INT", "12"),
        ("STRING", "\"-128\"", "TINYINT", "-128"),
        ("STRING", "\" 1.5e3 \"", "DOUBLE", "1500.0"),
        ("STRING", "\"-1.255e1\"", "DECIMAL(5, 2)", "\"-12.55\""),
        ("STRING", "\"0.00000000000000000000000000000000000000000000005\"", "DECIMAL(5, 2)", "\"0.00\""),
        ("STRING", "\"1e5\"", "DECIMAL(5, 2)", "null"),
        ("STRING", "\"Yes\"", "BOOLEAN", "true"),
        ("STRING", "\"0\"", "BOOLEAN", "false"),
        // Days and times.
        ("DATE", "\"2024-02-29\"", "STRING", "\"2024-02-29\""),
        ("DATE", "\"1969-12-31\"", "TIMESTAMP(3)", "\"1969-12-31T00:00:00.000000000\""),
        ("STRING", "\"2024-2-9\"", "DATE", "\"2024-02-09\""),
        ("STRING", "\"2024-02-09 11:00\"", "DATE", "\"2024-02-09\""),
        ("STRING", "\"19700\"", "DATE", "\"2023-12-09\""),
        ("STRING", "\"1:2:3.4567\"", "TIME(3)", "3723457"),
        ("TIME(3)", "3661100", "STRING", "\"01:01:01.1\""),
        ("TIMESTAMP(3)", "\"2024-02-29T01:02:03.120\"", "STRING", "\"2024-02-29 01:02:03.120\""),
        ("TIMESTAMP(0)", "\"2024-02-29T01:02:03\"", "STRING", "\"2024-02-29 01:02:03\""),
        ("TIMESTAMP(3)", "\"2024-02-29T01:02:03.120\"", "TIMESTAMP(6)", "\"2024-02-29T01:02:03.120000000\""),
        ("TIMESTAMP(6)", "\"2024-02-29T01:02:03.123999\"", "TIMESTAMP(3)", "\"2024-02-29T01:02:03.123000000\""),
        ("TIMESTAMP(3)", "\"1969-12-31T23:59:58.500\"", "TIMESTAMP(0)", "\"1969-12-31T23:59:59.000000000\""),
        ("TIMESTAMP(9)", "\"1969-12-31T23:59:59.123456789\"", "TIMESTAMP(7)", "\"1969-12-31T23:59:59.123456700\""),
        ("TIMESTAMP(3)", "\"1969-12-31T23:59:59.999\"", "DATE", "\"1969-12-31\""),
        ("TIMESTAMP(3)", "\"1969-12-31T23:59:59.999\"", "TIME(3)", "86399999"),
        ("TIMESTAMP(3)", "\"1969-12-31T23:59:59.999\"", "BIGINT", "0"),
        ("INT", "-1", "TIMESTAMP(3)", "\"1969-12-31T23:59:59.000000000\""),
        ("STRING", "\"2024-02-29 1:2:3.5\"", "TIMESTAMP(3)", "\"2024-02-29T01:02:03.500000000\""),
        ("STRING", "\"2024-02-29T01:02\"", "TIMESTAMP(6)", "\"2024-02-29T01:02:00.000000000\""),
        ("STRING", "\"2024-02-29\"", "TIMESTAMP(6)", "\"2024-02-29T00:00:00.000000000\""),
        ("STRING", "\"-1\"", "TIMESTAMP(6)", "\"1969-12-31T23:59:59.999999000\""),
    ] {
        assert_eq!(cast(from, value, to).as_deref(), Ok(expected), "{from} {value} to {to}");
        assert_eq!(cast(from, "null", to).as_deref(), Ok("null"), "{from} to {to}");
    }
}

#[test]
fn what_java_cannot_read_is_an_error_with_value_and_type() {
    for (from, value, to) in [
        ("STRING", "\"\"", "INT"),
        ("STRING", "\" 12\"", "INT"),
        ("STRING", "\"12a\"", "BIGINT"),
        ("STRING", "\"2147483648\"", "INT"),
        ("STRING", "\"maybe\"", "BOOLEAN"),
        ("STRING", "\"2023-02-29\"", "DATE"),
        ("STRING", "\"inf\"", "DOUBLE"),
        ("STRING", "\"2024-02-29 11\"", "TIMESTAMP(3)"),
        ("STRING", "\"--1\"", "DECIMAL(5, 2)"),
        ("DOUBLE", "\"NaN\"", "DECIMAL(5, 2)"),
    ] {
        let error = cast(from, value, to).unwrap_err();
        assert!(error.contains(to), "{error}");
    }
}

#[test]
fn rules_say_what_is_safe() {
    for (from, to, rule) in [
        ("INT NOT NULL", "INT", CastRule::Identity),
        ("INT", "BIGINT", CastRule::Lossless),
        ("BIGINT", "DOUBLE", CastRule::Explicit),
        ("INT", "DECIMAL(12, 2)", CastRule::Lossless),
        ("INT", "DECIMAL(11, 2)", CastRule::Explicit),
        ("DECIMAL(8, 2)", "DECIMAL(16, 4)", CastRule::Lossless),
        ("DECIMAL(8, 2)", "DECIMAL(9, 4)", CastRule::Explicit),
        ("VARCHAR(10)", "VARCHAR(60)", CastRule::Lossless),
        ("CHAR(4)", "STRING", CastRule::Lossless),
        ("STRING", "VARCHAR(60)", CastRule::Explicit),
        ("TIMESTAMP(3)", "TIMESTAMP(6)", CastRule::Lossless),
        ("TIMESTAMP(6)", "TIMESTAMP(3)", CastRule::Explicit),
        ("TIMESTAMP(3)", "TIMESTAMP(3) WITH LOCAL TIME ZONE", CastRule::Explicit),
        ("DATE", "TIMESTAMP(3)", CastRule::Lossless),
        ("STRING", "INT", CastRule::Explicit),
        ("DATE", "VARCHAR(10)", CastRule::No),
        ("DATE", "INT", CastRule::No),
        ("BYTES", "INT", CastRule::No),
        ("BOOLEAN", "TIMESTAMP(3)", CastRule::No),
        ("ARRAY<INT>", "ARRAY<BIGINT>", CastRule::Explicit),
        ("ARRAY<INT>", "INT", CastRule::No),
        ("MAP<INT, INT>", "MAP<INT, STRING>", CastRule::Explicit),
        ("MAP<INT, INT>", "MAP<BIGINT, INT>", CastRule::No),
        ("ARRAY<INT>", "STRING", CastRule::No),
    ] {
        assert_eq!(cast_rule(&ddl(from), &ddl(to)), rule, "{from} to {to}");
    }
}

#[test]
fn rows_are_matched_by_field_id() {
    // In `to` the fields 100 and 101 changed places and names, 102 is new.
    let from = ddl("ARRAY<ROW<a INT, b STRING>>");
    let mut to = tidelake_types::parse_ddl_type("ARRAY<ROW<x STRING, y BIGINT, z INT>>", &mut 0).unwrap();
    if let tidelake_types::TypeKind::Array(element) = &mut to.kind
        && let tidelake_types::TypeKind::Row(fields) = &mut element.kind
    {
        for (field, id) in fields.iter_mut().zip([101, 100, 102]) {
            field.id = id;
        }
    }
    let mut column = columns(&["INT"]);
    column[0].data_type = from.clone();
    let line = r#"{"c0":[{"a":1,"b":"q"},null]}"#;
    let batch = CanonicalReader::new(&column).unwrap().read_text(line).unwrap().batch;
    let cast = cast_array(batch.column(0), &from, &to).unwrap();
    let mut out = String::new();
    write_canonical(&cast, 0, &to, &mut out).unwrap();
    assert_eq!(out, r#"[{"x":"q","y":1,"z":null},null]"#);
}

#[test]
fn a_form_can_change_without_the_type() {
    let fields = columns(&["MAP<INT, ARRAY<TIMESTAMP(9)>>"]);
    let data_type = &fields[0].data_type;
    let line = r#"{"c0":[[1,["2024-02-29T01:02:03.000000001",null]]]}"#;
    let narrow = CanonicalReader::new(&fields).unwrap().read_text(line).unwrap().batch;
    let wide = cast_array_as(narrow.column(0), data_type, data_type, &arrow_type_wide(data_type).unwrap()).unwrap();
    let expected = CanonicalReader::wide(&fields).unwrap().read_text(line).unwrap().batch;
    assert_eq!(&wide, expected.column(0));
    assert_eq!(cast_array(&wide, data_type, data_type).unwrap().data_type(), wide.data_type());
}
