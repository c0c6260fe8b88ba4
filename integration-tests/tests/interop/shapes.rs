//! The tables: keys and partitions of every type, every type as a value, buckets, producers, codecs.

use crate::ours::Shape;

/// Types that a key may have.
const KEYS: [&str; 18] = [
    "INT",
    "BIGINT",
    "STRING",
    "TINYINT",
    "SMALLINT",
    "BOOLEAN",
    "DATE",
    "TIME",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "TIMESTAMP(9)",
    "TIMESTAMP(3) WITH LOCAL TIME ZONE",
    "DECIMAL(10,2)",
    "DECIMAL(38,5)",
    "CHAR(5)",
    "VARCHAR(40)",
    "FLOAT",
    "DOUBLE",
];

/// Types that a partition column may have.
const PARTITIONS: [&str; 13] = [
    "INT",
    "BIGINT",
    "STRING",
    "TINYINT",
    "SMALLINT",
    "BOOLEAN",
    "DATE",
    "DECIMAL(10,2)",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "CHAR(5)",
    "FLOAT",
    "DOUBLE",
];

/// Types of plain columns.
const VALUES: [&str; 22] = [
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL(9,2)",
    "DECIMAL(18,3)",
    "DECIMAL(38,10)",
    "CHAR(3)",
    "VARCHAR(20)",
    "STRING",
    "BINARY(3)",
    "VARBINARY(30)",
    "BYTES",
    "DATE",
    "TIME",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "TIMESTAMP(9)",
    "TIMESTAMP(6) WITH LOCAL TIME ZONE",
];

const NESTED: &str = "k INT NOT NULL; a ARRAY<INT>; b ARRAY<STRING NOT NULL>; m MAP<STRING, INT>; i MAP<INT, DOUBLE>; \
    r ROW<x INT, y STRING, z ROW<w BIGINT, d DATE>>; aa ARRAY<ARRAY<INT>>; ar ARRAY<ROW<x INT, y STRING>>; mr MAP<STRING, ROW<x DECIMAL(10,2)>>; \
    s ARRAY<TIMESTAMP(6)>";

fn values(suffix: &str) -> String {
    VALUES
        .iter()
        .enumerate()
        .map(|(index, data_type)| format!("v{index} {data_type}{suffix}"))
        .collect::<Vec<_>>()
        .join("; ")
}

/// Tables of every kind, their names beginning so.
pub(crate) fn all(prefix: &str) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut add = |name: String, columns: &str, keys: &str, partitions: &str, options: &str| {
        shapes.push(Shape::new(&format!("{prefix}{name}"), columns, keys, partitions, options));
    };
    for (index, data_type) in KEYS.iter().enumerate() {
        let buckets = [1, 4][index % 2];
        let producer = ["none", "input"][index / 2 % 2];
        add(
            format!("key{index}"),
            &format!("k {data_type} NOT NULL; v STRING"),
            "k",
            "",
            &format!("bucket={buckets} changelog-producer={producer}"),
        );
    }
    for (index, data_type) in PARTITIONS.iter().enumerate() {
        add(format!("part{index}"), &format!("a INT; p {data_type}; b STRING"), "", "p", "");
    }
    let composite = "a INT NOT NULL; b STRING NOT NULL; c DATE NOT NULL; v DOUBLE; w INT NOT NULL";
    add("composite".into(), composite, "a b c", "", "bucket=4");
    add("composite_parts".into(), composite, "a b c", "b", "bucket=2 changelog-producer=input");
    add("bucket_key".into(), composite, "a b c", "", "bucket=4 bucket-key=b");
    add("two_parts".into(), "p STRING; q INT; v BIGINT", "", "p q", "");
    add("values".into(), &values(""), "", "", "");
    add("values_not_null".into(), &values(" NOT NULL"), "", "", "");
    add("values_key".into(), &format!("k INT NOT NULL; {}", values("")), "k", "", "bucket=2 changelog-producer=input");
    add("nested".into(), NESTED, "", "", "");
    add("nested_key".into(), NESTED, "k", "", "bucket=1");
    add("append_buckets".into(), "a INT; b STRING; v DOUBLE", "", "", "bucket=3 bucket-key=a,b");
    for codec in ["none", "snappy", "gzip", "lz4", "zstd"] {
        add(format!("codec_{codec}"), "a INT; b STRING; v ARRAY<BIGINT>", "", "", &format!("file.compression={codec}"));
    }
    shapes
}

/// Tables that both write.
pub(crate) fn in_turns() -> Vec<Shape> {
    let columns = "k INT NOT NULL; p STRING NOT NULL; v STRING; d DECIMAL(10,2); t TIMESTAMP(9)";
    vec![
        Shape::new("t_one", columns, "k", "", "bucket=1"),
        Shape::new("t_four", columns, "k p", "", "bucket=4 changelog-producer=input"),
        Shape::new("t_parts", columns, "k p", "p", "bucket=2"),
        Shape::new("t_append", columns, "", "p", ""),
        Shape::new("t_append_buckets", columns, "", "", "bucket=2 bucket-key=k"),
    ]
}

/// Tables of types that JSON has by itself.
pub(crate) fn plain() -> Vec<Shape> {
    let columns = "k INT NOT NULL; s STRING; b BIGINT; f BOOLEAN; d DATE";
    vec![
        Shape::new("p_append", columns, "", "", ""),
        Shape::new("p_parts", &format!("{columns}; p INT"), "", "p", ""),
        Shape::new("p_key", columns, "k", "", "bucket=1"),
        Shape::new("p_key_four", columns, "k", "", "bucket=4 changelog-producer=input"),
    ]
}
