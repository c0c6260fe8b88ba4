use tidelake_error::{Classify, ErrorKind};
use tidelake_meta::CommitKind;
use tidelake_scan::{Known, ReadFrom, ScanRequest};
use tidelake_types::Options;

use crate::world::{Commit, World, at, file, names};

#[tokio::test]
async fn a_table_without_snapshots_has_no_splits() {
    let world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let plan = world.plan(ScanRequest::default()).await;
    assert_eq!((plan.snapshot_id, plan.splits.len()), (None, 0));
}

#[tokio::test]
async fn files_whose_keys_overlap_stay_together() {
    let mut world = World::new(&["k"], false, &[("bucket", "1"), ("source.split.target-size", "1 b")]).await;
    let files = vec![file(&world, "a", (1, 5)), file(&world, "c", (20, 30)), file(&world, "b", (4, 9))];
    world.append(files).await;
    let plan = world.plan(ScanRequest::default()).await;
    assert_eq!(names(&plan), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(plan.splits.iter().map(|split| split.raw_convertible).collect::<Vec<_>>(), [false, true]);
    assert_eq!(plan.statistics.rows, Known::AtMost(30), "no count is certain where rows may be deletes");
    assert_eq!(plan.splits[0].bucket_path, "bucket-0");
}

#[tokio::test]
async fn a_clean_bucket_is_read_file_by_file() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let files = vec![at(5, (0, 9), file(&world, "a", (1, 5))), at(5, (0, 9), file(&world, "b", (6, 9)))];
    world.append(files).await;
    let plan = world.plan(ScanRequest::default()).await;
    assert_eq!(names(&plan), [vec!["a", "b"]]);
    assert!(plan.splits[0].raw_convertible);

    let mut with_delete = at(5, (0, 9), file(&world, "c", (10, 11)));
    with_delete.file.delete_row_count = Some(1);
    world.append(vec![with_delete]).await;
    assert!(!world.plan(ScanRequest::default()).await.splits[0].raw_convertible);
}

#[tokio::test]
async fn append_files_are_packed_by_sequence_and_counted() {
    let mut world = World::new(&[], false, &[("source.split.target-size", "8 mb")]).await;
    let mut files = vec![file(&world, "a", (1, 5)), file(&world, "b", (1, 5)), file(&world, "c", (1, 5))];
    for (sequence, file) in [20, 0, 10].into_iter().zip(&mut files) {
        file.file.min_sequence_number = sequence;
    }
    world.append(files).await;
    let plan = world.plan(ScanRequest::default()).await;
    assert_eq!(names(&plan), [vec!["b", "c"], vec!["a"]], "each counts as 4 MiB, the cost of opening it");
    assert_eq!(plan.statistics.rows, Known::Exact(30));
    let plan = world.plan(ScanRequest { limit: Some(5), ..ScanRequest::default() }).await;
    assert_eq!(names(&plan), [vec!["b", "c"]]);
    assert_eq!(plan.statistics.num_files_skipped, 1);
}

#[tokio::test]
async fn deleted_files_are_gone_and_upgraded_ones_stay() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let (a, b) = (file(&world, "a", (1, 5)), file(&world, "b", (6, 9)));
    world.append(vec![a.clone(), b.clone()]).await;
    let upgraded = at(5, (1, 5), a.clone());
    let kind = Some(CommitKind::Compact);
    world.commit(Commit { kind, add: vec![upgraded], delete: vec![a, b], ..Commit::default() }).await;
    let plan = world.plan(ScanRequest::default()).await;
    assert_eq!(names(&plan), [vec!["a"]]);
    assert_eq!(plan.splits[0].files[0].level, 5);
}

#[tokio::test]
async fn time_travel_finds_its_snapshot_or_says_what_is_kept() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    for (name, watermark) in [("a", None), ("b", Some(50)), ("c", None), ("d", Some(70))] {
        let add = vec![file(&world, name, (1, 5))];
        world.commit(Commit { add, watermark, ..Commit::default() }).await;
    }
    world.expire(1).await;
    for (option, value, expected) in [
        ("scan.snapshot-id", "3", Some(3)),
        ("scan.snapshot-id", "1", None),
        ("scan.snapshot-id", "5", None),
        ("scan.timestamp-millis", "3999", Some(3)),
        ("scan.timestamp-millis", "1999", None),
        ("scan.timestamp", "1970-01-01 00:00:02.5", Some(2)),
        ("scan.watermark", "50", Some(2)),
        ("scan.watermark", "51", Some(4)),
        ("scan.watermark", "71", None),
        ("scan.version", "2", Some(2)),
        ("scan.version", "watermark-60", Some(4)),
        ("scan.version", "nothing", None),
        ("scan.mode", "compacted-full", Some(4)),
    ] {
        let from = ReadFrom::from_options(&Options::from([(option, value)])).unwrap();
        let request = ScanRequest { read_from: from, ..ScanRequest::default() };
        match (world.planner().plan(&request).await, expected) {
            (Ok(plan), expected) => assert_eq!(plan.snapshot_id, expected, "{option} = {value}"),
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{option} = {value}: {error}");
                assert!(error.to_string().contains("kept are 2 to 4"), "{error}");
            }
            (Err(error), Some(_)) => panic!("{option} = {value}: {error}"),
        }
    }
}

#[test]
fn options_that_contradict_each_other_or_are_not_served_are_refused() {
    for (options, kind) in [
        (vec![("scan.snapshot-id", "1"), ("scan.tag-name", "t")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "latest"), ("scan.snapshot-id", "1")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "from-snapshot")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "from-timestamp"), ("scan.snapshot-id", "1")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "sideways")], ErrorKind::InvalidInput),
        (vec![("scan.snapshot-id", "one")], ErrorKind::InvalidInput),
        (vec![("scan.timestamp", "yesterday")], ErrorKind::InvalidInput),
        (vec![("incremental-between", "1")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "incremental")], ErrorKind::InvalidInput),
        (vec![("scan.mode", "latest-delta")], ErrorKind::Unsupported),
        (vec![("scan.file-creation-time-millis", "1")], ErrorKind::Unsupported),
    ] {
        let error = ReadFrom::from_options(&Options::from_iter(options.clone())).unwrap_err();
        assert_eq!(error.kind(), kind, "{options:?}: {error}");
    }
    assert_eq!(ReadFrom::from_options(&Options::new()).unwrap(), ReadFrom::Latest);
}

#[tokio::test]
async fn changes_between_snapshots_leave_out_the_first_and_what_is_no_append() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let a = file(&world, "a", (1, 5));
    world.append(vec![a.clone()]).await;
    world.append(vec![file(&world, "b", (1, 5))]).await;
    let kind = Some(CommitKind::Compact);
    world.commit(Commit { kind, add: vec![at(5, (1, 5), a.clone())], delete: vec![a], ..Commit::default() }).await;
    world.append(vec![file(&world, "c", (2, 3))]).await;
    let between = |ends: &str| ScanRequest {
        read_from: ReadFrom::from_options(&Options::from([("incremental-between", ends)])).unwrap(),
        ..ScanRequest::default()
    };
    let plan = world.plan(between("1,4")).await;
    assert_eq!(names(&plan), [vec!["b", "c"]]);
    assert!(plan.splits[0].is_streaming);
    assert!(world.plan(between("2,2")).await.splits.is_empty());
    assert_eq!(names(&world.plan(between("0,1")).await), [vec!["a"]]);
    for (ends, kind) in [("3,1", ErrorKind::InvalidInput), ("1,5", ErrorKind::NotFound), ("x,2", ErrorKind::NotFound)] {
        let error = world.planner().plan(&between(ends)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{ends}: {error}");
    }
}
