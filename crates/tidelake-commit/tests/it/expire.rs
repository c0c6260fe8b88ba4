//! Expiry and tags: whatever is cut short or runs beside, no file goes that a snapshot or a tag needs.

use std::{collections::BTreeSet, sync::Arc};

use futures::FutureExt;
use tidelake_commit::{
    CommitOutcome, Committer, ExpireOutcome, Overwrite, PreparedCommit, Retention, SnapshotExpiry, delete_tag,
};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FilePath};
use tidelake_meta::{CommitMessage, Consumer, DataFileMeta, Snapshot, TagStore, live_entries};
use tidelake_testing::{
    CrashImage, ErrShape, Fault, FaultIO, FaultPlan, Match, Moment, Operation, PathClass, Process, Sim, SimIO,
    crash_points, data_file,
};

use crate::{
    overwrite::spec,
    world::{World, compaction, layout, leveled, rows},
};

fn retain(snapshots: i64) -> Retention {
    Retention { min: snapshots, max: snapshots, older_than_ms: 0, limit: i64::MAX }
}

async fn expire(world: &World, retention: Retention) -> ExpireOutcome {
    SnapshotExpiry::new(world.table(), retention).run().await.unwrap()
}

fn tags(world: &World) -> TagStore {
    TagStore::new(Arc::clone(&world.io), layout())
}

async fn tag(world: &World, name: &str, id: i64) -> Result<(), String> {
    let snapshot = world.snapshots().load(id).await.map_err(|error| error.to_string())?;
    tags(world).create(name, &snapshot).await.map_err(|error| error.to_string())
}

fn data_path(day: i32, bucket: i32, name: &str) -> FilePath {
    layout().root().join(&format!("day={day}/bucket-{bucket}/{name}")).unwrap()
}

/// Everything that is named by what is kept: the table's snapshots (not what lies below a hole) and its tags.
async fn named(world: &World) -> BTreeSet<FilePath> {
    let snapshots = world.snapshots();
    let mut kept: Vec<Snapshot> = Vec::new();
    let (earliest, latest) = (snapshots.earliest_id().await.unwrap(), snapshots.latest_id().await.unwrap());
    for id in earliest.unwrap_or(1)..=latest.unwrap_or(0) {
        kept.push(snapshots.load(id).await.unwrap());
    }
    // A tag is a version of the table, without the changelog that led to it.
    let tags = tags(world).list().await.unwrap().into_iter();
    kept.extend(tags.map(|tag| Snapshot { changelog_manifest_list: None, ..tag.snapshot }));
    let mut named = BTreeSet::new();
    for snapshot in kept {
        let lists = [
            Some(&snapshot.base_manifest_list),
            Some(&snapshot.delta_manifest_list),
            snapshot.changelog_manifest_list.as_ref(),
        ];
        for list in lists.into_iter().flatten() {
            named.insert(layout().manifest(list).unwrap());
            for manifest in world.manifests().read_list(list, None).await.unwrap().iter() {
                named.insert(layout().manifest(&manifest.file_name).unwrap());
            }
        }
        let mut files = live_entries(world.all_entries(&snapshot).await);
        if let Some(list) = &snapshot.changelog_manifest_list {
            files.extend(world.entries(list, None).await);
        }
        for entry in files {
            let day = [1, 2, 3].into_iter().find(|day| *crate::world::day(*day).as_row() == entry.partition).unwrap();
            named.insert(data_path(day, entry.bucket, &entry.file.file_name));
        }
    }
    named
}

fn stored(disk: &SimIO) -> BTreeSet<FilePath> {
    let counts = |path: &FilePath| {
        let text = path.to_string();
        text.contains("/manifest/") || text.contains("/day=")
    };
    disk.paths().into_iter().filter(counts).collect()
}

/// Nothing that is needed is missing.
async fn check_whole(world: &World, disk: &SimIO) {
    let (named, stored) = (named(world).await, stored(disk));
    let missing: Vec<_> = named.difference(&stored).map(FilePath::to_string).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

/// And nothing is there that is not needed.
async fn check_exact(world: &World, disk: &SimIO) {
    check_whole(world, disk).await;
    let (named, stored) = (named(world).await, stored(disk));
    let left: Vec<_> = stored.difference(&named).map(FilePath::to_string).collect();
    assert!(left.is_empty(), "left over: {left:?}");
}

/// Commits with files that are there.
struct Writer {
    committer: Committer,
    disk: SimIO,
    next: i64,
}

impl Writer {
    fn new(world: &World, disk: &SimIO, sim: &Sim) -> Self {
        Self { committer: world.committer("writer", &sim.runtime("writer")), disk: disk.clone(), next: 1 }
    }

    async fn commit(&mut self, overwrite: Option<Overwrite>, messages: Vec<CommitMessage>) -> i64 {
        for message in &messages {
            let day = [1, 2, 3].into_iter().find(|day| crate::world::day(*day) == message.partition).unwrap();
            let increment = &message.increment;
            let changes = [&increment.append, &increment.compact];
            for file in changes.into_iter().flat_map(|changes| changes.added.iter().chain(&changes.changelog)) {
                self.disk.put(&data_path(day, message.bucket, &file.file_name), vec![0; 1000]);
            }
        }
        let prepared = PreparedCommit { identifier: self.next, messages, overwrite, ..PreparedCommit::default() };
        self.next += 1;
        match self.committer.commit(prepared).await.unwrap() {
            CommitOutcome::Committed { append, compact, compaction_dropped: None, .. } => compact.or(append).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// A new file in bucket 0 of a day.
    async fn append(&mut self, day: i32, name: &str) -> i64 {
        self.commit(None, vec![rows(day, 0, [data_file(name, 3)])]).await
    }
}

fn in_a_world(options: &[(&str, &str)], test: impl AsyncFn(World, SimIO, Writer)) {
    let sim = Sim::new(5);
    let disk = SimIO::local();
    sim.clone().run(async {
        let world = World::create(Arc::new(disk.clone()), options).await;
        let writer = Writer::new(&world, &disk, &sim);
        test(world, disk.clone(), writer).await;
    });
}

/// Snapshots 1 to 7: a, b, then both compacted to c, which moves up a level, more, and all of day 1 replaced.
async fn history(writer: &mut Writer) {
    writer.append(1, "a").await;
    writer.append(1, "b").await;
    let low = leveled("c", 1, 0, 9);
    writer
        .commit(None, vec![compaction(1, 0, &[data_file("a", 3), data_file("b", 3)], std::slice::from_ref(&low))])
        .await;
    writer.commit(None, vec![compaction(1, 0, &[low], &[leveled("c", 5, 0, 9)])]).await;
    writer.append(2, "d").await;
    writer.commit(Some(Overwrite::Matching(vec![spec(1)])), vec![rows(1, 0, [data_file("e", 3)])]).await;
    writer.append(1, "f").await;
}

const NO_EMPTY: &[(&str, &str)] = &[("snapshot.ignore-empty-commit", "true")];

#[test]
fn what_only_expired_snapshots_needed_goes() {
    in_a_world(NO_EMPTY, async |world, disk, mut writer| {
        history(&mut writer).await;
        assert_eq!(world.snapshots().list_ids().await.unwrap(), [1, 2, 3, 4, 5, 6, 7]);
        let dry = SnapshotExpiry::new(world.table(), retain(4)).dry_run().run().await.unwrap();
        assert_eq!(world.snapshots().list_ids().await.unwrap().len(), 7);
        let outcome = expire(&world, retain(4)).await;
        assert_eq!(outcome, dry);
        assert_eq!((outcome.snapshots, outcome.earliest, outcome.data_files), (3, Some(4), 2), "{outcome:?}");
        assert!(outcome.manifests >= 4 && outcome.bytes > 2000, "{outcome:?}");
        assert_eq!(world.snapshots().earliest_hint().await.unwrap(), Some(4));
        check_exact(&world, &disk).await;
        assert!(stored(&disk).contains(&data_path(1, 0, "c")), "a file that moved up a level is still there");
        assert_eq!(expire(&world, retain(4)).await, ExpireOutcome::default());
        let outcome = expire(&world, retain(1)).await;
        assert_eq!((outcome.snapshots, outcome.data_files), (3, 1), "{outcome:?}");
        check_exact(&world, &disk).await;
        assert_eq!(world.files().await, ["d", "e", "f"]);
    });
}

#[test]
fn snapshots_stay_for_their_number_their_age_consumers_and_the_limit() {
    in_a_world(NO_EMPTY, async |world, disk, mut writer| {
        history(&mut writer).await;
        let snapshots = world.snapshots();
        let kept = async |retention: Retention| {
            let world = World { io: Arc::new(disk.fork()), ..world.clone() };
            let _ = expire(&world, retention).await;
            world.snapshots().list_ids().await.unwrap().first().copied().unwrap()
        };
        let all = Retention { min: 1, max: i64::MAX, older_than_ms: i64::MAX, limit: i64::MAX };
        assert_eq!(kept(all).await, 7);
        assert_eq!(kept(Retention { min: 3, ..all }).await, 5);
        assert_eq!(kept(Retention { limit: 2, ..all }).await, 3);
        // One goes when its successor is older.
        let time = async |id| snapshots.load(id).await.unwrap().time_ms;
        assert_eq!(kept(Retention { older_than_ms: time(4).await, ..all }).await, 3);
        assert_eq!(kept(Retention { older_than_ms: time(4).await + 1, ..all }).await, 4);
        assert_eq!(kept(Retention { older_than_ms: 0, max: 2, ..all }).await, 6);
        assert_eq!(kept(Retention { older_than_ms: 0, ..all }).await, 1);
        let consumer = Consumer { id: "c".into(), next_snapshot: 4 };
        disk.put(&layout().consumer("c").unwrap(), consumer.to_json());
        assert_eq!(kept(all).await, 4);
        assert_eq!(kept(Retention { max: 1, ..all }).await, 4);
        for wrong in [Retention { min: 0, ..all }, Retention { min: 3, max: 2, ..all }, Retention { limit: 0, ..all }] {
            let error = SnapshotExpiry::new(world.table(), wrong).run().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
    });
}

#[test]
fn tags_keep_their_files_and_give_them_up() {
    in_a_world(NO_EMPTY, async |world, disk, mut writer| {
        history(&mut writer).await;
        tag(&world, "one", 1).await.unwrap();
        tag(&world, "four", 4).await.unwrap();
        tag(&world, "five", 5).await.unwrap();
        let _ = expire(&world, retain(1)).await;
        check_exact(&world, &disk).await;
        let there = |name| stored(&disk).contains(&data_path(1, 0, name));
        assert_eq!(["a", "b", "c"].map(there), [true, false, true]);
        let outcome = delete_tag(&world.table(), "four").await.unwrap();
        assert_eq!(outcome.data_files, 0, "the next tag has the same files");
        check_exact(&world, &disk).await;
        assert_eq!(delete_tag(&world.table(), "five").await.unwrap().data_files, 1);
        check_exact(&world, &disk).await;
        assert_eq!(["a", "b", "c"].map(there), [true, false, false]);
        assert_eq!(delete_tag(&world.table(), "one").await.unwrap().data_files, 1);
        check_exact(&world, &disk).await;
        assert_eq!(delete_tag(&world.table(), "one").await.unwrap_err().kind(), ErrorKind::NotFound);
        // Of a snapshot that is there nothing is deleted.
        tag(&world, "seven", 7).await.unwrap();
        assert_eq!(delete_tag(&world.table(), "seven").await.unwrap(), ExpireOutcome::default());
        check_exact(&world, &disk).await;
        let error = tag(&world, "late", 3).await.unwrap_err();
        assert!(error.contains("there is no snapshot 3"), "{error}");
    });
}

#[test]
fn changelogs_go_with_their_snapshots_unless_they_are_to_stay_longer() {
    in_a_world(NO_EMPTY, async |world, disk, mut writer| {
        for number in 0..4 {
            let mut message = rows(1, 0, [data_file(format!("f{number}"), 3)]);
            message.increment.append.changelog.push(data_file(format!("changes{number}"), 3));
            writer.commit(None, vec![message]).await;
        }
        for option in [("changelog.num-retained.max", "100"), ("changelog.time-retained", "2 d")] {
            let options = [("snapshot.num-retained.max", "10"), option];
            let world = World { schema: Arc::new(crate::world::schema(&options)), ..world.clone() };
            let error = SnapshotExpiry::new(world.table(), retain(1)).run().await.unwrap_err();
            assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains(option.0), "{error}");
        }
        let outcome = expire(&world, retain(2)).await;
        assert_eq!(outcome.data_files, 2);
        check_exact(&world, &disk).await;
        disk.put(&layout().changelog_dir().unwrap().child("changelog-1").unwrap(), "{}");
        let error = SnapshotExpiry::new(world.table(), retain(1)).run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        disk.remove(&layout().changelog_dir().unwrap().child("changelog-1").unwrap());
        disk.put(&layout().root().join("branch/branch-b/schema/schema-0").unwrap(), "{}");
        let error = SnapshotExpiry::new(world.table(), retain(1)).run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        check_exact(&world, &disk).await;
    });
}

#[test]
fn what_was_published_far_too_late_goes_without_the_files_it_names() {
    in_a_world(NO_EMPTY, async |world, disk, mut writer| {
        history(&mut writer).await;
        let zombie = world.snapshots().read_bytes(2).await.unwrap().unwrap();
        let _ = expire(&world, retain(3)).await;
        // It names the files of a snapshot that is kept.
        let kept = world.snapshots().load(6).await.unwrap();
        let mut late = Snapshot::from_json(&zombie, "zombie").unwrap();
        (late.base_manifest_list, late.delta_manifest_list) = (kept.base_manifest_list, kept.delta_manifest_list);
        disk.put(&layout().snapshot(2).unwrap(), late.to_json());
        let _ = expire(&world, retain(2)).await;
        assert_eq!(world.snapshots().list_ids().await.unwrap(), [6, 7]);
        check_exact(&world, &disk).await;
    });
}

#[test]
fn any_history_of_commits_tags_and_expiries_leaves_exactly_what_is_needed() {
    for seed in 0..30 {
        let sim = Sim::new(seed);
        let disk = SimIO::local();
        let mut random = sim.random("history");
        let merge = if seed % 2 == 0 { "3" } else { "30" };
        let options = [NO_EMPTY, &[("manifest.merge-min-count", merge)]].concat();
        sim.run(async {
            let world = World::create(Arc::new(disk.clone()), &options).await;
            let mut writer = Writer::new(&world, &disk, &sim);
            // Of bucket 0 of each day, what is alive.
            let mut alive: [Vec<DataFileMeta>; 3] = Default::default();
            let (mut names, mut made) = (Vec::<String>::new(), 0);
            for step in 0..40 {
                let at = random.below(3) as usize;
                let day = at as i32 + 1;
                made += 1;
                match random.below(10) {
                    0..3 => {
                        let file = leveled(&format!("f{made}"), 0, 0, 9);
                        alive[at].push(file.clone());
                        let mut message = rows(day, 0, [file]);
                        if random.below(3) == 0 {
                            message.increment.append.changelog.push(data_file(format!("log{made}"), 3));
                        }
                        writer.commit(None, vec![message]).await;
                    }
                    3 if !alive[at].is_empty() => {
                        let merged = leveled(&format!("m{made}"), 4, 0, 9);
                        let removed = std::mem::replace(&mut alive[at], vec![merged.clone()]);
                        let removed: Vec<_> = removed.into_iter().collect();
                        writer.commit(None, vec![compaction(day, 0, &removed, &[merged])]).await;
                    }
                    4 if alive[at].len() == 1 && alive[at][0].level < 5 => {
                        let up = DataFileMeta { level: alive[at][0].level + 1, ..alive[at][0].clone() };
                        let removed = std::mem::replace(&mut alive[at], vec![up.clone()]);
                        writer.commit(None, vec![compaction(day, 0, &removed, &[up])]).await;
                    }
                    5 => {
                        let file = leveled(&format!("o{made}"), 0, 0, 9);
                        alive[at] = vec![file.clone()];
                        writer.commit(Some(Overwrite::Dynamic), vec![rows(day, 0, [file])]).await;
                    }
                    6 if random.below(3) == 0 => {
                        alive = Default::default();
                        writer.commit(Some(Overwrite::Whole), vec![]).await;
                    }
                    7 => {
                        let ids = world.snapshots().list_ids().await.unwrap();
                        if let Some(id) = ids.get(random.below(ids.len().max(1) as u64) as usize) {
                            let name = format!("tag{made}");
                            tag(&world, &name, *id).await.unwrap();
                            names.push(name);
                        }
                    }
                    8 if !names.is_empty() => {
                        let name = names.swap_remove(random.below(names.len() as u64) as usize);
                        let _ = delete_tag(&world.table(), &name).await.unwrap();
                    }
                    _ => drop(expire(&world, retain(1 + random.below(6) as i64)).await),
                }
                check_exact(&world, &disk).await;
                let mut expected: Vec<_> = alive.iter().flatten().map(|file| file.file_name.clone()).collect();
                expected.sort();
                if step % 5 == 0 {
                    assert_eq!(world.files().await, expected, "seed {seed}, step {step}");
                }
            }
        });
    }
}

/// The history, tagged at 4, on a disk that has not forgotten it.
fn started() -> SimIO {
    let sim = Sim::new(7);
    let disk = SimIO::local();
    sim.run(async {
        let world = World::create(Arc::new(disk.clone()), NO_EMPTY).await;
        let mut writer = Writer::new(&world, &disk, &sim);
        history(&mut writer).await;
        tag(&world, "four", 4).await.unwrap();
        disk.sync(&disk.paths()).await.unwrap();
    });
    disk
}

#[test]
fn expiries_and_tags_survive_a_crash_at_every_call() {
    let start = started();
    let report = crash_points(
        "expire, tag, expire, delete the tags",
        &start,
        async |process: Process| {
            let world = World::new(process.io, NO_EMPTY);
            let _ = SnapshotExpiry::new(world.table(), retain(5)).run().await?;
            let snapshot = world.snapshots().load(5).await?;
            process.notes.tried("five");
            tags(&world).create("five", &snapshot).await?;
            process.notes.acked("five");
            let _ = SnapshotExpiry::new(world.table(), retain(1)).run().await?;
            let _ = delete_tag(&world.table(), "four").await?;
            let _ = delete_tag(&world.table(), "five").await?;
            Ok(())
        },
        async |image: CrashImage| {
            let process = image.process();
            let world = World::new(Arc::clone(&process.io), NO_EMPTY);
            check_whole(&world, &image.io).await;
            assert_eq!(world.snapshots().latest_id().await.unwrap(), Some(7));
            // Readers of what is kept go on, and the same is done to the end.
            let _ = expire(&world, retain(1)).await;
            check_whole(&world, &image.io).await;
            for tag in tags(&world).list().await.unwrap() {
                let _ = delete_tag(&world.table(), &tag.name).await.unwrap();
                check_whole(&world, &image.io).await;
            }
            assert_eq!(world.snapshots().earliest_id().await.unwrap(), Some(7));
        },
    );
    assert!(report.points >= 200, "{}", report.points);
}

#[test]
fn an_expiry_that_cannot_read_deletes_nothing() {
    for class in [PathClass::Manifest, PathClass::Tag, PathClass::Consumer] {
        let disk = started();
        Sim::new(1).run(async {
            disk.put(&layout().consumer("c").unwrap(), Consumer { id: "c".into(), next_snapshot: 6 }.to_json());
            let generation = disk.generation();
            let plan = FaultPlan::Script(vec![(
                Match { times: 0, ..Match::every(Operation::ReadAll, class) },
                Fault::ErrBefore(ErrShape::Timeout),
            )]);
            let world = World::new(Arc::new(FaultIO::new(Arc::new(disk.clone()), plan)), NO_EMPTY);
            let error = SnapshotExpiry::new(world.table(), retain(1)).run().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{class:?}: {error}");
            assert_eq!(disk.generation(), generation, "{class:?}: something was deleted");
        });
    }
}

/// Runs `beside` as a whole before the `at`-th call of `main`; whether there was such a call.
async fn interrupted(
    disk: &SimIO,
    at: u64,
    main: impl AsyncFn(World),
    beside: impl Fn(World) -> futures::future::BoxFuture<'static, ()> + Send + Sync + 'static,
) -> bool {
    let clean = World::new(Arc::new(disk.clone()), NO_EMPTY);
    let io = FaultIO::new(Arc::new(disk.clone()), FaultPlan::None).with_hook({
        let clean = clean.clone();
        move |call, moment| match call.number == at && moment == Moment::Before {
            true => beside(clean.clone()),
            false => futures::future::ready(()).boxed(),
        }
    });
    main(World { io: Arc::new(io.clone()), ..clean }).await;
    io.calls().len() as u64 >= at
}

#[test]
fn of_a_tag_and_an_expiry_at_the_same_time_one_sees_the_other() {
    let start = started();
    let make = |world: World| async move { drop(tag(&world, "three", 3).await) }.boxed();
    let forget = |world: World| async move { drop(expire(&world, retain(1)).await) }.boxed();
    let (mut kept, mut refused) = (0, 0);
    for tag_within in [true, false] {
        for at in 1.. {
            let disk = start.fork();
            let more = Sim::new(at).run(async {
                let more = match tag_within {
                    true => interrupted(&disk, at, async |world| forget(world).await, make).await,
                    false => interrupted(&disk, at, async |world| make(world).await, forget).await,
                };
                let clean = World::new(Arc::new(disk.clone()), NO_EMPTY);
                check_whole(&clean, &disk).await;
                match tags(&clean).try_load("three").await.unwrap() {
                    Some(_) => kept += 1,
                    None => refused += 1,
                }
                more
            });
            if !more {
                break;
            }
        }
    }
    assert!(kept > 10 && refused > 3, "{kept} {refused}");
}

#[test]
fn two_expiries_at_the_same_time_and_a_commit_beside_one_are_no_error() {
    let start = started();
    let forget =
        |retention: i64| move |world: World| async move { drop(expire(&world, retain(retention)).await) }.boxed();
    for at in 1.. {
        let disk = start.fork();
        let more = Sim::new(at).run(async {
            let more = interrupted(&disk, at, async |world| forget(2)(world).await, forget(1)).await;
            let clean = World::new(Arc::new(disk.clone()), NO_EMPTY);
            check_whole(&clean, &disk).await;
            assert!(clean.snapshots().earliest_id().await.unwrap() >= Some(6));
            more
        });
        if !more {
            break;
        }
    }
    // A commit whose base expires while it reads it starts over.
    for at in 1.. {
        let disk = start.fork();
        // Other names than the history's.
        let sim = Sim::new(1000 + at);
        let more = sim.run(async {
            let runtimes = sim.clone();
            let main = async |world: World| {
                let overwrite =
                    PreparedCommit { identifier: 1, overwrite: Some(Overwrite::Whole), ..PreparedCommit::default() };
                let outcome = world.committer("u", &sim.runtime("u")).commit(overwrite).await.unwrap();
                assert!(matches!(outcome, CommitOutcome::Committed { .. }));
            };
            let writes = disk.clone();
            let beside = move |world: World| {
                let (sim, disk) = (runtimes.clone(), writes.clone());
                async move {
                    let mut writer = Writer::new(&world, &disk, &sim);
                    writer.next = 100;
                    writer.append(2, "late").await;
                    let _ = expire(&world, retain(1)).await;
                }
                .boxed()
            };
            let more = interrupted(&disk, at, main, beside).await;
            let clean = World::new(Arc::new(disk.clone()), NO_EMPTY);
            check_whole(&clean, &disk).await;
            more
        });
        if !more {
            break;
        }
    }
}
