//! What the format does with files of its own, of Java and of others.

#![expect(clippy::unwrap_used, reason = "tests")]

mod canonical;
mod files;
mod foreign;
mod java;
mod own;

#[tokio::test]
async fn the_format_conforms() {
    tidelake_format::conformance::all(&tidelake_format_parquet::ParquetFormat).await;
}
