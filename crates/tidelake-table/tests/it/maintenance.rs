//! Taking rows away, keeping snapshots, letting them go.

use tidelake_table::{
    Classify, CommitKind, CommitOutcome, ErrorKind, ExpireOutcome, PartitionSpec, PreparedCommit, ReadFrom,
};

use crate::lake::{Folder, Model, Random, check, read, write};

fn partition(value: &str) -> PartitionSpec {
    [("p".to_owned(), value.to_owned())].into()
}

#[tokio::test]
async fn partitions_are_dropped_and_tables_truncated_and_older_snapshots_keep_their_rows() {
    for keyed in [true, false] {
        let folder = Folder::new().await;
        let table = folder.create(keyed, if keyed { &[("bucket", "2")] } else { &[] }).await;
        let mut model = Model::new();
        let rows = |p| (0..20).map(move |k| (p, k, Some(format!("v{k}"))));
        write(&table, &mut model, &rows(1).chain(rows(2)).chain(rows(3)).collect::<Vec<_>>()).await;
        let before = model.clone();

        for wrong in [vec![], vec![PartitionSpec::new()], vec![partition("x")], vec![[("k".into(), "1".into())].into()]]
        {
            let error = table.drop_partitions(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        let dropped = table.drop_partitions(vec![partition("1"), partition("3"), partition("9")]).await.unwrap();
        assert!(matches!(dropped, CommitOutcome::Committed { append: Some(2), compact: None, .. }), "{dropped:?}");
        model.retain(|(p, _), _| *p == 2);
        assert_eq!(read(&table, None).await, model);

        write(&table, &mut model, &rows(3).collect::<Vec<_>>()).await;
        assert_eq!(read(&table, None).await, model);
        let _ = table.truncate().await.unwrap();
        assert_eq!(read(&table, None).await, Model::new());
        assert_eq!(read(&table, Some(1)).await, before);
        let snapshot = table.snapshots().latest().await.unwrap().unwrap();
        assert_eq!((snapshot.commit_kind, snapshot.total_record_count), (CommitKind::Overwrite, Some(0)));
        check(&table).await;

        let expired = table.expire().retain_max(1).run().await.unwrap();
        assert_eq!((expired.snapshots, expired.earliest), (3, Some(4)));
        assert_eq!(folder.stored_files(), 0);
        assert_eq!(read(&table, None).await, Model::new());
        check(&table).await;
    }
}

#[tokio::test]
async fn snapshots_expire_after_commits_as_the_options_say_and_tags_stay_readable() {
    let folder = Folder::new().await;
    let options = [
        ("bucket", "2"),
        ("snapshot.num-retained.min", "2"),
        ("snapshot.num-retained.max", "3"),
        ("num-sorted-run.compaction-trigger", "3"),
    ];
    let table = folder.create(true, &options).await;
    let (mut model, mut random) = (Model::new(), Random(3));
    let mut tagged = Model::new();
    for commit in 0..12 {
        write(&table, &mut model, &random.rows(commit)).await;
        if commit % 3 == 2 {
            let _ = table.compact().run().await.unwrap();
        }
        if commit == 4 {
            let tag = table.create_tag("five", None).await.unwrap();
            assert_eq!(tag.snapshot.id, table.snapshots().latest_id().await.unwrap().unwrap());
            tagged = model.clone();
        }
        let ids = table.snapshots().list_ids().await.unwrap();
        assert!(ids.len() <= 3, "{ids:?}");
        assert_eq!(read(&table, None).await, model);
        check(&table).await;
    }
    let from_tag = || table.scan().from(ReadFrom::Tag("five".into()));
    let plan = from_tag().plan().await.unwrap();
    assert!(plan.snapshot_id() < table.snapshots().earliest_id().await.unwrap());
    let rows: Vec<_> = {
        use futures::TryStreamExt;
        from_tag().read().await.unwrap().try_collect().await.unwrap()
    };
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), tagged.len());

    for (name, snapshot, kind) in [
        ("five", None, ErrorKind::InvalidInput),
        ("12", None, ErrorKind::InvalidInput),
        ("", None, ErrorKind::InvalidInput),
        ("old", Some(1), ErrorKind::NotFound),
    ] {
        assert_eq!(table.create_tag(name, snapshot).await.unwrap_err().kind(), kind, "{name}");
    }
    let before = folder.stored_files();
    let deleted = table.delete_tag("five").await.unwrap();
    assert!(deleted.data_files > 0 && before - folder.stored_files() == deleted.data_files as usize, "{deleted:?}");
    assert_eq!(table.delete_tag("five").await.unwrap_err().kind(), ErrorKind::NotFound);
    check(&table).await;
    assert_eq!(read(&table, None).await, model);
}

#[tokio::test]
async fn write_only_tables_keep_their_snapshots_and_an_expiry_that_fails_fails_no_commit() {
    let folder = Folder::new().await;
    let options = [("bucket", "1"), ("snapshot.num-retained.min", "1"), ("snapshot.num-retained.max", "1")];
    let table = folder.create(true, &[&options[..], &[("write-only", "true")]].concat()).await;
    let mut model = Model::new();
    for commit in 0..4 {
        write(&table, &mut model, &[(1, commit, Some("v".to_owned()))]).await;
    }
    assert_eq!(table.snapshots().list_ids().await.unwrap(), [1, 2, 3, 4]);
    let dry = table.expire().dry_run().run().await.unwrap();
    assert_eq!((dry.snapshots, dry.data_files, dry.left_behind), (3, 0, 0));
    assert_eq!(table.snapshots().list_ids().await.unwrap(), [1, 2, 3, 4]);
    let kept = table.expire().retain_min(4).retain_max(4).run().await.unwrap();
    assert_eq!(kept, ExpireOutcome::default());
    // One that the builder is told of wins over the options.
    let kept = table.expire().older_than_ms(0).retain_max(3).run().await.unwrap();
    assert_eq!((kept.snapshots, kept.earliest), (1, Some(2)));

    let expiring = table.with_options(&[("write-only", "false")].into());
    let branch = table.location().join("branch/branch-b/schema/schema-0").unwrap();
    table.file_io().overwrite(&branch, "{}".into()).await.unwrap();
    let prepared = PreparedCommit { identifier: 1, ..PreparedCommit::default() };
    let outcome = expiring.committer("u").unwrap().commit(prepared.clone()).await.unwrap();
    let CommitOutcome::Committed { append: Some(5), listener_failures, .. } = outcome else { panic!("{outcome:?}") };
    assert!(matches!(&listener_failures[..], [one] if one.contains("branches")), "{listener_failures:?}");
    assert_eq!(table.snapshots().list_ids().await.unwrap(), [2, 3, 4, 5]);
    table.file_io().delete(&branch).await.unwrap();
    table.file_io().delete_prefix(&table.location().join("branch").unwrap()).await.unwrap();
    let next = PreparedCommit { identifier: 2, ..prepared };
    let outcome = expiring.committer("u").unwrap().commit(next).await.unwrap();
    assert!(matches!(&outcome, CommitOutcome::Committed { listener_failures, .. } if listener_failures.is_empty()));
    assert_eq!(table.snapshots().list_ids().await.unwrap(), [6]);
    assert_eq!(read(&table, None).await, model);
    check(&table).await;
}
