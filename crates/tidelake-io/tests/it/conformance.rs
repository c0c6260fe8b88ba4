//! The suite, on everything that implements the contract.

use std::sync::Arc;

use tidelake_io::{FileIO, FileIOResolver, FilePath, LocalFileIO, MemoryFileIO, Runtime, conformance};

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
async fn the_resolver_passes() {
    let (io, root) = memory();
    conformance::all(&FileIOResolver::of(root.clone(), io), &root).await;
}
