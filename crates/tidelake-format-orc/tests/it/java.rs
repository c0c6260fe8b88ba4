//! Files written by Java Paimon 1.4.2 with the rows that Java reads from them (`data/`).
//!
//! `ancient_*` and `nanos_*` hold one row each, of years 1 to 9999. Java reads some of them otherwise than they were
//! written (it stores timestamps before 1582 in the Julian calendar and loses a second before 1970); what counts here is
//! what it reads. Of the files of each codec only every twentieth row is kept.

use tidelake_error::{Classify, ErrorKind};
use tidelake_expr::{Operator, column};
use tidelake_format::{FileFormat, Options, ReadRequest, Scalar, Schema, StatisticsMode, WriteRequest};
use tidelake_format_orc::OrcFormat;
use tidelake_types::{FIELD_ID_KEY, arrow_schema, arrow_schema_wide};

use crate::files::{Memory, all, batches, fields, lines, open, read_all};

struct Case {
    name: &'static str,
    file: &'static [u8],
    fields: &'static str,
    rows: &'static str,
}

macro_rules! case {
    ($file:literal, $fields:literal, $rows:literal) => {
        Case {
            name: $file,
            file: include_bytes!(concat!("../data/", $file, ".orc")),
            fields: include_str!(concat!("../data/", $fields, ".fields.json")),
            rows: include_str!(concat!("../data/", $rows, ".jsonl")),
        }
    };
    ($name:literal) => {
        case!($name, $name, $name)
    };
}

const CASES: [Case; 8] = [
    case!("primitives"),
    case!("decimals"),
    case!("nested"),
    case!("deep"),
    case!("multiset"),
    case!("not_null"),
    case!("rows_in_maps"),
    case!("midway"),
];

const CODECS: [Case; 5] = [
    case!("lz4", "codecs", "lz4"),
    case!("lzo", "codecs", "lzo"),
    case!("none", "codecs", "none"),
    case!("snappy", "codecs", "snappy"),
    case!("zlib", "codecs", "zlib"),
];

const ANCIENT: [Case; 12] = [
    case!("ancient_0", "ancient", "ancient"),
    case!("ancient_1", "ancient", "ancient"),
    case!("ancient_2", "ancient", "ancient"),
    case!("ancient_3", "ancient", "ancient"),
    case!("ancient_4", "ancient", "ancient"),
    case!("ancient_5", "ancient", "ancient"),
    case!("nanos_0", "nanos", "nanos"),
    case!("nanos_1", "nanos", "nanos"),
    case!("nanos_2", "nanos", "nanos"),
    case!("nanos_3", "nanos", "nanos"),
    case!("nanos_4", "nanos", "nanos"),
    case!("nanos_5", "nanos", "nanos"),
];

impl Case {
    /// All rows as text, in the wide form.
    async fn read(&self) -> Vec<String> {
        let fields = fields(self.fields);
        let batches = read_all(self.file, &arrow_schema_wide(&fields).unwrap()).await.unwrap();
        batches.iter().flat_map(|batch| lines(batch, &fields)).collect()
    }
}

#[tokio::test]
async fn rows_are_those_that_java_reads() {
    for case in &CASES {
        assert_eq!(case.read().await, case.rows.lines().collect::<Vec<_>>(), "{}", case.name);
    }
}

#[tokio::test]
async fn every_codec_of_java_is_read() {
    for case in &CODECS {
        let rows = case.read().await;
        assert_eq!(rows.len(), 120, "{}", case.name);
        let kept: Vec<_> = rows.into_iter().step_by(20).collect();
        assert_eq!(kept, case.rows.lines().collect::<Vec<_>>(), "{}", case.name);
    }
}

#[tokio::test]
async fn every_year_is_read_as_java_reads_it() {
    for (index, case) in ANCIENT.iter().enumerate() {
        assert_eq!(case.read().await, [case.rows.lines().nth(index % 6).unwrap()], "{}", case.name);
    }
}

#[tokio::test]
async fn years_beyond_64_bits_of_nanoseconds_ask_for_the_wide_form() {
    let mut ancient = 0;
    for (index, case) in ANCIENT.iter().enumerate().skip(6) {
        let fields = fields(case.fields);
        let narrow = read_all(case.file, &arrow_schema(&fields).unwrap()).await;
        let row = case.rows.lines().nth(index % 6).unwrap();
        if row.contains("\"1582") || row.contains("\"0000") {
            ancient += 1;
            let error = narrow.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("column `ts`") && error.to_string().contains("wide"), "{error}");
        } else {
            assert_eq!(lines(&narrow.unwrap()[0], &fields), [row]);
        }
    }
    assert_eq!(ancient, 2);
}

#[tokio::test]
async fn fields_have_their_ids_nested_ones_too() {
    let open = open(&Memory::of(CASES[2].file)).await.unwrap();
    let ids = |fields: &arrow_schema::Fields| {
        fields.iter().map(|field| field.metadata()[FIELD_ID_KEY].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(open.schema().fields()), ["0", "1", "2", "3", "9", "12"]);
    let row = open.schema().field_with_name("r").unwrap().data_type().clone();
    let arrow_schema::DataType::Struct(row) = row else { panic!("{row}") };
    assert_eq!(ids(&row), ["4", "5", "8"]);
}

#[tokio::test]
async fn columns_and_nested_fields_come_by_name_and_in_order() {
    let wanted = fields(
        r#"[{"id":9,"name":"ar","type":{"type":"ARRAY","element":{"type":"ROW","fields":[
              {"id":11,"name":"y","type":"STRING"},{"id":99,"name":"new","type":"INT"}]}}},
            {"id":3,"name":"r","type":{"type":"ROW","fields":[
              {"id":8,"name":"c","type":{"type":"ROW","fields":[{"id":7,"name":"e","type":"DATE"}]}},
              {"id":4,"name":"a","type":"INT"}]}},
            {"id":12,"name":"mr","type":{"type":"MAP","key":"STRING","value":{"type":"ROW","fields":[
              {"id":13,"name":"p","type":"BIGINT"}]}}},
            {"id":77,"name":"absent","type":"STRING"}]"#,
    );
    let batches = read_all(CASES[2].file, &arrow_schema(&wanted).unwrap()).await.unwrap();
    let pruned: Vec<serde_json::Value> =
        lines(&batches[0], &wanted).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = CASES[2].rows.lines().map(|line| {
        let whole: serde_json::Value = serde_json::from_str(line).unwrap();
        let each = |value: &serde_json::Value, f: &dyn Fn(&serde_json::Value) -> serde_json::Value| match value {
            serde_json::Value::Array(list) => list.iter().map(f).collect(),
            other => other.clone(),
        };
        let row = |value: &serde_json::Value, f: &dyn Fn(&serde_json::Value) -> serde_json::Value| {
            if value.is_null() { value.clone() } else { f(value) }
        };
        serde_json::json!({
            "ar": each(&whole["ar"], &|x| row(x, &|x| serde_json::json!({"y": x["y"], "new": null}))),
            "r": row(&whole["r"], &|r| serde_json::json!({
                "c": row(&r["c"], &|c| serde_json::json!({"e": c["e"]})),
                "a": r["a"],
            })),
            "mr": each(&whole["mr"], &|pair| serde_json::json!([
                pair[0], row(&pair[1], &|x| serde_json::json!({"p": x["p"]})),
            ])),
            "absent": null,
        })
    });
    assert_eq!(pruned, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_of_a_struct_of_which_nothing_is_in_the_file_are_null_where_it_is() {
    let wanted =
        fields(r#"[{"id":3,"name":"r","type":{"type":"ROW","fields":[{"id":98,"name":"new","type":"INT"}]}}]"#);
    let batches = read_all(CASES[2].file, &arrow_schema(&wanted).unwrap()).await.unwrap();
    let nulls = CASES[2].rows.lines().filter(|line| line.contains("\"r\":null")).count();
    assert_eq!(batches[0].column(0).null_count(), nulls);
    assert!(nulls > 0 && nulls < batches[0].num_rows());
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_a_byte_is_fetched() {
    let file = Memory::of(CASES[7].file);
    let open = open(&file).await.unwrap();
    let before = file.read_bytes();
    for (name, wanted) in [("s", "INT"), ("n", "DATE"), ("a", "STRING"), ("absent", "INT NOT NULL")] {
        let wanted = fields(&format!(r#"[{{"id":0,"name":"{name}","type":"{wanted}"}}]"#));
        let request = all(&*open, &arrow_schema(&wanted).unwrap());
        let Err(error) = open.decoder(request) else { panic!("{name} is read") };
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(&format!("column `{name}`")), "{error}");
        assert!(error.to_string().contains("/m/file.orc"), "{error}");
    }
    assert_eq!(file.read_bytes(), before);
}

#[tokio::test]
async fn statistics_are_those_of_the_rows_and_skip_stripes() {
    let case = &CODECS[2];
    let fields = fields(case.fields);
    let schema = arrow_schema(&fields).unwrap();
    let file = Memory::of(case.file);
    let open = open(&file).await.unwrap();
    let rows = read_all(case.file, &schema).await.unwrap();
    let values = |index: usize| {
        (0..rows[0].num_rows())
            .filter_map(|row| Scalar::from_array(rows[0].column(index), row, &fields[index].data_type).unwrap())
            .collect::<Vec<_>>()
    };
    for (index, name) in [(0, "id"), (1, "s")] {
        let known = open.statistics(0, &[name.to_owned()]).unwrap();
        let values = values(index);
        assert_eq!(known.null_count, Some((120 - values.len()) as i64));
        let order = |a: &&Scalar, b: &&Scalar| a.compare(b).unwrap();
        assert_eq!(known.min.as_ref(), values.iter().min_by(order));
        assert_eq!(known.max.as_ref(), values.iter().max_by(order));
    }
    let nulls = open.statistics(0, &["d".to_owned()]).unwrap();
    assert_eq!((nulls.min, nulls.null_count), (None, Some((120 - values(2).len()) as i64)));

    let before = file.read_bytes();
    let max = open.statistics(0, &["id".to_owned()]).unwrap().max;
    for (operator, expected) in [(Operator::Greater, 0), (Operator::Equal, 120)] {
        let predicate = Some(column(&fields[0]).compare(operator, vec![max.clone()]));
        let request = ReadRequest { predicate, ..all(&*open, &schema) };
        let batches = batches(&file, &open, request).await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), expected);
        assert_eq!(file.read_bytes() == before, expected == 0);
    }
}

#[test]
fn writing_says_what_to_do_instead() {
    let request = WriteRequest {
        schema: Schema::empty().into(),
        statistics: vec![StatisticsMode::None; 0],
        options: Options::default(),
    };
    let Err(error) = OrcFormat.encoder(&request) else { panic!("it has an encoder") };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`file.format`") && error.to_string().contains("parquet"), "{error}");
    assert_eq!(OrcFormat.check_schema(&Schema::empty()).unwrap_err().kind(), ErrorKind::Unsupported);
}
