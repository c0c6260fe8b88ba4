//! The suite, on everything that implements the contract.

use std::sync::Arc;

use tidelake_io::{
    FileIO, FileIOResolver, FilePath, LocalFileIO, MemoryFileIO, MetricsFileIO, RetryFileIO, RetryPolicy, Runtime,
    conformance,
};

fn memory() -> (Arc<dyn FileIO>, FilePath) {
    (Arc::new(MemoryFileIO::new(Runtime::tokio(2, 0))), FilePath::parse("memory://lake/w").unwrap())
}

#[tokio::test]
async fn the_local_disk_passes() {
    let folder = tempfile::tempdir().unwrap();
    let root = FilePath::parse(folder.path().join("w").to_str().unwrap()).unwrap();
    conformance::all(&LocalFileIO::new(Runtime::tokio(2, 0)), &root).await;
}

#[tokio::test]
async fn memory_passes() {
    let (io, root) = memory();
    conformance::all(io.as_ref(), &root).await;
}

#[tokio::test]
async fn the_wrappers_pass() {
    let (io, root) = memory();
    let retry = Arc::new(RetryFileIO::new(io, Runtime::tokio(1, 0), RetryPolicy::default()));
    let metrics = Arc::new(MetricsFileIO::new(retry));
    let resolver = FileIOResolver::of(root.clone(), Arc::<MetricsFileIO>::clone(&metrics));
    conformance::all(&resolver, &root).await;
    let counts = metrics.counts();
    assert!(counts.reads > 50 && counts.written_bytes > 20 << 20 && counts.syncs == 2, "{counts:?}");
}
