//! Object stores pass the conformance suite: one in memory always, an S3 server where one is named.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use object_store::memory::InMemory;
use tidelake_io::{FileIO, FileIOFactory, FilePath, Options, conformance};
use tidelake_io_object_store::{ObjectStoreFileIO, S3FileIOFactory};
use tidelake_runtime::Runtime;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_passes() {
    let store = Arc::new(InMemory::new());
    let root = FilePath::parse("s3://lake/w").unwrap();
    let io = ObjectStoreFileIO::new(
        "memory",
        root.clone(),
        Arc::<InMemory>::clone(&store),
        store,
        Runtime::tokio(2, 1 << 30),
    );
    conformance::all(&io, &root).await;
}

/// `TIDELAKE_S3_ENDPOINT` names the server, `TIDELAKE_S3_BUCKET` a bucket of it. Where the other implementations are
/// required (`TIDELAKE_REQUIRE_ORACLES`), a missing server fails.
#[tokio::test(flavor = "multi_thread")]
async fn an_s3_server_passes() {
    let Ok(endpoint) = std::env::var("TIDELAKE_S3_ENDPOINT") else {
        assert!(std::env::var("TIDELAKE_REQUIRE_ORACLES").is_err(), "TIDELAKE_S3_ENDPOINT names no S3 server");
        return;
    };
    let bucket = std::env::var("TIDELAKE_S3_BUCKET").unwrap_or_else(|_| "lake".to_owned());
    let runtime = Runtime::tokio(2, 1 << 30);
    let root = FilePath::parse(&format!("s3://{bucket}/w-{}", runtime.ids().uuid())).unwrap();
    let options = Options::from([
        ("s3.endpoint", endpoint.as_str()),
        ("s3.access-key", "test"),
        ("s3.secret-key", "testtest"),
        ("s3.path.style.access", "true"),
        ("s3.region", "us-east-1"),
    ]);
    let io: Arc<dyn FileIO> = S3FileIOFactory::new(runtime).build(&root, &options).unwrap();
    conformance::all(io.as_ref(), &root).await;
}
