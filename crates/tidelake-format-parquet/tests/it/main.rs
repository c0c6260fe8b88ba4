//! What the format does with files of its own, of Java and of others.

#![expect(clippy::unwrap_used, reason = "tests")]

mod files;
mod foreign;
mod java;
mod own;

#[tokio::test]
async fn the_format_conforms() {
    let format = tidelake_format_parquet::ParquetFormat;
    tidelake_format::conformance::all(&format).await;
    assert_eq!(tidelake_format::conformance::refused(&format), Vec::<String>::new());
}
