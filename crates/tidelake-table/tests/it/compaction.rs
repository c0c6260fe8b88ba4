//! Compaction changes which files hold the rows, and never the rows, whoever else is at work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tidelake_table::{CommitKind, CompactionOutcome, PartitionSpec, Table};

use crate::lake::{Folder, Model, Random, check, files, read, write};

/// With `target-file-size` of one byte no file is small: they change their level as they are wherever that will do.
const LARGE_FILES: (&str, &str) = ("target-file-size", "1 b");

fn committed(outcome: &CompactionOutcome) -> Option<i64> {
    match outcome {
        CompactionOutcome::Committed { snapshot, .. } => Some(*snapshot),
        _ => None,
    }
}

async fn filled(folder: &Folder, commits: usize, options: &[(&str, &str)]) -> (Table, Model) {
    let table = folder.create(true, &[&[("bucket", "2")], options].concat()).await;
    let (mut model, mut random) = (Model::new(), Random(7));
    for commit in 0..commits {
        write(&table, &mut model, &random.rows(commit)).await;
    }
    (table, model)
}

#[tokio::test]
async fn any_history_reads_the_same_before_and_after_and_at_every_snapshot() {
    for seed in 0..6 {
        let folder = Folder::new().await;
        let large = if seed % 2 == 0 { LARGE_FILES } else { ("target-file-size", "128 mb") };
        let options = [("bucket", "2"), ("num-sorted-run.compaction-trigger", "3"), large];
        let table = folder.create(true, &options).await;
        let (mut random, mut model, mut history) = (Random(seed), Model::new(), Vec::new());
        for commit in 0..18 {
            write(&table, &mut model, &random.rows(commit)).await;
            history.push(model.clone());
            if random.below(3) > 0 {
                continue;
            }
            let full = random.below(3) == 0;
            let compaction = if full { table.compact().full() } else { table.compact() };
            if let Some(snapshot) = committed(&compaction.run().await.unwrap()) {
                history.push(model.clone());
                assert_eq!(snapshot, history.len() as i64);
                let snapshot = table.snapshots().load(snapshot).await.unwrap();
                assert_eq!(snapshot.commit_kind, CommitKind::Compact);
            }
            assert_eq!(read(&table, None).await, model, "seed {seed}, commit {commit}");
            if full {
                let files = files(&table).await;
                assert!(files.iter().all(|(level, _)| *level == 3), "{files:?}");
                assert_eq!(files.iter().map(|(_, rows)| *rows).sum::<i64>(), model.len() as i64);
                assert_eq!(table.compact().full().run().await.unwrap(), CompactionOutcome::Nothing);
            }
        }
        for (id, rows) in (1..).zip(&history) {
            assert_eq!(read(&table, Some(id)).await, *rows, "seed {seed}, snapshot {id}");
        }
        check(&table).await;
    }
}

#[tokio::test]
async fn nothing_worth_it_makes_no_snapshot() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1")]).await;
    assert_eq!(table.compact().full().run().await.unwrap(), CompactionOutcome::Nothing);
    write(&table, &mut Model::new(), &[(1, 1, Some("a".to_owned()))]).await;
    assert_eq!(table.compact().run().await.unwrap(), CompactionOutcome::Nothing);
    assert_eq!(table.snapshots().latest_id().await.unwrap(), Some(1));
    assert_eq!(files(&table).await, [(0, 1)]);
}

#[tokio::test]
async fn rows_that_come_between_plan_and_commit_stay_newer_than_the_compacted_ones() {
    for options in [&[LARGE_FILES][..], &[]] {
        let folder = Folder::new().await;
        let (table, mut model) = filled(&folder, 6, options).await;
        let mut compaction = table.compact().full().prepare().await.unwrap();
        let changes = [(0, 1, None), (1, 2, Some("late".to_owned())), (1, 99, Some("new".to_owned()))];
        write(&table, &mut model, &changes).await;
        assert_eq!(committed(&compaction.commit().await.unwrap()), Some(8));
        assert_eq!(read(&table, None).await, model);
        // What goes on from here knows of both.
        assert_eq!(committed(&table.compact().full().run().await.unwrap()), Some(9));
        assert_eq!(read(&table, None).await, model);
        check(&table).await;
    }
}

#[tokio::test]
async fn of_two_compactions_of_the_same_files_one_is_dropped_and_leaves_nothing() {
    for options in [&[LARGE_FILES][..], &[]] {
        let folder = Folder::new().await;
        let (table, model) = filled(&folder, 6, options).await;
        let mut first = table.compact().full().prepare().await.unwrap();
        let before = folder.stored_files();
        let mut second = table.compact().full().prepare().await.unwrap();
        assert_eq!(committed(&first.commit().await.unwrap()), Some(7));
        let dropped = second.commit().await.unwrap();
        assert!(matches!(dropped, CompactionOutcome::Dropped { .. }), "{dropped:?}");
        assert_eq!(folder.stored_files(), before);
        assert_eq!(second.commit().await.unwrap(), CompactionOutcome::Nothing);
        assert_eq!(read(&table, None).await, model);
        assert_eq!(read(&table, Some(6)).await, model);
        check(&table).await;
    }
}

/// One file that only moves to another level: the loser's file is the winner's.
#[tokio::test]
async fn a_dropped_compaction_deletes_no_file_that_was_there_before() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1"), LARGE_FILES]).await;
    let mut model = Model::new();
    write(&table, &mut model, &[(1, 1, Some("a".to_owned())), (1, 2, Some("b".to_owned()))]).await;
    let mut first = table.compact().full().prepare().await.unwrap();
    let mut second = table.compact().full().prepare().await.unwrap();
    let third = table.compact().full().prepare().await.unwrap();
    assert_eq!(folder.stored_files(), 1);
    assert_eq!(committed(&first.commit().await.unwrap()), Some(2));
    assert!(matches!(second.commit().await.unwrap(), CompactionOutcome::Dropped { .. }));
    third.abandon().await;
    assert_eq!((folder.stored_files(), read(&table, None).await), (1, model));
    check(&table).await;
}

#[tokio::test]
async fn an_abandoned_compaction_leaves_nothing() {
    let folder = Folder::new().await;
    let (table, model) = filled(&folder, 4, &[]).await;
    let before = folder.stored_files();
    let compaction = table.compact().full().prepare().await.unwrap();
    assert!(folder.stored_files() > before);
    compaction.abandon().await;
    assert_eq!(folder.stored_files(), before);
    assert_eq!(read(&table, None).await, model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_compactors_side_by_side_lose_no_row() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "2"), ("num-sorted-run.compaction-trigger", "2")]).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let compactor = |full: bool| {
        let (table, is_over) = (table.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut done = 0;
            loop {
                let is_last = is_over.load(Ordering::Acquire);
                let compaction = if full { table.compact().full() } else { table.compact() };
                done += u32::from(committed(&compaction.run().await.unwrap()).is_some());
                if is_last {
                    return done;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let (one, two) = (compactor(true), compactor(false));
    let (mut model, mut random) = (Model::new(), Random(11));
    for commit in 0..25 {
        write(&table, &mut model, &random.rows(commit)).await;
    }
    is_over.store(true, Ordering::Release);
    assert!(one.await.unwrap() + two.await.unwrap() > 0);
    assert_eq!(read(&table, None).await, model);
    let _ = table.compact().full().run().await.unwrap();
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn small_files_of_append_tables_become_one_by_partition() {
    for buckets in [&[("bucket", "-1")][..], &[("bucket", "1"), ("bucket-key", "k")]] {
        let folder = Folder::new().await;
        let table = folder.create(false, buckets).await;
        let mut model = Model::new();
        for commit in 0..6 {
            let partitions = if commit < 3 { 0..2 } else { 1..2 };
            let rows: Vec<_> = partitions.map(|p| (p, commit, Some(format!("v{commit}")))).collect();
            write(&table, &mut model, &rows).await;
        }
        // Three files of the one partition are too few, six of the other are not.
        let outcome = table.compact().run().await.unwrap();
        assert_eq!(committed(&outcome), Some(7));
        assert!(matches!(outcome, CompactionOutcome::Committed { buckets: 1, made: 1, .. }), "{outcome:?}");
        assert_eq!(read(&table, None).await, model);
        let other = PartitionSpec::from([("p".to_owned(), "1".to_owned())]);
        assert_eq!(table.compact().full().partitions(vec![other]).run().await.unwrap(), CompactionOutcome::Nothing);
        let one = PartitionSpec::from([("p".to_owned(), "0".to_owned())]);
        assert_eq!(committed(&table.compact().full().partitions(vec![one]).run().await.unwrap()), Some(8));
        assert_eq!(read(&table, None).await, model);
        assert_eq!(files(&table).await.iter().filter(|file| file.1 == 3).count(), 1);
        check(&table).await;
    }
}
