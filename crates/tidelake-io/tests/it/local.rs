//! What is true of the local disk only.

use std::{fs, os::unix::fs::symlink, path::Path};

use futures::TryStreamExt as _;
use tidelake_io::{
    Bytes, Classify as _, ErrorKind, FileIO, FileIOExt as _, FilePath, FileReadExt as _, LocalFileIO, Publish, Runtime,
};

fn setup() -> (LocalFileIO, tempfile::TempDir, FilePath) {
    let folder = tempfile::tempdir().unwrap();
    let root = FilePath::parse(folder.path().to_str().unwrap()).unwrap();
    (LocalFileIO::new(Runtime::tokio(2, 0)), folder, root)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn nothing_temporary_is_left_by_any_outcome() {
    let (io, folder, root) = setup();
    let path = root.child("snapshot-1").unwrap();
    assert_eq!(io.publish(&path, Bytes::from("a")).await.unwrap(), Publish::Created);
    assert_eq!(io.publish(&path, Bytes::from("b")).await.unwrap(), Publish::AlreadyExists);
    io.overwrite(&path, Bytes::from("c")).await.unwrap();
    assert_eq!(io.write_file(&path, Bytes::from("d")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let mut aborted = io.create(&root.child("aborted").unwrap()).await.unwrap();
    aborted.write(Bytes::from(vec![0; 3 << 20])).await.unwrap();
    aborted.abort().await.unwrap();
    assert_eq!(names(folder.path()), ["snapshot-1"]);
    assert_eq!(fs::read(folder.path().join("snapshot-1")).unwrap(), b"c");
}

#[tokio::test]
async fn what_a_crash_leaves_is_not_listed() {
    let (io, folder, root) = setup();
    let mut crashed = io.create(&root.child("data").unwrap()).await.unwrap();
    crashed.write(Bytes::from(vec![0; 3 << 20])).await.unwrap();
    drop(crashed);
    assert_eq!(names(folder.path()).len(), 1, "the test needs a file that is left");
    assert!(io.list(&root).try_collect::<Vec<_>>().await.unwrap().is_empty());
    assert!(io.list_children(&root).try_collect::<Vec<_>>().await.unwrap().is_empty());
}

#[tokio::test]
async fn links_are_not_followed_by_lists_and_deletes() {
    let (io, folder, root) = setup();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "kept").unwrap();
    fs::create_dir_all(folder.path().join("t/bucket-0")).unwrap();
    fs::write(folder.path().join("t/bucket-0/data"), "x").unwrap();
    symlink(outside.path(), folder.path().join("t/bucket-1")).unwrap();
    symlink(outside.path(), folder.path().join("linked")).unwrap();
    symlink("/", folder.path().join("t/bucket-0/up")).unwrap();
    let files: Vec<_> = io.list(&root).map_ok(|file| file.path.name().to_owned()).try_collect().await.unwrap();
    assert_eq!(files, ["data"]);
    io.delete_prefix(&root.child("t").unwrap()).await.unwrap();
    io.delete_prefix(&root.child("linked").unwrap()).await.unwrap();
    assert!(names(folder.path()).is_empty());
    assert_eq!(fs::read(outside.path().join("precious")).unwrap(), b"kept");
}

#[tokio::test]
async fn a_file_that_is_open_can_be_read_after_it_was_deleted() {
    let (io, _folder, root) = setup();
    let path = root.child("data").unwrap();
    io.write_file(&path, Bytes::from("0123456789")).await.unwrap();
    let file = io.open(&path, None).await.unwrap();
    io.delete(&path).await.unwrap();
    assert_eq!(file.read(2..5).await.unwrap(), "234");
}

#[tokio::test]
async fn a_walk_shows_more_files_than_one_call_reads() {
    let (io, folder, root) = setup();
    for bucket in 0..30 {
        let bucket = folder.path().join(format!("bucket-{bucket}"));
        fs::create_dir(&bucket).unwrap();
        (0..100).for_each(|file| fs::write(bucket.join(format!("data-{file}")), "").unwrap());
    }
    assert_eq!(io.list(&root).try_collect::<Vec<_>>().await.unwrap().len(), 3000);
}

#[tokio::test]
async fn other_urls_are_refused() {
    let (io, ..) = setup();
    let error = io.stat(&FilePath::parse("s3://lake/w").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_path_that_is_missing_is_named_with_its_reason() {
    let (io, _folder, root) = setup();
    let error = io.read_all(&root.child("snapshot-7").unwrap(), 10).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot read file:///") && text.contains("snapshot-7: No such file"), "{text}");
}

#[tokio::test]
async fn files_that_were_finished_survive_a_process_that_syncs_twice() {
    let (io, folder, root) = setup();
    let path = root.join("new/folders/on/the/way/data").unwrap();
    io.write_file(&path, Bytes::from("x")).await.unwrap();
    io.sync(std::slice::from_ref(&path)).await.unwrap();
    io.delete_prefix(&root.child("new").unwrap()).await.unwrap();
    io.sync(std::slice::from_ref(&path)).await.unwrap();
    io.write_file(&path, Bytes::from("y")).await.unwrap();
    io.sync(std::slice::from_ref(&path)).await.unwrap();
    assert_eq!(fs::read(folder.path().join("new/folders/on/the/way/data")).unwrap(), b"y");
}
