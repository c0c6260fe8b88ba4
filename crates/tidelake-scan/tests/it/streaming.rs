use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FileIO;
use tidelake_meta::CommitKind;
use tidelake_scan::{Error, StreamPlanner, StreamPosition, StreamStart, StreamStep};

use crate::world::{Commit, World, at, file, names};

const KEYED: [(&str, &str); 1] = [("bucket", "1")];

/// The files of the next plan, or nothing.
async fn next(stream: &mut StreamPlanner) -> Option<Vec<String>> {
    match stream.next_step().await.unwrap() {
        StreamStep::Plan(plan) => Some(names(&plan).concat().into_iter().map(str::to_owned).collect()),
        StreamStep::Idle => None,
    }
}

async fn start(world: &World, start: StreamStart) -> StreamPlanner {
    StreamPlanner::start(world.planner(), start).await.unwrap()
}

#[tokio::test]
async fn all_rows_come_first_then_the_changes_of_each_append() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    let a = file(&world, "a", (1, 5));
    world.append(vec![a.clone()]).await;
    let mut stream = start(&world, StreamStart::LatestFull).await;
    assert_eq!(stream.position().next_snapshot(), None);
    assert_eq!(next(&mut stream).await.unwrap(), ["a"]);
    assert_eq!(stream.position().next_snapshot(), Some(2));
    assert_eq!(next(&mut stream).await, None);

    let compacted = at(5, (1, 5), a.clone());
    let kind = Some(CommitKind::Compact);
    world.commit(Commit { kind, add: vec![compacted], delete: vec![a], ..Commit::default() }).await;
    let kind = Some(CommitKind::Overwrite);
    world.commit(Commit { kind, add: vec![file(&world, "o", (1, 2))], ..Commit::default() }).await;
    world.append(vec![file(&world, "b", (1, 5)), file(&world, "c", (1, 5))]).await;
    let StreamStep::Plan(plan) = stream.next_step().await.unwrap() else { panic!("there is a change") };
    assert_eq!(names(&plan), [["b", "c"]]);
    assert!(plan.splits[0].is_streaming && plan.splits[0].raw_convertible);
    assert_eq!((plan.snapshot_id, stream.position().next_snapshot()), (Some(4), Some(5)));
}

#[tokio::test]
async fn a_stream_of_an_empty_table_misses_nothing() {
    for from in
        [StreamStart::Latest, StreamStart::LatestFull, StreamStart::FromSnapshot(1), StreamStart::FromTimestamp(0)]
    {
        let mut world = World::new(&["k"], false, &KEYED).await;
        let mut stream = start(&world, from).await;
        assert_eq!(next(&mut stream).await, None);
        world.append(vec![file(&world, "a", (1, 5))]).await;
        world.append(vec![file(&world, "b", (6, 9))]).await;
        let mut seen = Vec::new();
        while let Some(files) = next(&mut stream).await {
            seen.extend(files);
        }
        assert_eq!(seen, ["a", "b"], "{from:?}");
    }
}

#[tokio::test]
async fn latest_means_the_moment_at_which_the_stream_began() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    world.append(vec![file(&world, "a", (1, 5))]).await;
    let mut stream = start(&world, StreamStart::Latest).await;
    world.append(vec![file(&world, "b", (1, 5))]).await;
    assert_eq!(next(&mut stream).await.unwrap(), ["b"]);
}

#[tokio::test]
async fn a_position_resumes_after_the_plan_that_was_given() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    for name in ["a", "b", "c", "d"] {
        let add = vec![file(&world, name, (1, 5))];
        world.append(add).await;
    }
    for (from, expected) in [
        (StreamStart::FromSnapshot(2), vec!["b", "c", "d"]),
        (StreamStart::FromSnapshotFull(3), vec!["a b c", "d"]),
        (StreamStart::FromTimestamp(2001), vec!["c", "d"]),
        (StreamStart::FromTimestamp(3000), vec!["c", "d"]),
        (StreamStart::FromTimestamp(9999), vec![]),
    ] {
        let mut seen = Vec::new();
        let mut stream = start(&world, from).await;
        loop {
            let position = StreamPosition::from_bytes(&stream.position().to_bytes()).unwrap();
            stream = StreamPlanner::resume(world.planner(), position).await.unwrap();
            match next(&mut stream).await {
                Some(files) => seen.push(files.join(" ")),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{from:?}");
    }
}

#[tokio::test]
async fn a_position_of_another_table_is_refused() {
    let world = World::new(&["k"], false, &KEYED).await;
    let mut position = start(&world, StreamStart::Latest).await.position().clone();
    position.table.push('2');
    let error = StreamPlanner::resume(world.planner(), position).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[tokio::test]
async fn a_changelog_is_followed_whatever_the_kind_of_the_snapshot() {
    let mut world = World::new(&["k"], false, &[("bucket", "1"), ("changelog-producer", "input")]).await;
    let mut stream = start(&world, StreamStart::FromSnapshot(1)).await;
    for (kind, name) in [(CommitKind::Append, "x"), (CommitKind::Compact, "y"), (CommitKind::Overwrite, "z")] {
        let (add, changelog) =
            (vec![file(&world, name, (1, 5))], vec![file(&world, &format!("changelog-{name}"), (1, 5))]);
        world.commit(Commit { kind: Some(kind), add, changelog, ..Commit::default() }).await;
        assert_eq!(next(&mut stream).await.unwrap(), [format!("changelog-{name}")]);
    }
    world.append(vec![file(&world, "without", (1, 5))]).await;
    assert_eq!(next(&mut stream).await, None);
    assert_eq!(stream.position().next_snapshot(), Some(5));
}

#[tokio::test]
async fn expired_snapshots_are_an_error_unless_their_changes_are_kept() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    for name in ["a", "b", "c"] {
        let add = vec![file(&world, name, (1, 5))];
        world.append(add).await;
    }
    let mut late = start(&world, StreamStart::FromSnapshot(2)).await;
    assert_eq!(late.position().next_snapshot(), Some(2));
    let bytes = world.io.read_all(&world.layout.snapshot(2).unwrap(), 1 << 20).await.unwrap();
    world.expire(1).await;
    world.expire(2).await;
    let error = late.next_step().await.unwrap_err();
    assert!(matches!(error, Error::Expired { next: 2, earliest: Some(3), latest: Some(3), .. }), "{error}");
    assert_eq!(late.position().next_snapshot(), Some(2), "an error leaves the position");

    let kept = world.layout.changelog_dir().unwrap().child("changelog-2").unwrap();
    world.io.overwrite(&kept, bytes).await.unwrap();
    assert_eq!(next(&mut late).await.unwrap(), ["b"]);
    assert_eq!(next(&mut late).await.unwrap(), ["c"]);
    let mut earliest = start(&world, StreamStart::FromSnapshot(1)).await;
    assert_eq!(next(&mut earliest).await.unwrap(), ["b"]);
}

#[tokio::test]
async fn a_position_beyond_the_end_is_an_error() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    world.append(vec![file(&world, "a", (1, 5))]).await;
    let mut ahead = start(&world, StreamStart::FromSnapshot(2)).await;
    assert_eq!(next(&mut ahead).await, None);
    let mut vanished = start(&world, StreamStart::FromSnapshot(9)).await;
    let error = vanished.next_step().await.unwrap_err();
    assert!(matches!(error, Error::Vanished { next: 9, latest: Some(1), .. }), "{error}");
    world.expire(1).await;
    let error = ahead.next_step().await.unwrap_err();
    assert!(matches!(error, Error::Vanished { next: 2, latest: None, .. }), "{error}");
}

#[tokio::test]
async fn files_of_an_append_bucket_come_in_one_split() {
    let mut world =
        World::new(&[], false, &[("bucket", "1"), ("bucket-key", "k"), ("source.split.target-size", "1 b")]).await;
    let add = vec![file(&world, "b", (1, 5)), file(&world, "a", (1, 5))];
    world.append(add).await;
    let mut stream = start(&world, StreamStart::FromSnapshot(1)).await;
    let StreamStep::Plan(plan) = stream.next_step().await.unwrap() else { panic!("there is a change") };
    assert_eq!(names(&plan), [["b", "a"]], "in the order in which they were committed");
}

#[tokio::test]
async fn the_options_of_the_table_say_where_a_stream_begins() {
    let mut world = World::new(&["k"], false, &KEYED).await;
    for name in ["a", "b"] {
        let add = vec![file(&world, name, (1, 5))];
        world.append(add).await;
    }
    let consumer = world.layout.consumer("me").unwrap();
    world.io.overwrite(&consumer, r#"{"nextSnapshot":2}"#.into()).await.unwrap();
    for (options, next) in [
        (vec![], None),
        (vec![("scan.mode", "latest")], Some(3)),
        (vec![("scan.snapshot-id", "1")], Some(1)),
        (vec![("scan.timestamp-millis", "1500")], Some(2)),
        (vec![("consumer-id", "me")], Some(2)),
        (vec![("consumer-id", "other")], None),
        (vec![("consumer-id", "me"), ("consumer.ignore-progress", "true"), ("scan.mode", "latest")], Some(3)),
    ] {
        let stream = StreamPlanner::from_options(world.planner_with(&options)).await.unwrap();
        assert_eq!(stream.position().next_snapshot(), next, "{options:?}");
    }
    for (options, kind) in [
        (vec![("scan.tag-name", "t")], ErrorKind::InvalidInput),
        (vec![("incremental-between", "1,2")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "compacted-full")], ErrorKind::Unsupported),
        (vec![("changelog-producer", "lookup")], ErrorKind::Unsupported),
        (vec![("streaming-read-overwrite", "true")], ErrorKind::Unsupported),
        (vec![("scan.bounded.watermark", "1")], ErrorKind::Unsupported),
    ] {
        let error = StreamPlanner::from_options(world.planner_with(&options)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{options:?}: {error}");
    }
}
