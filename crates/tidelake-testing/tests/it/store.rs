//! The simulated store.

use futures::{TryStreamExt, executor::block_on};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{Child, FileIO, FilePath, Publish};
use tidelake_testing::SimIO;

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

async fn write(io: &SimIO, name: &str, content: &'static str) {
    let mut file = io.create(&path(name)).await.unwrap();
    file.write(content.into()).await.unwrap();
    assert!(io.stat(&path(name)).await.is_err(), "visible before it is whole");
    file.finish().await.unwrap();
}

#[test]
fn a_fork_goes_its_own_way() {
    block_on(async {
        let one = SimIO::local();
        write(&one, "/t/a", "a").await;
        let two = one.fork();
        write(&one, "/t/b", "b").await;
        two.delete(&path("/t/a")).await.unwrap();
        assert_eq!(one.paths(), [path("/t/a"), path("/t/b")]);
        assert!(two.paths().is_empty());
        assert_eq!(one.clone().paths().len(), 2, "a clone is the same store");
    });
}

#[test]
fn forking_a_large_store_copies_it_only_when_it_changes() {
    block_on(async {
        let io = SimIO::local();
        for number in 0..20_000 {
            io.put(&path(&format!("/t/f{number}")), "x");
        }
        let forks: Vec<SimIO> = (0..20_000).map(|_| io.fork()).collect();
        forks[7].delete(&path("/t/f1")).await.unwrap();
        assert_eq!((forks[6].paths().len(), forks[7].paths().len()), (20_000, 19_999));
    });
}

#[test]
fn a_power_cut_takes_what_was_not_synced() {
    block_on(async {
        let io = SimIO::local();
        write(&io, "/t/synced", "s").await;
        write(&io, "/t/not", "n").await;
        write(&io, "/t/deleted", "d").await;
        write(&io, "/t/gone", "g").await;
        io.sync(&[path("/t/synced"), path("/t/deleted"), path("/t/gone")]).await.unwrap();
        io.overwrite(&path("/t/synced"), "newer".into()).await.unwrap();
        io.delete(&path("/t/deleted")).await.unwrap();
        io.delete(&path("/t/gone")).await.unwrap();
        io.sync(&[path("/t/gone")]).await.unwrap();
        assert_eq!(io.publish(&path("/t/published"), "p".into()).await.unwrap(), Publish::Created);
        let after = io.power_loss();
        assert_eq!(after.paths(), [path("/t/deleted"), path("/t/published"), path("/t/synced")]);
        assert_eq!(after.read_all(&path("/t/synced"), 10).await.unwrap(), "s");
        assert_eq!(io.read_all(&path("/t/synced"), 10).await.unwrap(), "newer", "the store itself goes on");

        let bucket = SimIO::s3();
        write(&bucket, "s3://b/not", "n").await;
        assert_eq!(bucket.power_loss().paths().len(), 1, "object stores are durable at once");
    });
}

#[test]
fn publish_creates_once() {
    block_on(async {
        let io = SimIO::s3();
        assert_eq!(io.publish(&path("s3://b/x"), "1".into()).await.unwrap(), Publish::Created);
        assert_eq!(io.publish(&path("s3://b/x"), "2".into()).await.unwrap(), Publish::AlreadyExists);
        assert_eq!(io.read_all(&path("s3://b/x"), 10).await.unwrap(), "1");
        assert_eq!(io.read_all(&path("s3://b/x"), 0).await.unwrap_err().kind(), ErrorKind::ResourceExhausted);
    });
}

#[test]
fn a_second_file_of_one_name_is_refused() {
    block_on(async {
        let io = SimIO::local();
        write(&io, "/t/a", "a").await;
        let file = io.create(&path("/t/a")).await.unwrap();
        assert_eq!(file.finish().await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
fn listing_knows_whole_segments_and_folders() {
    block_on(async {
        for (io, root) in [(SimIO::local(), "/w"), (SimIO::s3(), "s3://b/w")] {
            for name in ["a/1", "a/b/2", "ab/3", "4"] {
                io.put(&path(&format!("{root}/{name}")), "x");
            }
            io.create_prefix(&path(&format!("{root}/empty"))).await.unwrap();
            let listed: Vec<_> =
                io.list(&path(&format!("{root}/a"))).map_ok(|status| status.path).try_collect().await.unwrap();
            assert_eq!(listed, [path(&format!("{root}/a/1")), path(&format!("{root}/a/b/2"))]);
            let children: Vec<Child> = io.list_children(&path(root)).try_collect().await.unwrap();
            let names: Vec<&str> = children
                .iter()
                .map(|child| match child {
                    Child::File(status) => status.path.name(),
                    Child::Prefix(path) => path.name(),
                })
                .collect();
            assert_eq!(names, ["a", "ab", "empty", "4"], "{root}");
            io.delete_prefix(&path(&format!("{root}/a"))).await.unwrap();
            assert_eq!(io.list(&path(root)).try_collect::<Vec<_>>().await.unwrap().len(), 2);
        }
    });
}

#[test]
fn reading_checks_its_ranges() {
    block_on(async {
        let io = SimIO::local();
        write(&io, "/t/a", "hello").await;
        let file = io.open(&path("/t/a"), None).await.unwrap();
        assert_eq!(file.size_bytes().await.unwrap(), 5);
        assert_eq!(file.read_many(&[0..2, 2..5]).await.unwrap(), ["he", "llo"]);
        assert_eq!(file.read_many(&[4..6]).await.unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(io.open(&path("/t/b"), None).await.unwrap_err().kind(), ErrorKind::NotFound);
        let missing = io.open(&path("/t/b"), Some(3)).await.unwrap();
        assert_eq!(missing.read_many(&[0..1]).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}
