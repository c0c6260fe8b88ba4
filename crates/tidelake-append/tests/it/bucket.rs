//! The state machine of a bucket.

use std::sync::Arc;

use tidelake_datafile::Bucket;
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::{BucketIncrement, DataFileMeta};
use tidelake_types::Options;

use crate::table::{Table, flush, kinds};

fn sequences(files: &[DataFileMeta]) -> Vec<(i64, i64)> {
    files.iter().map(|file| (file.min_sequence_number, file.max_sequence_number)).collect()
}

#[tokio::test]
async fn rows_become_files_in_the_order_they_came() {
    let table = Table::new(Options::new()).await;
    let mut bucket = table.bucket(9);
    bucket.add(table.rows(0..5)).unwrap();
    bucket.add(kinds(table.rows(5..7), vec![0, 2])).unwrap();
    flush(&mut bucket).await.unwrap();
    bucket.add(table.rows(7..8)).unwrap();
    flush(&mut bucket).await.unwrap();
    let increment = bucket.prepare_commit().unwrap();
    assert_eq!(sequences(&increment.append.added), [(10, 16), (17, 17)]);
    assert_eq!(table.read(increment.append.added).await.unwrap(), (0..8).collect::<Vec<_>>());
    assert!(increment.compact.is_empty());
    // Handed over once.
    assert_eq!(bucket.prepare_commit().unwrap(), BucketIncrement::default());
}

#[tokio::test]
async fn many_small_batches_make_one_file() {
    let table = Table::new(Options::new()).await;
    let mut bucket = table.bucket(-1);
    for number in 0..9000 {
        bucket.add(table.rows([number])).unwrap();
    }
    flush(&mut bucket).await.unwrap();
    let files = bucket.prepare_commit().unwrap().append.added;
    assert_eq!(sequences(&files), [(0, 8999)]);
    assert_eq!(table.read(files).await.unwrap(), (0..9000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_buffer_asks_for_a_flush() {
    let table = Table::new(Options::from([("write-buffer-size", "4 kb")])).await;
    let mut bucket = table.bucket(-1);
    // A slice of a large batch counts for itself alone.
    let large = table.rows(0..100_000);
    bucket.add(tidelake_datafile::BucketRows { rows: large.rows.slice(0, 10), kinds: None }).unwrap();
    assert!(bucket.memory_bytes() < 100 && !bucket.needs_flush());
    bucket.add(table.rows(0..1100)).unwrap();
    assert!(bucket.needs_flush());
    flush(&mut bucket).await.unwrap();
    assert_eq!(bucket.memory_bytes(), 0);
    assert!(!bucket.needs_flush());
}

#[tokio::test]
async fn retracting_rows_are_refused() {
    let table = Table::new(Options::new()).await;
    let mut bucket = table.bucket(-1);
    for (byte, name) in [(1, "-U"), (3, "-D")] {
        let error = bucket.add(kinds(table.rows([1, 2]), vec![0, byte])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(name) && error.to_string().contains("append table"), "{error}");
    }
    assert!(bucket.flush_job().unwrap().is_none());
}

#[tokio::test]
async fn calls_out_of_turn_are_errors() {
    let table = Table::new(Options::new()).await;
    let mut bucket = table.bucket(-1);
    bucket.add(table.rows([1])).unwrap();
    assert_eq!(bucket.prepare_commit().unwrap_err().kind(), ErrorKind::Internal);
    let job = bucket.flush_job().unwrap().unwrap();
    bucket.add(table.rows([2])).unwrap();
    assert!(bucket.flush_job().is_err());
    assert!(bucket.prepare_commit().is_err());
    let result = job.run().await;
    bucket.complete(result).unwrap();
    assert!(bucket.prepare_commit().is_err());
    flush(&mut bucket).await.unwrap();
    assert_eq!(bucket.prepare_commit().unwrap().append.added.len(), 2);
}

#[tokio::test]
async fn a_failed_flush_puts_its_rows_back() {
    let mut table = Table::new(Options::new()).await;
    let options = Options::from([("file.compression", "unheard-of")]);
    let healthy = Arc::clone(&table.files.schema);
    table.files.schema = Arc::new(healthy.with_options(&options));
    let mut bucket = table.bucket(-1);
    bucket.add(table.rows(0..3)).unwrap();
    let bytes = bucket.memory_bytes();
    let job = bucket.flush_job().unwrap().unwrap();
    bucket.add(table.rows(3..5)).unwrap();
    let result = job.run().await;
    let lost = bucket.complete(result).unwrap_err();
    assert!(lost.to_string().contains("unheard-of"), "{lost}");
    assert!(bucket.memory_bytes() > bytes);
    assert!(bucket.prepare_commit().is_err());

    // The rows stand in their order again, and no number is spent: another bucket takes them.
    let failed = bucket.flush_job().unwrap().unwrap().run().await.outcome.unwrap_err();
    table.files.schema = healthy;
    let mut bucket = table.bucket(-1);
    failed.rows.into_iter().for_each(|rows| bucket.add(rows).unwrap());
    flush(&mut bucket).await.unwrap();
    let files = bucket.prepare_commit().unwrap().append.added;
    assert_eq!(sequences(&files), [(0, 4)]);
    assert_eq!(table.read(files).await.unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn an_abandoned_bucket_tells_its_files() {
    let table = Table::new(Options::new()).await;
    let mut bucket = table.bucket(-1);
    bucket.add(table.rows([1])).unwrap();
    flush(&mut bucket).await.unwrap();
    let handed_over = bucket.prepare_commit().unwrap().append.added;
    bucket.add(table.rows([2])).unwrap();
    flush(&mut bucket).await.unwrap();
    let left = Box::new(bucket).abandon();
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].name(), handed_over[0].file_name);
    assert!(table.files.io.stat(&left[0]).await.is_ok());
}
