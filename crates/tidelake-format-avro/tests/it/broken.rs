//! Files that are cut or damaged: typed errors, no panic, and no row lost in silence.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tidelake_format::{Bytes, Classify, ErrorKind, FileFormat, FormatContext, Options, WriteRequest};
use tidelake_format_avro::AvroFormat;
use tidelake_types::arrow_schema;

use crate::{
    files::{Memory, all, batches, context, open, read_all},
    java::case,
    make::{SYNC, bytes, container, file, long, record},
};

const KINDS: [ErrorKind; 3] = [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::ResourceExhausted];

/// How many rows come of it; `None` is an error.
async fn survives(bytes: Bytes, schema: &SchemaRef) -> Option<usize> {
    match read_all(bytes, schema).await {
        Ok(batches) => Some(batches.iter().map(|batch| batch.rows.num_rows()).sum()),
        Err(error) => {
            assert!(KINDS.contains(&error.kind()), "{error}");
            assert!(error.to_string().contains("/m/file.avro"), "{error}");
            None
        }
    }
}

fn only(name: &str, data_type: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new(name, data_type, true)]))
}

/// Between two blocks a cut file is a whole file of fewer rows; that its row groups say so is for who knows how many
/// there should be.
#[tokio::test]
async fn a_file_cut_anywhere_is_an_error_or_ends_with_a_block() {
    let schema = record(&[("s", r#""string""#)]);
    let block = |rows: i64| (rows, (0..rows).flat_map(|row| bytes(format!("text {row}"))).collect::<Vec<_>>());
    let whole = container(&schema, "null", &[block(3), block(1), block(5)]);
    let ends = [vec![], vec![block(3)], vec![block(3), block(1)]];
    let ends: Vec<usize> = ends.iter().map(|blocks| container(&schema, "null", blocks).len()).collect();
    let asked = only("s", DataType::Utf8);
    for length in 0..whole.len() {
        let rows = survives(whole.slice(..length), &asked).await;
        assert_eq!(rows, ends.iter().position(|end| *end == length).map(|blocks| [0, 3, 4][blocks]), "cut to {length}");
    }
    assert_eq!(survives(whole, &asked).await, Some(9));
}

#[tokio::test]
async fn files_of_java_cut_anywhere_are_errors() {
    for name in ["ancient", "not_null", "multiset"] {
        let case = case(name);
        let schema = arrow_schema(&case.fields()).unwrap();
        let sync = &case.file[case.file.len() - 16..];
        let header = case.file.windows(16).position(|window| window == sync).unwrap() + 16;
        for length in 0..case.file.len() {
            let rows = survives(Bytes::from_static(&case.file[..length]), &schema).await;
            assert_eq!(rows, (length == header).then_some(0), "{name} cut to {length}");
        }
    }
}

#[tokio::test]
async fn flipped_bits_make_no_panic() {
    for name in ["ancient", "not_null", "multiset", "maps", "codec_null", "codec_deflate", "codec_snappy"] {
        let case = case(name);
        let schema = arrow_schema(&case.fields()).unwrap();
        let mut errors = 0;
        for place in 0..case.file.len() {
            let mut flipped = case.file.to_vec();
            flipped[place] ^= 1 << (place % 8);
            errors += usize::from(survives(flipped.into(), &schema).await.is_none());
        }
        assert!(errors > case.file.len() / 10, "{name}: {errors} of {} flips were noticed", case.file.len());
    }
}

#[tokio::test]
async fn whatever_a_block_announces_is_checked() {
    let schema = record(&[("i", r#""int""#)]);
    let asked = only("i", DataType::Int32);
    let header = container(&schema, "null", &[]);
    let block = |rows: i64, length: i64, data: &[u8]| -> Bytes {
        [&header[..], &long(rows), &long(length), data, &SYNC].concat().into()
    };
    assert_eq!(survives(block(2, 2, &[2, 4]), &asked).await, Some(2));
    for (rows, length) in
        [(1, 2), (3, 2), (-1, 2), (i64::MAX, 2), (i64::MIN, 2), (2, -2), (2, 1), (2, 3), (2, i64::MAX), (0, 2)]
    {
        assert_eq!(survives(block(rows, length, &[2, 4]), &asked).await, None, "{rows} rows in {length} bytes");
    }
    let mut other_sync = block(2, 2, &[2, 4]).to_vec();
    *other_sync.last_mut().unwrap() ^= 1;
    assert_eq!(survives(other_sync.into(), &asked).await, None);
    let many = container(&schema, "deflate", &[(1 << 28, vec![3, 0])]);
    assert_eq!(survives(many, &asked).await, None, "more rows than bytes, seen when unfolded");
}

#[tokio::test]
async fn values_that_make_no_sense_are_errors() {
    for (of, value, asked) in [
        (r#""boolean""#, vec![2], DataType::Boolean),
        (r#""int""#, long(1 << 40), DataType::Int32),
        (r#""string""#, long(-1), DataType::Utf8),
        (r#""string""#, long(5), DataType::Utf8),
        (r#"["null","int"]"#, long(2), DataType::Int32),
        (r#"["null","int"]"#, long(-1), DataType::Int32),
    ] {
        let bytes = file(&record(&[("x", of)]), std::slice::from_ref(&value));
        assert_eq!(survives(bytes.clone(), &only("x", asked)).await, None, "{of} of {value:?}");
        assert_eq!(survives(bytes, &only("y", DataType::Int8)).await, None, "{of} of {value:?}, passed over");
    }
    let array = r#"{"type":"array","items":"int"}"#;
    for items in [i64::MAX, i64::MIN, -1, 1 << 40] {
        let bytes = file(&record(&[("x", array)]), &[[long(items), vec![0; 5]].concat()]);
        let list = DataType::List(Arc::new(Field::new("element", DataType::Int32, true)));
        assert_eq!(survives(bytes, &only("x", list)).await, None, "{items} items");
    }
    let rows = format!(r#"["null",{}]"#, record(&[("x", r#""int""#)]));
    assert_eq!(survives(file(&rows, &[[long(1), long(4)].concat()]), &only("x", DataType::Int32)).await, Some(1));
    assert_eq!(survives(file(&rows, &[long(0)]), &only("x", DataType::Int32)).await, None, "a null row");
}

#[tokio::test]
async fn other_codecs_and_formats_are_said_by_name() {
    let schema = record(&[("i", r#""int""#)]);
    for (codec, kind) in [("bzip2", ErrorKind::Unsupported), ("xz", ErrorKind::Unsupported), ("x", ErrorKind::Corrupt)]
    {
        let error = open(&Memory::of(container(&schema, codec, &[]))).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(codec), "{error}");
    }
    for other in ["", "PAR1PAR1PAR1", "ORC and more"] {
        let error = open(&Memory::of(other)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}

#[tokio::test]
async fn large_headers_and_many_blocks_are_refused() {
    let schema = record(&[("i", r#""int""#)]);
    let asked = only("i", DataType::Int32);
    let bytes = container(&schema, "null", &vec![(1, long(3)); 50]);
    for (footer_bytes_max, opens) in [(1 << 20, true), (1_000, false), (50, false)] {
        let context = FormatContext { footer_bytes_max, ..context() };
        let file = Memory::of(bytes.clone());
        match AvroFormat.open(Arc::clone(&file), &context).await {
            Ok(open) => {
                assert!(opens);
                let request = all(&*open, &asked);
                assert_eq!(batches(&file, &open, request).await.unwrap()[0].rows.num_rows(), 50);
            }
            Err(error) => assert!(!opens && error.kind() == ErrorKind::ResourceExhausted, "{error}"),
        }
    }
    // More header than is read at once.
    let long_schema = format!("{schema}{}", " ".repeat(5 << 20));
    let error = open(&Memory::of(container(&long_schema, "null", &[]))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error}");
}

#[tokio::test]
async fn blocks_beyond_what_is_read_at_once_are_found() {
    let schema = record(&[("s", r#""bytes""#)]);
    let large = |bytes_of: usize| (1, bytes(vec![7; bytes_of]));
    let bytes = container(&schema, "null", &[large(5 << 20), large(3), large(9 << 20), large(1 << 20)]);
    let file = Memory::of(bytes);
    let open = open(&file).await.unwrap();
    assert_eq!(open.row_groups().len(), 4);
    let request = all(&*open, &only("s", DataType::Binary));
    let rows: usize = batches(&file, &open, request).await.unwrap().iter().map(|batch| batch.rows.num_rows()).sum();
    assert_eq!(rows, 4);
}

#[test]
fn files_are_not_written() {
    let schema = only("i", DataType::Int32);
    let request = WriteRequest { schema: Arc::clone(&schema), statistics: vec![], options: Options::default() };
    let refused = [AvroFormat.check_schema(&schema).unwrap_err(), AvroFormat.encoder(&request).err().unwrap()];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let text = error.to_string();
        assert!(text.contains("file.format") && text.contains("parquet"), "{text}");
    }
}
