//! Bytes that nobody should have written.

use tidelake_types::{BinaryRow, Error, Scalar};

use crate::{binary_rows::unhex, ddl};

const TYPES: &[&str] = &[
    "BOOLEAN",
    "TINYINT",
    "INT",
    "BIGINT",
    "DOUBLE",
    "STRING",
    "BYTES",
    "DECIMAL(10, 2)",
    "DECIMAL(38, 2)",
    "TIMESTAMP(3)",
    "TIMESTAMP(9)",
    "ARRAY<INT>",
];

#[test]
fn every_damaged_row_is_a_value_or_an_error() {
    let types = [ddl("STRING"), ddl("DECIMAL(30, 2)"), ddl("TIMESTAMP(9)")];
    let values = [
        Some(Scalar::String("a text that is long".to_owned())),
        Some(Scalar::Decimal(12_345_678_901_234_567_890_123)),
        Some(Scalar::Timestamp { millis: -1, nanos: 999_999 }),
    ];
    let good = BinaryRow::from_scalars(&types, &values).unwrap().to_serialized();
    for length in 0..good.len() {
        let _ = BinaryRow::from_serialized(&good[..length]).and_then(|row| row.decode(&types));
    }
    for position in 0..good.len() {
        for byte in [0, 1, 0x7f, 0x80, 0x87, 0x88, 0xff] {
            let mut bad = good.clone();
            bad[position] = byte;
            let Ok(row) = BinaryRow::from_serialized(&bad) else { continue };
            for text in TYPES {
                for index in 0..4 {
                    let _ = row.get(index, &ddl(text));
                }
            }
        }
    }
}

#[test]
fn damage_is_called_corrupt() {
    let corrupt = |hex: &str, text: &str| {
        let row = BinaryRow::from_serialized(&unhex(hex)).and_then(|row| row.decode(&[ddl(text)]));
        assert!(matches!(row, Err(Error::CorruptRow { .. })), "{hex} as {text}: {row:?}");
    };
    corrupt("", "INT");
    corrupt("00000001 0000000000000000", "INT");
    corrupt("ffffffff 0000000000000000 0000000000000000", "INT");
    corrupt("00000002 0000000000000000 0000000000000000 0000000000000000", "INT");
    corrupt("00000001 0000000000000000 ffffff7fffffff7f", "STRING");
    corrupt("00000001 0000000000000000 ff00000000000083", "STRING");
    corrupt("00000001 0000000000000000 0000000000000088", "BYTES");
    corrupt("00000001 0000000000000000 1100000010000000 0000000000000000", "DECIMAL(38, 0)");
    corrupt("00000001 0000000000000000 40420f0010000000 0000000000000000", "TIMESTAMP(9)");
}
