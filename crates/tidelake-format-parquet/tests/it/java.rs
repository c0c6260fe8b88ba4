//! Files written by Java Paimon, with the rows that Java reads from them (`data/`). `int96_*` are from 1.4.2 and hold one
//! timestamp each, in years 1 to 1970; `without_ids` is from 0.9.

use serde_json::Value;
use tidelake_error::{Classify, ErrorKind};
use tidelake_types::{arrow_schema, arrow_schema_wide, parse_fields};

use crate::files::{Memory, lines, open, read_all, write};

struct Case {
    name: &'static str,
    file: &'static [u8],
    fields: &'static str,
    rows: &'static str,
}

macro_rules! cases {
    ($($name:literal),*) => {
        [$(Case {
            name: $name,
            file: include_bytes!(concat!("../data/", $name, ".parquet")),
            fields: include_str!(concat!("../data/", $name, ".fields.json")),
            rows: include_str!(concat!("../data/", $name, ".jsonl")),
        }),*]
    };
}

const CASES: [Case; 16] = cases![
    "primitives",
    "nested",
    "deep",
    "arrays",
    "multiset",
    "not_null",
    "rows_in_maps",
    "pages_v2",
    "lz4",
    "without_ids",
    "int96_0",
    "int96_1",
    "int96_2",
    "int96_3",
    "int96_4",
    "int96_5"
];

impl Case {
    fn fields(&self) -> Vec<tidelake_types::DataField> {
        let json: Value = serde_json::from_str(self.fields).unwrap();
        parse_fields(&json).unwrap()
    }
}

#[tokio::test]
async fn rows_are_those_that_java_reads() {
    for case in &CASES {
        let fields = case.fields();
        let batch = read_all(case.file, &arrow_schema_wide(&fields).unwrap()).await.unwrap();
        assert_eq!(lines(&batch, &fields), case.rows.lines().collect::<Vec<_>>(), "{}", case.name);
    }
}

#[tokio::test]
async fn rows_survive_being_written_again() {
    for case in &CASES {
        let fields = case.fields();
        let schema = arrow_schema_wide(&fields).unwrap();
        let batch = read_all(case.file, &schema).await.unwrap();
        let (again, _) = write(&schema, [("file.compression", "lz4")].into(), [&batch]).unwrap();
        let again = read_all(again, &schema).await.unwrap();
        assert_eq!(lines(&again, &fields), case.rows.lines().collect::<Vec<_>>(), "{}", case.name);
    }
}

#[tokio::test]
async fn years_beyond_64_bits_of_nanoseconds_ask_for_the_wide_form() {
    let mut ancient = 0;
    for case in CASES.iter().filter(|case| case.name.starts_with("int96")) {
        let fields = case.fields();
        let narrow = read_all(case.file, &arrow_schema(&fields).unwrap()).await;
        if case.rows.contains("\"1582") || case.rows.contains("\"0001") {
            ancient += 1;
            let error = narrow.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("column `ts`") && error.to_string().contains("wide"), "{error}");
        } else {
            assert_eq!(lines(&narrow.unwrap(), &fields), case.rows.lines().collect::<Vec<_>>());
        }
    }
    assert_eq!(ancient, 2);
}

#[tokio::test]
async fn int96_has_no_statistics() {
    let open = open(&Memory::of(CASES[10].file)).await.unwrap();
    let known = open.statistics(0, &["ts".to_owned()]).unwrap_or_default();
    assert_eq!((known.min, known.max), (None, None));
    assert!(open.statistics(0, &["id".to_owned()]).unwrap().min.is_some());
}
