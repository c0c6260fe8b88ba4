//! The files of a split, one after another.

use tidelake_datafile::Bucket;
use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::DataFileMeta;
use tidelake_types::Options;

use crate::table::{Table, flush};

async fn three_files(table: &Table) -> Vec<DataFileMeta> {
    let mut bucket = table.bucket(-1);
    for file in 0..3 {
        bucket.add(table.rows(10 * file..10 * file + 10)).unwrap();
        flush(&mut bucket).await.unwrap();
    }
    bucket.prepare_commit().unwrap().append.added
}

#[tokio::test]
async fn files_are_read_in_the_order_given() {
    let table = Table::new(Options::new()).await;
    let mut files = three_files(&table).await;
    assert_eq!(table.read(files.clone()).await.unwrap(), (0..30).collect::<Vec<_>>());
    files.reverse();
    let backwards: Vec<_> = (20..30).chain(10..20).chain(0..10).collect();
    assert_eq!(table.read(files).await.unwrap(), backwards);
    assert_eq!(table.read(Vec::new()).await.unwrap(), Vec::<i32>::new());
}

#[tokio::test]
async fn a_missing_file_is_an_error_and_not_an_end() {
    let table = Table::new(Options::new()).await;
    let files = three_files(&table).await;
    let path = table.files.layout.data_file(&table.place.path, &files[1]).unwrap();
    table.files.io.delete(&path).await.unwrap();
    let error = table.read(files).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains(path.name()), "{error}");
}
