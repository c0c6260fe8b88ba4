//! Writers compact beside writing, and notice what others do.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int32Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use futures::TryStreamExt;
use tidelake_table::{
    Classify, CommitKind, CommitOutcome, CompactMode, ErrorKind, Identifier, Options, Overwrite, PreparedCommit,
    SchemaChange, Table, TableWriter,
};

use crate::lake::{Folder, Model, Random, add, check, files, read, write};

const SMALL_TREES: &[(&str, &str)] = &[("bucket", "2"), ("num-sorted-run.compaction-trigger", "2")];

fn rows(values: &[(i32, i32, &str)]) -> Vec<(i32, i32, Option<String>)> {
    values.iter().map(|(p, k, v)| (*p, *k, Some((*v).to_owned()))).collect()
}

/// What a commit made: snapshots of rows and of compaction, and whether a compaction was dropped.
fn made(outcome: CommitOutcome) -> (bool, bool, bool) {
    match outcome {
        CommitOutcome::Committed { append, compact, compaction_dropped, .. } => {
            (append.is_some(), compact.is_some(), compaction_dropped.is_some())
        }
        other => panic!("{other:?}"),
    }
}

async fn stream_commit(writer: &mut TableWriter, table: &Table, identifier: i64) -> CommitOutcome {
    let prepared = writer.prepare_commit(identifier).await.unwrap();
    table.committer("loader").unwrap().commit(prepared).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_history_of_one_writer_reads_right_after_each_commit_and_stays_compact() {
    for seed in 0..4 {
        let folder = Folder::new().await;
        let large = if seed % 2 == 0 { ("target-file-size", "1 b") } else { ("target-file-size", "128 mb") };
        let options = [("bucket", "2"), ("num-sorted-run.compaction-trigger", "3"), large];
        let table = folder.create(true, &options).await;
        let (mut random, mut model, mut compactions) = (Random(seed), Model::new(), 0);
        let mut writer = table.writer().build().unwrap();
        for commit in 0..25 {
            add(&mut writer, &table, &mut model, &random.rows(commit)).await;
            if random.below(4) == 0 {
                let mode = if random.below(2) == 0 { CompactMode::Auto } else { CompactMode::Full };
                writer.compact(mode).await.unwrap();
            }
            let outcome = match seed < 2 {
                true => writer.commit().await.unwrap(),
                false => stream_commit(&mut writer, &table, commit as i64).await,
            };
            compactions += i32::from(made(outcome).1);
            assert_eq!(read(&table, None).await, model, "seed {seed}, commit {commit}");
            // At most three runs a bucket, each of few files, or as many as one compaction leaves behind.
            assert!(files(&table).await.iter().filter(|(level, _)| *level == 0).count() < 4 * 8);
        }
        assert!(compactions > 3, "{compactions}");
        check(&table).await;
    }
}

#[tokio::test]
async fn a_batch_commit_compacts_where_it_is_worth_it_and_a_write_only_one_never() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1"), ("num-sorted-run.compaction-trigger", "3")]).await;
    let mut model = Model::new();
    let write_only = table.with_options(&Options::from([("write-only", "true")]));
    for commit in 0..5 {
        write(&table, &mut model, &rows(&[(1, commit, "a")])).await;
    }
    assert_eq!(files(&table).await.len(), 5);
    let mut writer = write_only.writer().build().unwrap();
    assert_eq!(writer.compact(CompactMode::Full).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let mut writer = table.writer().build().unwrap();
    add(&mut writer, &table, &mut model, &rows(&[(1, 9, "b")])).await;
    assert_eq!(made(writer.commit().await.unwrap()), (true, true, false));
    assert_eq!(files(&table).await, [(3, 6)]);
    assert_eq!(table.snapshots().load(7).await.unwrap().commit_kind, CommitKind::Compact);
    // Nothing to do, nothing to wait for.
    add(&mut writer, &table, &mut model, &rows(&[(1, 10, "b")])).await;
    assert_eq!(made(writer.commit().await.unwrap()), (true, false, false));
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn full_compactions_come_every_so_many_commits() {
    let folder = Folder::new().await;
    let options = [("bucket", "1"), ("full-compaction.delta-commits", "3"), ("num-levels", "4")];
    let table = folder.create(true, &options).await;
    let mut model = Model::new();
    let mut writer = table.writer().build().unwrap();
    for commit in 1..=7_i64 {
        let partition = (commit % 2) as i32;
        add(&mut writer, &table, &mut model, &rows(&[(partition, commit as i32, "v")])).await;
        assert_eq!(made(stream_commit(&mut writer, &table, commit).await), (true, commit % 3 == 0, false));
    }
    assert_eq!(files(&table).await, [(0, 1), (3, 3), (3, 3)]);
    // A batch is the last commit of a stream.
    add(&mut writer, &table, &mut model, &rows(&[(0, 1, "w")])).await;
    assert_eq!(made(writer.commit().await.unwrap()), (true, true, false));
    assert_eq!(files(&table).await, [(3, 4), (3, 4)]);
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn a_compaction_that_another_compactor_overtook_is_dropped_and_its_files_go() {
    for batch in [true, false] {
        let folder = Folder::new().await;
        let table = folder.create(true, SMALL_TREES).await;
        let mut model = Model::new();
        write(&table, &mut model, &rows(&[(1, 1, "a"), (1, 2, "a")])).await;
        write(&table, &mut model, &rows(&[(1, 1, "b"), (1, 2, "b")])).await;
        let mut writer = table.writer().build().unwrap();
        add(&mut writer, &table, &mut model, &rows(&[(1, 1, "c"), (1, 3, "c")])).await;
        writer.compact(CompactMode::Full).await.unwrap();
        let prepared = writer.prepare_commit(1).await.unwrap();
        assert!(prepared.has_compaction());
        let _ = table.compact().full().run().await.unwrap();
        let outcome = table.committer("loader").unwrap().commit(prepared).await.unwrap();
        assert_eq!(made(outcome), (true, false, true));
        assert_eq!(read(&table, None).await, model);
        let before = folder.stored_files();
        // The writer looks again, takes its useless files away and goes on from what is there.
        add(&mut writer, &table, &mut model, &rows(&[(1, 1, "d"), (1, 2, "d"), (1, 3, "d")])).await;
        assert!(folder.stored_files() < before, "{before}");
        writer.compact(CompactMode::Full).await.unwrap();
        let outcome = match batch {
            true => writer.commit().await.unwrap(),
            false => stream_commit(&mut writer, &table, 2).await,
        };
        assert_eq!(made(outcome), (true, true, false));
        assert_eq!(read(&table, None).await, model);
        check(&table).await;
    }
}

#[tokio::test]
async fn rows_handed_over_and_not_committed_yet_are_not_forgotten() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1"), ("num-sorted-run.compaction-trigger", "2")]).await;
    let mut model = Model::new();
    let mut writer = table.writer().build().unwrap();
    add(&mut writer, &table, &mut model, &rows(&[(1, 1, "old"), (1, 2, "old")])).await;
    let first = writer.prepare_commit(1).await.unwrap();
    // Somebody else changes the bucket meanwhile.
    write(&table, &mut Model::new(), &rows(&[(1, 3, "x")])).await;
    model.insert((1, 3), "x".to_owned());
    add(&mut writer, &table, &mut model, &[(1, 1, None)]).await;
    writer.compact(CompactMode::Full).await.unwrap();
    let second = writer.prepare_commit(2).await.unwrap();
    let committer = table.committer("loader").unwrap();
    let _ = committer.commit(first).await.unwrap();
    let _ = committer.commit(second).await.unwrap();
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn an_abandoned_writer_leaves_only_what_was_handed_over() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[SMALL_TREES, &[("write-buffer-size", "1 kb")]].concat()).await;
    let (mut model, mut random) = (Model::new(), Random(3));
    for commit in 0..4 {
        write(&table, &mut model, &random.rows(commit)).await;
    }
    let before = folder.stored_files();
    let mut writer = table.writer().build().unwrap();
    for commit in 0..20 {
        add(&mut writer, &table, &mut Model::new(), &random.rows(commit)).await;
    }
    assert!(folder.stored_files() > before);
    writer.abandon().await;
    assert_eq!(folder.stored_files(), before);
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn an_overwriting_writer_replaces_what_it_names() {
    let folder = Folder::new().await;
    let table = folder.create(true, SMALL_TREES).await;
    let mut model = Model::new();
    for value in ["a", "b", "c"] {
        write(&table, &mut model, &rows(&[(1, 1, value), (1, 2, value), (2, 1, value)])).await;
    }
    let mut writer = table.writer().overwrite(Overwrite::Dynamic).build().unwrap();
    model.retain(|key, _| key.0 != 1);
    add(&mut writer, &table, &mut model, &rows(&[(1, 7, "new")])).await;
    assert!(made(writer.commit().await.unwrap()).0);
    assert_eq!(read(&table, None).await, model);

    let mut writer = table.writer().overwrite(Overwrite::Whole).build().unwrap();
    model.clear();
    add(&mut writer, &table, &mut model, &rows(&[(1, 7, "x"), (3, 1, "x")])).await;
    add(&mut writer, &table, &mut model, &rows(&[(1, 7, "y")])).await;
    assert!(made(writer.commit().await.unwrap()).0);
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}

#[tokio::test]
async fn an_overwrite_compacts_only_what_it_wrote() {
    let folder = Folder::new().await;
    let options = [("bucket", "1"), ("num-sorted-run.compaction-trigger", "2"), ("write-buffer-size", "1 b")];
    let table = folder.create(true, &options).await;
    let mut model = Model::new();
    write(&table, &mut model, &rows(&[(1, 1, "old"), (1, 2, "old")])).await;
    let mut writer = table.writer().overwrite(Overwrite::Whole).build().unwrap();
    model.clear();
    for value in ["a", "b", "c", "d"] {
        add(&mut writer, &table, &mut model, &rows(&[(1, 1, value)])).await;
    }
    let outcome = writer.commit().await.unwrap();
    assert_eq!(made(outcome), (true, true, false));
    assert_eq!(read(&table, None).await, model);
    assert_eq!(files(&table).await.len(), 1);
    check(&table).await;
}

#[tokio::test]
async fn batches_are_identified_as_java_does() {
    let folder = Folder::new().await;
    let table = folder.create(true, SMALL_TREES).await;
    let mut writer = table.writer().build().unwrap();
    add(&mut writer, &table, &mut Model::new(), &rows(&[(1, 1, "a")])).await;
    assert_eq!(writer.prepare_commit(PreparedCommit::BATCH).await.unwrap().identifier, i64::MAX);
    assert_eq!(writer.prepare_commit(7).await.unwrap().messages.len(), 0);
}

#[tokio::test]
async fn append_buckets_compact_neighbours_and_keep_the_order_of_rows() {
    let folder = Folder::new().await;
    let table = folder.create(false, &[("bucket", "1"), ("bucket-key", "k"), ("compaction.min.file-num", "3")]).await;
    let mut model = Model::new();
    let mut writer = table.writer().build().unwrap();
    for commit in 0..12 {
        add(&mut writer, &table, &mut model, &rows(&[(1, commit, "v")])).await;
        let _ = writer.commit().await.unwrap();
        let batches: Vec<_> = table.scan().read().await.unwrap().try_collect().await.unwrap();
        let keys: Vec<i32> =
            batches.iter().flat_map(|batch| batch.column(1).as_primitive::<Int32Type>().values().to_vec()).collect();
        assert_eq!(keys, (0..=commit).collect::<Vec<_>>());
        assert!(files(&table).await.len() < 3);
    }
    check(&table).await;
}

#[tokio::test]
async fn a_writer_goes_on_with_its_schema_and_compacts_no_bucket_of_a_newer_one() {
    let folder = Folder::new().await;
    let table = folder.create(true, &[("bucket", "1"), ("num-sorted-run.compaction-trigger", "2")]).await;
    let mut model = Model::new();
    let mut old = table.writer().build().unwrap();
    add(&mut old, &table, &mut model, &rows(&[(1, 1, "a")])).await;
    let _ = old.commit().await.unwrap();
    let change: SchemaChange = "add extra INT".parse().unwrap();
    folder.catalog.alter_table(&Identifier::parse("db.t").unwrap(), &[change]).await.unwrap();
    let newer = folder.open().await;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1])),
        Arc::new(Int32Array::from(vec![2])),
        Arc::new(StringArray::from(vec!["b"])),
        Arc::new(Int32Array::from(vec![7])),
    ];
    let mut writer = newer.with_options(&Options::from([("write-only", "true")])).writer().build().unwrap();
    writer.write(RecordBatch::try_new(newer.arrow_schema().unwrap(), columns).unwrap()).await.unwrap();
    let _ = writer.commit().await.unwrap();
    model.insert((1, 2), "b".to_owned());
    for commit in 0..4 {
        add(&mut old, &table, &mut model, &rows(&[(1, 3 + commit, "c")])).await;
        assert_eq!(made(old.commit().await.unwrap()), (true, false, false));
    }
    assert_eq!(old.compact(CompactMode::Full).await.unwrap_err().kind(), ErrorKind::Conflict);
    let schemas = |table: Table| async move {
        let batch = table.system("files").await.unwrap();
        let mut ids = batch.column_by_name("schema_id").unwrap().as_primitive::<Int64Type>().values().to_vec();
        ids.sort_unstable();
        ids
    };
    assert_eq!(schemas(newer.clone()).await, [0, 0, 0, 0, 0, 1]);
    let mut writer = newer.writer().build().unwrap();
    writer.compact(CompactMode::Full).await.unwrap();
    let _ = writer.commit().await.unwrap();
    assert_eq!(schemas(newer.clone()).await, [1]);
    assert_eq!(read(&newer, None).await, model);
    let batches: Vec<_> = newer.scan().read().await.unwrap().try_collect().await.unwrap();
    let extras = batches
        .iter()
        .flat_map(|batch| batch.column(3).as_primitive::<Int32Type>().iter().flatten().collect::<Vec<_>>());
    assert_eq!(extras.collect::<Vec<_>>(), [7]);
    check(&newer).await;
}

#[tokio::test]
async fn the_changelog_of_full_compactions_comes_with_every_commit_unless_it_is_told_otherwise() {
    for every in [1_i64, 2] {
        let folder = Folder::new().await;
        let every_text = every.to_string();
        let delta_commits = [("full-compaction.delta-commits", every_text.as_str())];
        let options = [("bucket", "1"), ("changelog-producer", "full-compaction")];
        let options = if every == 1 { options.to_vec() } else { [&options[..], &delta_commits].concat() };
        let table = folder.create(true, &options).await;
        let mut model = Model::new();
        let mut writer = table.writer().build().unwrap();
        for commit in 1..=4_i64 {
            add(&mut writer, &table, &mut model, &rows(&[(1, 1, &format!("v{commit}")), (1, 10, "same")])).await;
            let is_due = commit % every == 0;
            assert_eq!(made(stream_commit(&mut writer, &table, commit).await), (true, is_due, false));
            let latest = table.snapshots().latest().await.unwrap().unwrap();
            assert_eq!(latest.changelog_manifest_list.is_some(), is_due);
        }
        assert_eq!(read(&table, None).await, model);
        check(&table).await;
    }
}
