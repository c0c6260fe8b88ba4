//! The bytes and hashes that Java makes of values.

use tidelake_types::{BinaryRow, BinaryRowBuilder, CanonicalReader, DataType, Scalar, bucket_of_hash, murmur_words};

use crate::{columns, ddl};

/// Types, canonical line, serialised row in hexadecimal (`..` stands for arity 1 and its header), hash, bucket of 5 and
/// of 16.
type Example = (&'static [&'static str], &'static str, &'static str, i32, i32, i32);

const EXAMPLES: &[Example] = &[
    (&["INT"], r#"{"c0":1}"#, ".. 0100000000000000", 1465514398, 3, 14),
    (&["BIGINT"], r#"{"c0":1}"#, ".. 0100000000000000", 1465514398, 3, 14),
    (&["BOOLEAN"], r#"{"c0":true}"#, ".. 0100000000000000", 1465514398, 3, 14),
    (&["INT"], r#"{"c0":2}"#, ".. 0200000000000000", 1340390384, 4, 0),
    (&["INT"], r#"{"c0":-1}"#, ".. ffffffff00000000", 1133687267, 2, 3),
    (&["INT"], r#"{"c0":null}"#, "00000001 0001000000000000 0000000000000000", -1748325344, 4, 0),
    (&["BIGINT"], r#"{"c0":null}"#, "00000001 0001000000000000 0000000000000000", -1748325344, 4, 0),
    (&["STRING"], r#"{"c0":null}"#, "00000001 0001000000000000 0000000000000000", -1748325344, 4, 0),
    (&["TIMESTAMP(3)"], r#"{"c0":null}"#, "00000001 0001000000000000 0000000000000000", -1748325344, 4, 0),
    (&["TINYINT"], r#"{"c0":-2}"#, ".. fe00000000000000", 1831745471, 1, 15),
    (&["SMALLINT"], r#"{"c0":300}"#, ".. 2c01000000000000", 690796707, 2, 3),
    (&["BIGINT"], r#"{"c0":123456789012}"#, ".. 141a99be1c000000", -290760731, 1, 11),
    (&["FLOAT"], r#"{"c0":1.5}"#, ".. 0000c03f00000000", -173842779, 4, 11),
    (&["DOUBLE"], r#"{"c0":-2.25}"#, ".. 00000000000002c0", -413435051, 1, 11),
    (&["DATE"], r#"{"c0":"2023-12-09"}"#, ".. f44c000000000000", 542528753, 3, 1),
    (&["TIME(3)"], r#"{"c0":3661001}"#, ".. c9dc370000000000", -965879349, 4, 5),
    (&["STRING"], r#"{"c0":""}"#, ".. 0000000000000080", 302122119, 4, 7),
    (&["STRING"], r#"{"c0":"abc"}"#, ".. 6162630000000083", -101922419, 4, 3),
    (&["STRING"], r#"{"c0":"1234567"}"#, ".. 3132333435363787", 199144172, 2, 12),
    (&["STRING"], r#"{"c0":"12345678"}"#, ".. 0800000010000000 3132333435363738", -391021801, 1, 9),
    (&["STRING"], r#"{"c0":"2024-01-01"}"#, ".. 0a00000010000000 323032342d30312d3031000000000000", 306517490, 0, 2),
    (&["STRING"], r#"{"c0":"中文"}"#, ".. e4b8ade696870086", 1956728004, 4, 4),
    (&["BYTES"], r#"{"c0":"010203"}"#, ".. 0102030000000083", 1066645297, 2, 1),
    (&["DECIMAL(10, 2)"], r#"{"c0":"123.45"}"#, ".. 3930000000000000", 767607022, 2, 14),
    (
        &["DECIMAL(20, 2)"],
        r#"{"c0":"-123.45"}"#,
        ".. 0200000010000000 cfc70000000000000000000000000000",
        -605613085,
        0,
        13,
    ),
    (
        &["DECIMAL(20, 2)"],
        r#"{"c0":null}"#,
        "00000001 0001000000000000 0000000010000000 00000000000000000000000000000000",
        -1380280760,
        0,
        8,
    ),
    (&["TIMESTAMP(3)"], r#"{"c0":"2023-11-14T22:13:20.123"}"#, ".. 7b68e5cf8b010000", -1285420957, 2, 13),
    (
        &["TIMESTAMP(6)"],
        r#"{"c0":"2023-11-14T22:13:20.123456"}"#,
        ".. 40f5060010000000 7b68e5cf8b010000",
        1196670069,
        4,
        5,
    ),
    (
        &["TIMESTAMP(6)"],
        r#"{"c0":null}"#,
        "00000001 0001000000000000 0000000010000000 0000000000000000",
        -340882661,
        1,
        5,
    ),
    (
        &["TIMESTAMP(9) WITH LOCAL TIME ZONE"],
        r#"{"c0":"1969-12-31T23:59:59.999999999Z"}"#,
        ".. 3f420f0010000000 ffffffffffffffff",
        61627685,
        0,
        5,
    ),
    (
        &["INT", "STRING"],
        r#"{"c0":7,"c1":"hello world"}"#,
        "00000002 0000000000000000 0700000000000000 0b00000018000000 68656c6c6f20776f726c640000000000",
        1628449581,
        1,
        13,
    ),
    (
        &["STRING", "INT", "STRING"],
        r#"{"c0":"aaaaaaaaa","c1":null,"c2":"bbbbbbbbbbbbbbbbbb"}"#,
        "00000003 0002000000000000 0900000020000000 0000000000000000 1200000030000000 \
         61616161616161616100000000000000 626262626262626262626262626262626262000000000000",
        1619446997,
        2,
        5,
    ),
    (
        &["ARRAY<INT>"],
        r#"{"c0":[1,null,3]}"#,
        ".. 1800000010000000 03000000 02000000 01000000 00000000 03000000 00000000",
        1830759751,
        1,
        7,
    ),
    (
        &["MAP<STRING, INT>"],
        r#"{"c0":[["k",5]]}"#,
        ".. 2400000010000000 10000000 01000000 00000000 6b00000000000081 01000000 00000000 05000000 00000000 00000000",
        -162193992,
        2,
        8,
    ),
    (
        &["ROW<a INT, b STRING>"],
        r#"{"c0":{"a":1,"b":"ab"}}"#,
        ".. 1800000010000000 0000000000000000 0100000000000000 6162000000000082",
        623325059,
        4,
        3,
    ),
];

#[test]
fn rows_have_the_bytes_and_hashes_of_java() {
    for (types, line, serialized, hash, of_5, of_16) in EXAMPLES {
        let fields = columns(types);
        let types: Vec<DataType> = fields.iter().map(|field| field.data_type.clone()).collect();
        let serialized = serialized.replace("..", "00000001 0000000000000000").replace(' ', "");
        let narrow = CanonicalReader::new(&fields).unwrap().read_text(line).unwrap().batch;
        let wide = CanonicalReader::wide(&fields).unwrap().read_text(line).unwrap().batch;
        for batch in [narrow, wide] {
            let mut builder = BinaryRowBuilder::new(&types);
            let row = builder.row(batch.columns(), 0).unwrap();
            assert_eq!(hex(&row.to_serialized()), serialized, "{line} {types:?}");
            assert_eq!(builder.hashes(batch.columns()).unwrap(), [*hash], "{line}");
            if types.iter().all(|data_type| !data_type.kind.is_nested()) {
                let values: Vec<_> = (0..types.len())
                    .map(|index| Scalar::from_array(batch.column(index), 0, &types[index]).unwrap())
                    .collect();
                assert_eq!(BinaryRow::from_scalars(&types, &values).unwrap(), row, "{line}");
                assert_eq!(BinaryRow::from_serialized(&row.to_serialized()).unwrap().decode(&types).unwrap(), values);
            }
        }
        assert_eq!((bucket_of_hash(*hash, 5), bucket_of_hash(*hash, 16)), (*of_5, *of_16), "{line}");
    }
}

#[test]
fn a_row_without_fields_is_one_word() {
    let empty = BinaryRow::empty();
    assert_eq!(hex(&empty.to_serialized()), "000000000000000000000000");
    assert_eq!(murmur_words(empty.bytes()), -1670924195);
    assert_eq!((bucket_of_hash(-1670924195, 5), bucket_of_hash(-1670924195, 16)), (0, 3));
    assert_eq!(BinaryRow::from_scalars(&[], &[]).unwrap(), empty);
}

#[test]
fn null_bits_fill_a_word_at_56_fields() {
    for (fields, header, length) in [(56, "00ffffffffffffff", 456), (57, "00ffffffffffffff0100000000000000", 472)] {
        let types = vec![ddl("INT"); fields];
        let row = BinaryRow::from_scalars(&types, &vec![None; fields]).unwrap();
        assert_eq!((&hex(row.bytes())[..header.len()], row.bytes().len()), (header, length));
    }
}

#[test]
fn nulls_that_others_write_without_space_become_canonical() {
    let types = [ddl("DECIMAL(20, 2)"), ddl("TIMESTAMP(6)")];
    let foreign =
        BinaryRow::from_serialized(&unhex("000000020003000000000000 0000000000000000 0000000000000000")).unwrap();
    let canonical = foreign.canonical(&types).unwrap();
    assert_eq!(canonical, BinaryRow::from_scalars(&types, &[None, None]).unwrap());
    assert_eq!((foreign.bytes().len(), canonical.bytes().len()), (24, 48));
}

#[test]
fn values_of_another_type_are_refused() {
    assert!(BinaryRow::from_scalars(&[ddl("INT")], &[Some(Scalar::BigInt(1))]).is_err());
    assert!(BinaryRow::from_scalars(&[ddl("DECIMAL(3, 1)")], &[Some(Scalar::Decimal(1000))]).is_err());
    assert!(BinaryRow::from_scalars(&[ddl("INT")], &[]).is_err());
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
