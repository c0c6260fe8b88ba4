//! Bytes that are no ORC file, or no longer one.

use tidelake_error::{Classify, ErrorKind};
use tidelake_format::{FileFormat, FormatContext, Result};
use tidelake_format_orc::OrcFormat;
use tidelake_types::arrow_schema_wide;

use crate::files::{Memory, all, batches, fields, open, runtime};

/// One row, two timestamps.
const TINY: &[u8] = include_bytes!("../data/nanos_0.orc");
const TINY_FIELDS: &str = include_str!("../data/nanos.fields.json");
/// Lists in it; compressed.
const LISTS: &[u8] = include_bytes!("../data/midway.orc");
const LISTS_FIELDS: &str = include_str!("../data/midway.fields.json");
/// Not compressed.
const PLAIN: &[u8] = include_bytes!("../data/none.orc");
const PLAIN_FIELDS: &str = include_str!("../data/codecs.fields.json");

/// How many rows came; an error is one of those that broken bytes may give, and names the file.
async fn attempt(bytes: Vec<u8>, of: &str) -> Option<usize> {
    let projection = arrow_schema_wide(&fields(of)).unwrap();
    let read = async || {
        let file = Memory::of(bytes);
        let open = open(&file).await?;
        let request = all(&*open, &projection);
        let batches = batches(&file, &open, request).await?;
        Result::<usize>::Ok(batches.iter().map(|batch| batch.rows.num_rows()).sum())
    };
    match read().await {
        Ok(rows) => Some(rows),
        Err(error) => {
            let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::ResourceExhausted];
            assert!(kinds.contains(&error.kind()), "broken bytes gave {:?}: {error}", error.kind());
            assert!(error.to_string().contains("/m/file.orc"), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_file_cut_anywhere_is_an_error() {
    for (whole, of, rows) in [(TINY, TINY_FIELDS, 1), (LISTS, LISTS_FIELDS, 15)] {
        for length in 0..whole.len() {
            assert_eq!(attempt(whole[..length].to_vec(), of).await, None, "the first {length} bytes are read");
        }
        assert_eq!(attempt(whole.to_vec(), of).await, Some(rows));
    }
}

#[tokio::test]
async fn a_flipped_bit_never_panics() {
    for (whole, of, rows) in [(TINY, TINY_FIELDS, 1), (LISTS, LISTS_FIELDS, 15)] {
        let mut errors = 0;
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match attempt(bytes, of).await {
                None => errors += 1,
                came => assert_eq!(came, Some(rows)),
            }
        }
        assert!(errors > whole.len(), "{errors} errors");
    }
}

#[tokio::test]
async fn a_flipped_bit_of_a_plain_footer_never_panics() {
    // Types, stripes and statistics, not compressed: nothing else notices a change.
    let tail = PLAIN.len() - 900;
    for bit in tail * 8..PLAIN.len() * 8 {
        let mut bytes = PLAIN.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let came = attempt(bytes, PLAIN_FIELDS).await;
        assert!(matches!(came, None | Some(120)), "{came:?}");
    }
}

#[tokio::test]
async fn a_footer_beyond_the_limit_is_refused() {
    let context = FormatContext { runtime: runtime(), footer_bytes_max: 100 };
    let error = OrcFormat.open(Memory::of(LISTS), &context).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted);
    assert!(error.to_string().contains("/m/file.orc"), "{error}");
}

#[tokio::test]
async fn other_formats_are_no_orc() {
    for bytes in [&b""[..], b"O", b"ORC", b"PAR1 and so on PAR1", &[0; 300], &[0xff; 300]] {
        assert_eq!(open(&Memory::of(bytes)).await.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
