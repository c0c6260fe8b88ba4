//! What every implementation of [`FileIO`] must pass. Passing *is* the definition of a valid one.
//!
//! ```
//! use tidelake_io::{FilePath, MemoryFileIO, Runtime, conformance};
//!
//! # futures::executor::block_on(async {
//! let io = MemoryFileIO::new(Runtime::tokio(1, 1 << 20));
//! conformance::all(&io, &FilePath::parse("memory://test/conformance").unwrap()).await;
//! # });
//! ```
#![expect(clippy::unwrap_used, clippy::panic, reason = "a suite for tests")]

use std::{collections::BTreeMap, fmt::Debug, ops::Range};

use bytes::Bytes;
use futures::{TryStreamExt as _, future::join_all};
use tidelake_error::{Classify as _, ErrorKind};

use crate::{Child, FileIO, FileIOExt as _, FilePath, FileReadExt as _, Publish, Result};

/// How many callers publish at once.
const RIVALS: usize = 16;
/// How often they do.
const RACES: usize = 10;

/// Everything that the documentation of [`FileIO`] promises, below `root`, which must be empty and may be written.
///
/// # Panics
///
/// At the first broken promise.
pub async fn all(io: &dyn FileIO, root: &FilePath) {
    let at = |name: &str| root.child(name).unwrap();
    a_file_appears_whole_when_it_is_finished(io, &at("create")).await;
    an_aborted_or_dropped_file_never_appears(io, &at("abort")).await;
    empty_and_large_files_are_as_they_were_written(io, &at("sizes")).await;
    ranges_are_answered_exactly(io, &at("ranges")).await;
    bad_ranges_are_errors(io, &at("bad-ranges")).await;
    read_all_keeps_its_limit(io, &at("limit")).await;
    what_is_absent_is_not_found(io, &at("absent")).await;
    publish_creates_once(io, &at("publish")).await;
    of_rivals_one_publishes(io, &at("race")).await;
    overwrite_replaces(io, &at("overwrite")).await;
    lists_show_every_depth(io, &at("list")).await;
    children_are_one_level(io, &at("children")).await;
    an_empty_prefix_exists(io, &at("prefix")).await;
    deleting_is_repeatable(io, &at("delete")).await;
    a_prefix_goes_with_all_below_it(io, &at("delete-prefix")).await;
    names_are_bytes(io, &at("names")).await;
    a_name_that_is_too_long_is_an_error(io, &at("long")).await;
    syncing_takes_what_is_there_and_what_is_not(io, &at("sync")).await;
    io.delete_prefix(root).await.unwrap();
}

async fn a_file_appears_whole_when_it_is_finished(io: &dyn FileIO, root: &FilePath) {
    let path = root.join("deep/er/file").unwrap();
    let mut file = io.create(&path).await.unwrap();
    file.write(Bytes::from_static(b"first, ")).await.unwrap();
    file.write(Bytes::from_static(b"second")).await.unwrap();
    assert!(!io.exists(&path).await.unwrap(), "{path} is visible before it is finished");
    assert!(listed(io, root).await.is_empty(), "a list shows {path}, or a part of it, before it is finished");
    let status = file.finish().await.unwrap();
    assert_eq!((&status.path, status.size_bytes), (&path, 13));
    assert_eq!(text(io, &path).await, "first, second");
    let seen = io.stat(&path).await.unwrap();
    assert_eq!(seen.size_bytes, 13);
    assert!(seen.modified_ms > 0, "{path} was written before 1970");
    assert_eq!(listed(io, root).await, [("deep/er/file".to_owned(), 13)].into());
}

async fn an_aborted_or_dropped_file_never_appears(io: &dyn FileIO, root: &FilePath) {
    for (name, bytes) in [("small", 10), ("large", 12 << 20)] {
        let path = root.child(name).unwrap();
        let mut file = io.create(&path).await.unwrap();
        file.write(pattern(bytes)).await.unwrap();
        file.abort().await.unwrap();
        let mut file = io.create(&path).await.unwrap();
        file.write(pattern(bytes)).await.unwrap();
        drop(file);
        io.create(&path).await.unwrap().abort().await.unwrap();
        assert!(!io.exists(&path).await.unwrap(), "{path} was aborted, and is there");
    }
    assert!(listed(io, root).await.is_empty());
}

async fn empty_and_large_files_are_as_they_were_written(io: &dyn FileIO, root: &FilePath) {
    let never_written = root.child("never-written").unwrap();
    let status = io.create(&never_written).await.unwrap().finish().await.unwrap();
    assert_eq!(status.size_bytes, 0);
    assert_eq!(io.read_all(&never_written, 0).await.unwrap(), Bytes::new());
    // 20 MiB and a bit, in uneven chunks: several parts of an upload.
    let (path, content) = (root.child("large").unwrap(), pattern((20 << 20) + 7));
    let mut file = io.create(&path).await.unwrap();
    for start in (0..content.len()).step_by(3_000_001) {
        file.write(content.slice(start..content.len().min(start + 3_000_001))).await.unwrap();
        file.write(Bytes::new()).await.unwrap();
    }
    assert_eq!(file.finish().await.unwrap().size_bytes, content.len() as u64);
    assert!(io.read_all(&path, u64::MAX).await.unwrap() == content, "{path} differs from what was written");
}

async fn ranges_are_answered_exactly(io: &dyn FileIO, root: &FilePath) {
    let (path, content) = (root.child("file").unwrap(), pattern(5 << 20));
    let size = content.len() as u64;
    io.write_file(&path, content.clone()).await.unwrap();
    for declared in [None, Some(size)] {
        let file = io.open(&path, declared).await.unwrap();
        assert_eq!((file.path(), file.size_bytes().await.unwrap()), (&path, size));
        let ranges = [size - 1..size, 0..10, 5..15, 12..12, 4_000_000..4_000_001, 20..3_000_000, 0..size, 7..8];
        let answers = file.read_many(&ranges).await.unwrap();
        assert_eq!(answers.len(), ranges.len());
        for (range, answer) in ranges.iter().zip(answers) {
            let expected = &content[range.start as usize..range.end as usize];
            assert!(answer == expected, "the answer to {range:?} of {path} is wrong");
        }
        assert!(file.read_many(&[]).await.unwrap().is_empty());
        assert_eq!(file.read(3..6).await.unwrap(), content.slice(3..6));
    }
}

async fn bad_ranges_are_errors(io: &dyn FileIO, root: &FilePath) {
    let path = root.child("file").unwrap();
    io.write_file(&path, pattern(100)).await.unwrap();
    // Also if metadata says that the file is longer than it is.
    for declared in [None, Some(100), Some(1 << 40)] {
        let file = io.open(&path, declared).await.unwrap();
        for range in [90..101, 100..101, 200..300, 0..1 << 40] {
            expect(ErrorKind::Corrupt, file.read(range.clone()).await, &format!("reading {range:?} of 100 bytes"));
        }
        let inverted = Range { start: 9, end: 3 };
        expect(ErrorKind::InvalidInput, file.read(inverted).await, "reading a range that ends before it begins");
    }
}

async fn read_all_keeps_its_limit(io: &dyn FileIO, root: &FilePath) {
    let path = root.child("file").unwrap();
    io.write_file(&path, pattern(100)).await.unwrap();
    assert_eq!(io.read_all(&path, 100).await.unwrap(), pattern(100));
    expect(ErrorKind::ResourceExhausted, io.read_all(&path, 99).await, "reading 100 bytes where 99 are allowed");
    expect(ErrorKind::Corrupt, io.read_file_text(&path, 100).await, "reading bytes as text");
}

async fn what_is_absent_is_not_found(io: &dyn FileIO, root: &FilePath) {
    io.write_file(&root.join("folder/file").unwrap(), pattern(1)).await.unwrap();
    for name in ["nothing", "folder", "no/folder/either", "folder/file/below-a-file"] {
        let path = root.join(name).unwrap();
        expect(ErrorKind::NotFound, io.stat(&path).await, &format!("stat of `{name}`"));
        expect(ErrorKind::NotFound, io.read_all(&path, 10).await, &format!("read_all of `{name}`"));
        expect(ErrorKind::NotFound, io.open(&path, None).await, &format!("open of `{name}`"));
        assert!(!io.exists(&path).await.unwrap());
        let blindly = io.open(&path, Some(10)).await.unwrap();
        expect(ErrorKind::NotFound, blindly.read(0..10).await, &format!("reading `{name}`, opened with a size"));
    }
    let nothing = root.join("nothing/here").unwrap();
    assert!(listed(io, &nothing).await.is_empty(), "a list of nothing is not empty");
    assert!(children(io, &nothing).await.is_empty(), "nothing has children");
}

async fn publish_creates_once(io: &dyn FileIO, root: &FilePath) {
    let path = root.join("snapshot/snapshot-1").unwrap();
    assert_eq!(io.publish(&path, Bytes::from_static(b"ours")).await.unwrap(), Publish::Created);
    assert_eq!(io.publish(&path, Bytes::from_static(b"theirs")).await.unwrap(), Publish::AlreadyExists);
    assert_eq!(io.publish(&path, Bytes::from_static(b"ours")).await.unwrap(), Publish::AlreadyExists);
    assert_eq!(text(io, &path).await, "ours");
    assert_eq!(listed(io, root).await, [("snapshot/snapshot-1".to_owned(), 4)].into(), "publish left something behind");
    let written = root.child("written").unwrap();
    io.write_file(&written, pattern(3)).await.unwrap();
    assert_eq!(io.publish(&written, Bytes::new()).await.unwrap(), Publish::AlreadyExists);
    let empty = root.child("empty").unwrap();
    assert_eq!(io.publish(&empty, Bytes::new()).await.unwrap(), Publish::Created);
    io.delete(&path).await.unwrap();
    assert_eq!(io.publish(&path, Bytes::from_static(b"again")).await.unwrap(), Publish::Created);
}

async fn of_rivals_one_publishes(io: &dyn FileIO, root: &FilePath) {
    for race in 0..RACES {
        let path = root.child(&format!("snapshot-{race}")).unwrap();
        let content = |rival: usize| Bytes::from(format!("rival {rival}: ").repeat(500));
        let outcomes = join_all((0..RIVALS).map(|rival| io.publish(&path, content(rival)))).await;
        let seen = io.read_all(&path, 1 << 20).await.unwrap();
        let mut created = 0;
        for (rival, outcome) in outcomes.into_iter().enumerate() {
            match outcome.unwrap() {
                Publish::Created => {
                    created += 1;
                    assert!(
                        seen == content(rival),
                        "rival {rival} was told it created {path}, which has another content"
                    );
                }
                Publish::AlreadyExists => {}
                // Allowed: a store may answer so where two requests meet. But then nobody else may be told `Created`
                // for another content, which is checked above.
                Publish::Unknown => {}
            }
        }
        assert!(created <= 1, "{created} rivals created {path}");
        assert!((0..RIVALS).any(|rival| seen == content(rival)), "{path} has the content of no rival");
    }
    assert_eq!(listed(io, root).await.len(), RACES, "a lost race left something behind");
}

async fn overwrite_replaces(io: &dyn FileIO, root: &FilePath) {
    let path = root.join("hint/LATEST").unwrap();
    for content in ["1", "a longer one", ""] {
        io.overwrite(&path, Bytes::from(content)).await.unwrap();
        assert_eq!(text(io, &path).await, content);
    }
    // Readers see the old or the new content, never half of one.
    let (old, new) = (Bytes::from("old ".repeat(5000)), Bytes::from("new ".repeat(5000)));
    io.overwrite(&path, old.clone()).await.unwrap();
    let writes = join_all((0..4).map(|_| io.overwrite(&path, new.clone())));
    let reads = join_all((0..4).map(|_| io.read_all(&path, 1 << 20)));
    let (written, read) = futures::join!(writes, reads);
    written.into_iter().for_each(|outcome| outcome.unwrap());
    for seen in read {
        let seen = seen.unwrap();
        assert!(seen == old || seen == new, "{path} was seen half written");
    }
    assert_eq!(listed(io, root).await.len(), 1, "overwrite left something behind");
}

async fn lists_show_every_depth(io: &dyn FileIO, root: &FilePath) {
    let mut expected = BTreeMap::new();
    for (i, name) in ["a", "b/c", "b/d/e/f", "b/d/g", "ab"].iter().enumerate() {
        io.write_file(&root.join(name).unwrap(), pattern(i)).await.unwrap();
        expected.insert((*name).to_owned(), i as u64);
    }
    for i in 0..30 {
        let name = format!("many/{i:03}");
        io.write_file(&root.join(&name).unwrap(), pattern(1)).await.unwrap();
        expected.insert(name, 1);
    }
    assert_eq!(listed(io, root).await, expected);
    let below_b: BTreeMap<_, _> = [("c".to_owned(), 1), ("d/e/f".to_owned(), 2), ("d/g".to_owned(), 3)].into();
    assert_eq!(listed(io, &root.child("b").unwrap()).await, below_b);
    // By whole segments, and a file has nothing below it.
    assert!(listed(io, &root.child("man").unwrap()).await.is_empty());
    assert!(listed(io, &root.child("a").unwrap()).await.is_empty());
}

async fn children_are_one_level(io: &dyn FileIO, root: &FilePath) {
    for name in
        ["file", "shop.db/orders/schema/schema-0", "shop.db/orders/snapshot/snapshot-1", "other.db/t/schema/schema-0"]
    {
        io.write_file(&root.join(name).unwrap(), pattern(2)).await.unwrap();
    }
    assert_eq!(children(io, root).await, ["file 2", "other.db/", "shop.db/"]);
    assert_eq!(children(io, &root.child("shop.db").unwrap()).await, ["orders/"]);
    assert_eq!(children(io, &root.join("shop.db/orders").unwrap()).await, ["schema/", "snapshot/"]);
    assert!(children(io, &root.child("shop").unwrap()).await.is_empty());
}

async fn an_empty_prefix_exists(io: &dyn FileIO, root: &FilePath) {
    let database = root.child("empty.db").unwrap();
    io.create_prefix(&database).await.unwrap();
    io.create_prefix(&database).await.unwrap();
    assert_eq!(children(io, root).await, ["empty.db/"], "a new database is not seen");
    assert!(children(io, &database).await.is_empty(), "an empty prefix has children");
    assert!(listed(io, root).await.is_empty(), "a list shows the mark of an empty prefix");
    io.delete_prefix(&database).await.unwrap();
    assert!(children(io, root).await.is_empty(), "a deleted prefix is seen");
}

async fn deleting_is_repeatable(io: &dyn FileIO, root: &FilePath) {
    let path = root.join("folder/file").unwrap();
    io.write_file(&path, pattern(1)).await.unwrap();
    for _ in 0..2 {
        io.delete(&path).await.unwrap();
        assert!(!io.exists(&path).await.unwrap());
    }
    io.delete(&root.join("never/was").unwrap()).await.unwrap();
    // `delete` is for files: a folder with something in it stays.
    io.write_file(&path, pattern(1)).await.unwrap();
    io.delete(&root.child("folder").unwrap()).await.unwrap();
    assert!(io.exists(&path).await.unwrap(), "deleting a file's folder deleted the file");
}

async fn a_prefix_goes_with_all_below_it(io: &dyn FileIO, root: &FilePath) {
    for name in ["table/schema/schema-0", "table/bucket-0/data-1", "table-2/schema/schema-0", "file"] {
        io.write_file(&root.join(name).unwrap(), pattern(1)).await.unwrap();
    }
    for _ in 0..2 {
        io.delete_prefix(&root.child("table").unwrap()).await.unwrap();
        assert_eq!(children(io, root).await, ["file 1", "table-2/"]);
    }
    io.delete_prefix(&root.child("file").unwrap()).await.unwrap();
    io.delete_prefix(&root.join("never/was").unwrap()).await.unwrap();
    assert_eq!(children(io, root).await, ["table-2/"]);
}

async fn names_are_bytes(io: &dyn FileIO, root: &FilePath) {
    let names = [
        "dt=2024-01-01",
        "with space",
        "%2e%2e",
        "100%",
        "a+b",
        "Größe",
        "日本",
        "q?x#y",
        "a:b",
        "[*]",
        "'\"",
        "~",
        ".hidden",
        "back\\slash",
        "&amp;",
        "=",
    ];
    for name in names {
        let path = root.child(name).unwrap().child("file").unwrap();
        io.write_file(&path, Bytes::from(name)).await.unwrap();
        assert_eq!(text(io, &path).await, name);
        assert_eq!(
            listed(io, &root.child(name).unwrap()).await.len(),
            1,
            "a list does not find the file below `{name}`"
        );
    }
    let mut expected: Vec<_> = names.iter().map(|name| format!("{name}/")).collect();
    expected.sort();
    assert_eq!(children(io, root).await, expected);
    assert_eq!(listed(io, root).await.len(), names.len());
    io.delete_prefix(root).await.unwrap();
    assert!(listed(io, root).await.is_empty(), "not every name could be deleted");
}

/// What counts as too long is the backend's: it takes the name, or says what is wrong.
async fn a_name_that_is_too_long_is_an_error(io: &dyn FileIO, root: &FilePath) {
    for bytes in [250, 2000, 70_000] {
        let path = root.child(&"n".repeat(bytes)).unwrap();
        match io.write_file(&path, pattern(1)).await {
            Ok(_) => {
                assert!(io.exists(&path).await.unwrap(), "a name of {bytes} bytes was taken, and the file is not there")
            }
            Err(error) => assert_ne!(error.kind(), ErrorKind::Internal, "a name of {bytes} bytes: {error}"),
        }
        if let Ok(outcome) = io.publish(&path, pattern(1)).await {
            assert_ne!(outcome, Publish::Created, "a name of {bytes} bytes was published over a file, or only there");
        }
    }
}

async fn syncing_takes_what_is_there_and_what_is_not(io: &dyn FileIO, root: &FilePath) {
    let paths: Vec<_> = (0..12).map(|i| root.join(&format!("bucket-{}/data-{i}", i % 3)).unwrap()).collect();
    for path in &paths {
        io.write_file(path, pattern(100)).await.unwrap();
    }
    io.sync(&paths).await.unwrap();
    io.delete(&paths[0]).await.unwrap();
    io.delete_prefix(&root.child("bucket-1").unwrap()).await.unwrap();
    io.sync(&paths).await.unwrap();
    io.sync(&[]).await.unwrap();
}

/// Bytes in which a shift by any distance shows.
fn pattern(bytes: usize) -> Bytes {
    (0..bytes as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>().into()
}

async fn text(io: &dyn FileIO, path: &FilePath) -> String {
    io.read_file_text(path, 1 << 20).await.unwrap()
}

/// Names relative to the prefix, and sizes.
async fn listed(io: &dyn FileIO, prefix: &FilePath) -> BTreeMap<String, u64> {
    let files: Vec<_> = io.list(prefix).try_collect().await.unwrap();
    let depth = prefix.segments().len();
    let total = files.len();
    let named: BTreeMap<_, _> = files
        .into_iter()
        .inspect(|file| assert!(file.path.starts_with(prefix), "a list of {prefix} shows {}", file.path))
        .map(|file| (file.path.segments()[depth..].join("/"), file.size_bytes))
        .collect();
    assert_eq!(named.len(), total, "a list of {prefix} shows a file twice");
    named
}

/// `file 12` or `folder/`, sorted.
async fn children(io: &dyn FileIO, prefix: &FilePath) -> Vec<String> {
    let children: Vec<_> = io.list_children(prefix).try_collect().await.unwrap();
    let mut named: Vec<_> = children
        .into_iter()
        .map(|child| match child {
            Child::File(file) => {
                assert_eq!(file.path.parent().as_ref(), Some(prefix));
                format!("{} {}", file.path.name(), file.size_bytes)
            }
            Child::Prefix(path) => {
                assert_eq!(path.parent().as_ref(), Some(prefix));
                format!("{}/", path.name())
            }
        })
        .collect();
    named.sort();
    named
}

#[track_caller]
fn expect<T: Debug>(kind: ErrorKind, outcome: Result<T>, what: &str) {
    match outcome {
        Ok(answer) => panic!("{what} should be `{kind}`, and gave {answer:?}"),
        Err(error) => assert_eq!(error.kind(), kind, "{what}: {error}"),
    }
}
