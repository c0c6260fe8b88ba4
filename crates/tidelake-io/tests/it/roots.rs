//! Which backend answers for a path, and which paths have none.

use std::sync::Arc;

use futures::TryStreamExt as _;
use tidelake_io::{
    Bytes, Classify as _, ErrorKind, FileIO, FileIOExt as _, FileIORegistry, FileIOResolver, FilePath, MemoryFileIO,
    Options, Runtime,
};

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

fn memory() -> Arc<dyn FileIO> {
    Arc::new(MemoryFileIO::new(Runtime::tokio(1, 0)))
}

#[tokio::test]
async fn a_path_outside_of_all_roots_is_denied() {
    let io = FileIOResolver::of(path("memory://lake/w/t"), memory());
    let outside = path("memory://lake/w/t2/file");
    let errors = [
        io.stat(&outside).await.unwrap_err(),
        io.open(&outside, Some(1)).await.unwrap_err(),
        io.read_all(&outside, 1).await.unwrap_err(),
        io.create(&outside).await.err().unwrap(),
        io.publish(&outside, Bytes::new()).await.unwrap_err(),
        io.overwrite(&outside, Bytes::new()).await.unwrap_err(),
        io.sync(std::slice::from_ref(&outside)).await.unwrap_err(),
        io.list(&outside).try_next().await.unwrap_err(),
        io.list_children(&outside).try_next().await.unwrap_err(),
        io.create_prefix(&outside).await.unwrap_err(),
        io.delete(&outside).await.unwrap_err(),
        io.delete_prefix(&outside).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let text = error.to_string();
        assert!(text.contains("memory://lake/w/t2/file") && text.contains("tide.external-roots"), "{text}");
    }
}

#[tokio::test]
async fn the_most_exact_root_answers() {
    let (outer, inner) = (memory(), memory());
    let io = FileIOResolver::of(path("memory://lake/w"), Arc::clone(&outer))
        .allow(path("memory://lake/w/t/x"), Arc::clone(&inner));
    let (a, b) = (path("memory://lake/w/t/file"), path("memory://lake/w/t/x/file"));
    io.write_file(&a, Bytes::from("outer")).await.unwrap();
    io.write_file(&b, Bytes::from("inner")).await.unwrap();
    io.sync(&[a.clone(), b.clone()]).await.unwrap();
    assert!(outer.exists(&a).await.unwrap() && !outer.exists(&b).await.unwrap());
    assert!(inner.exists(&b).await.unwrap() && !inner.exists(&a).await.unwrap());
}

#[test]
fn a_scheme_without_backend_is_unsupported_and_the_known_ones_are_named() {
    let registry = FileIORegistry::with_defaults(&Runtime::tokio(1, 0));
    let error = registry.build(&path("hdfs://name/w"), &Options::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`hdfs://` (known: file, memory)"), "{error}");
    assert_eq!(registry.build(&path("/w"), &Options::new()).unwrap().name(), "local");
}

#[tokio::test]
async fn backends_of_one_registry_share_their_memory() {
    let registry = FileIORegistry::with_defaults(&Runtime::tokio(1, 0));
    let build = || registry.build(&path("memory://lake"), &Options::new()).unwrap();
    build().write_file(&path("memory://lake/file"), Bytes::new()).await.unwrap();
    assert!(build().exists(&path("memory://lake/file")).await.unwrap());
}
