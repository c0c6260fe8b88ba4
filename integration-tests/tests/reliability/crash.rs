//! Every crash point of what a program does with a table.

use std::{panic::catch_unwind, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use integration_tests::figure;
use serde_json::{Value, json};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FilePath, Publish};
use tidelake_table::{PreparedCommit, StreamStart, Table, TableWriter};
use tidelake_testing::{CrashImage, CrashReport, Process, Profile, Sim, SimIO, canary, crash_points};

use crate::{
    actions::{Action, OF_APPEND_TABLES, OF_KEY_TABLES, Rows, is_done, later, table_of_three_commits, tagged},
    world::{Change, World, appended, changes_of_plan, clean, contents, merged, rows, schema},
};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The commits of a scenario: each row has a token of its own.
fn commits(key: bool) -> Vec<Vec<Change>> {
    let insert = |key: i32, token: &str| (0, key, token.to_owned());
    let delete = |key: i32, token: &str| (3, key, token.to_owned());
    if !key {
        return (1..=3).map(|n| vec![insert(n, &format!("{n}a")), insert(n, &format!("{n}b"))]).collect();
    }
    vec![
        (1..=6).map(|k| insert(k, &format!("1-{k}"))).collect(),
        vec![insert(2, "2-2"), delete(1, "2-1"), insert(7, "2-7"), insert(5, "2-5")],
        vec![insert(1, "3-1"), delete(3, "3-3"), insert(2, "3-2"), insert(8, "3-8")],
    ]
}

fn after(key: bool, count: usize) -> Vec<(i32, String)> {
    let commits = commits(key);
    if key { merged(&commits[..count]) } else { appended(&commits[..count]) }
}

/// A store with an empty table `db.t`, all of it durable.
fn with_table(profile: Profile, key: bool, options: &[(&str, &str)]) -> SimIO {
    let start = SimIO::new(profile);
    let sim = Sim::new(7);
    sim.run(async {
        let world = World::over(Arc::new(start.clone()), sim.runtime("before")).await.unwrap();
        world.database().await.unwrap();
        world.create("t", &schema(key, options)).await.unwrap();
    });
    match profile {
        Profile::Local => start.power_loss(),
        Profile::S3 => start,
    }
}

async fn write(writer: &mut TableWriter, changes: &[Change]) -> Outcome {
    let (rows, kinds) = rows(changes);
    Ok(writer.write_kinds(rows, &kinds).await?)
}

/// Commits 1, 2, 3 under the name `u`.
async fn committed_by_name(process: &Process, key: bool) -> Outcome<Table> {
    let table = World::over(Arc::clone(&process.io), process.runtime.clone()).await?.table().await?;
    let committer = table.committer("u")?;
    let mut writer = table.writer().build()?;
    for (number, changes) in (1..).zip(commits(key)) {
        if committer.check(number).await?.is_some() {
            continue;
        }
        write(&mut writer, &changes).await?;
        let prepared = writer.prepare_commit(number).await?;
        process.notes.tried(number.to_string());
        let _ = committer.commit(prepared).await?;
        process.notes.acked(number.to_string());
    }
    Ok(table)
}

/// What is there is a state between what was promised and what was tried.
async fn in_between(image: &CrashImage, table: &Table, key: bool) {
    clean(table).await;
    let there = contents(table).await.unwrap();
    let possible = image.acked.len()..=image.tried.len();
    assert!(
        possible.clone().any(|count| there == after(key, count)),
        "{possible:?} commits can be there, but the rows are {there:?}"
    );
}

/// All commits are there once; so do the changes say that a reader from the first snapshot sees.
async fn complete(table: &Table, key: bool) {
    clean(table).await;
    assert_eq!(contents(table).await.unwrap(), after(key, 3));
    let plans = table.stream(StreamStart::FromSnapshot(1)).build().await.unwrap().take(3);
    let plans = table.lake().runtime().timeout(Duration::from_secs(60), plans.try_collect::<Vec<_>>()).await;
    for (plan, mut expected) in plans.expect("three plans").unwrap().into_iter().zip(commits(key)) {
        let mut seen = changes_of_plan(plan).await.unwrap();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "the changes");
    }
}

/// A new process reads, brings the rest in, and finds everything once; then another writer goes on.
async fn recover_by_name(image: CrashImage, key: bool, planted: Option<&str>) {
    let process = image.process();
    let table = World::over(Arc::clone(&process.io), process.runtime).await.unwrap().table().await.unwrap();
    in_between(&image, &table, key).await;
    let table = committed_by_name(&with_bug(image.process(), planted), key).await.unwrap();
    complete(&table, key).await;
    // The same again, without asking whether it is in.
    let committer = table.committer("u").unwrap();
    let mut writer = table.writer().build().unwrap();
    write(&mut writer, &[(0, 100, "again".to_owned())]).await.unwrap();
    let prepared = writer.prepare_commit(3).await.unwrap();
    let _ = committer.commit(prepared).await.unwrap();
    complete(&table, key).await;
    write(&mut writer, &[(0, 101, "other".to_owned())]).await.unwrap();
    let _ = writer.commit().await.unwrap();
    assert_eq!(contents(&table).await.unwrap().len(), after(key, 3).len() + 1);
}

fn by_name(name: &str, profile: Profile, key: bool, options: &[(&str, &str)]) -> CrashReport {
    by_name_with(name, profile, key, options, None)
}

fn by_name_with(
    name: &str,
    profile: Profile,
    key: bool,
    options: &[(&str, &str)],
    planted: Option<&str>,
) -> CrashReport {
    crash_points(
        &format!("{name} ({profile:?})"),
        &with_table(profile, key, options),
        async |process: Process| committed_by_name(&with_bug(process, planted), key).await.map(drop),
        async |image: CrashImage| recover_by_name(image, key, planted).await,
    )
}

fn with_bug(process: Process, planted: Option<&str>) -> Process {
    if let Some(name) = planted {
        process.runtime.set_canary(name, true);
    }
    process
}

fn creating(profile: Profile) -> CrashReport {
    let create = async |process: &Process| -> Outcome {
        let world = World::over(Arc::clone(&process.io), process.runtime.clone()).await?;
        world.database().await?;
        process.notes.tried("table");
        world.create("t", &schema(true, &[("bucket", "2")])).await?;
        process.notes.acked("table");
        Ok(())
    };
    crash_points(
        &format!("create a table ({profile:?})"),
        &SimIO::new(profile),
        async |process: Process| create(&process).await,
        async |image: CrashImage| {
            if let Err(error) = create(&image.process()).await {
                let kind = error.downcast_ref::<tidelake_table::Error>().map(Classify::kind);
                assert_eq!(kind, Some(ErrorKind::AlreadyExists), "{error}");
                assert!(!image.tried.is_empty(), "made from nothing");
            } else {
                assert!(image.acked.is_empty(), "lost");
            }
            complete(&committed_by_name(&image.process(), true).await.unwrap(), true).await;
        },
    )
}

/// Batches under fresh users: nobody can commit them again, so what failed clearly is not there.
fn appending(profile: Profile) -> CrashReport {
    crash_points(
        &format!("append ({profile:?})"),
        &with_table(profile, false, &[]),
        async |process: Process| {
            let table = World::over(Arc::clone(&process.io), process.runtime).await?.table().await?;
            let mut writer = table.writer().build()?;
            for (number, changes) in (1..).zip(commits(false)) {
                write(&mut writer, &changes).await?;
                process.notes.tried(number.to_string());
                let _ = writer.commit().await?;
                process.notes.acked(number.to_string());
            }
            Ok(())
        },
        async |image: CrashImage| {
            let process = image.process();
            let table = World::over(process.io, process.runtime).await.unwrap().table().await.unwrap();
            in_between(&image, &table, false).await;
            let before = contents(&table).await.unwrap();
            let mut writer = table.writer().build().unwrap();
            write(&mut writer, &[(0, 101, "other".to_owned())]).await.unwrap();
            assert_eq!(writer.prepare_commit(PreparedCommit::BATCH).await.unwrap().messages.len(), 1);
            write(&mut writer, &[(0, 102, "another".to_owned())]).await.unwrap();
            let _ = writer.commit().await.unwrap();
            assert_eq!(contents(&table).await.unwrap().len(), before.len() + 1);
        },
    )
}

fn output(number: u64) -> FilePath {
    FilePath::parse(&format!("/out/plan-{number}")).unwrap()
}

/// Commits three times and follows: each plan's rows and its checkpoint become one file, so that both or none are there.
async fn followed(process: &Process) -> Outcome {
    let table = committed_by_name(process, false).await?;
    let (mut done, mut checkpoint) = (0, None);
    while let Some((taken, _)) = taken(process, done + 1).await? {
        (done, checkpoint) = (done + 1, Some(taken));
    }
    let mut stream = table.stream(StreamStart::FromSnapshot(1));
    if let Some(checkpoint) = checkpoint {
        stream = stream.resume(checkpoint);
    }
    let mut stream = stream.build().await?;
    while done < 3 {
        let plan = process.runtime.timeout(Duration::from_secs(60), stream.try_next()).await;
        let plan = plan.ok_or("the stream hangs")??.ok_or("the stream ends")?;
        assert_eq!(plan.number, done + 1);
        let checkpoint = String::from_utf8(plan.checkpoint.clone())?;
        let tokens: Vec<String> = changes_of_plan(plan).await?.into_iter().map(|change| change.2).collect();
        let content = json!({ "checkpoint": checkpoint, "tokens": tokens }).to_string();
        while process.io.publish(&output(done + 1), content.clone().into()).await? == Publish::Unknown {}
        done += 1;
        process.notes.acked(format!("plan {done}"));
    }
    Ok(())
}

async fn taken(process: &Process, number: u64) -> Outcome<Option<(String, Vec<String>)>> {
    match process.io.read_all(&output(number), 1 << 20).await {
        Ok(content) => {
            let content: Value = serde_json::from_slice(&content)?;
            let tokens = serde_json::from_value(content["tokens"].clone())?;
            Ok(Some((content["checkpoint"].as_str().ok_or("a checkpoint")?.to_owned(), tokens)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn following(profile: Profile) -> CrashReport {
    crash_points(
        &format!("follow and resume from a checkpoint ({profile:?})"),
        &with_table(profile, false, &[]),
        async |process: Process| followed(&process).await,
        async |image: CrashImage| {
            let process = image.process();
            for plan in image.acked.iter().filter_map(|token| token.strip_prefix("plan ")) {
                assert!(taken(&process, plan.parse().unwrap()).await.unwrap().is_some(), "plan {plan} is lost");
            }
            followed(&process).await.unwrap();
            let mut seen = Vec::new();
            for number in 1..=3 {
                seen.extend(taken(&process, number).await.unwrap().unwrap().1);
            }
            let expected: Vec<String> = commits(false).into_iter().flatten().map(|change| change.2).collect();
            assert_eq!(seen, expected);
        },
    )
}

/// One action on a table of three commits: it is done or it is not, and done again it is done.
fn doing(action: Action, profile: Profile, key: bool) -> CrashReport {
    let (store, before) = table_of_three_commits(profile, key);
    let mut after = before.clone();
    action.effect(&mut after);
    crash_points(
        &format!("{action:?} ({profile:?}, key table: {key})"),
        &store,
        async |process: Process| {
            process.notes.tried("it");
            action.perform(process.io, process.runtime).await?;
            process.notes.acked("it");
            Ok(())
        },
        async |image: CrashImage| {
            let process = image.process();
            let table = World::over(process.io, process.runtime).await.unwrap().table().await.unwrap();
            clean(&table).await;
            let there: Rows = contents(&table).await.unwrap().into_iter().collect();
            let done = is_done(action, &table).await;
            let promised = !image.acked.is_empty();
            assert!(there == after || there == before, "half of it: {there:?}");
            assert!(!promised || (there == after && done != Some(false)), "it was promised: {there:?}, done: {done:?}");
            if matches!(action, Action::Append | Action::Upsert | Action::Overwrite) {
                assert_eq!(there == after, done == Some(true), "whether it is done");
            }
            let process = image.process();
            action.perform(process.io, process.runtime).await.unwrap();
            let process = image.process();
            let table = World::over(process.io, process.runtime).await.unwrap().table().await.unwrap();
            let there: Rows = contents(&table).await.unwrap().into_iter().collect();
            assert_eq!(after, there, "repeated");
            assert_ne!(is_done(action, &table).await, Some(false), "repeated");
            assert!(
                action != Action::Tag || tagged(&table).await.is_some_and(|rows| rows.len() == 2),
                "what is tagged"
            );
            later(&table).await;
            assert_eq!(contents(&table).await.unwrap().len(), after.len() + 1);
            clean(&table).await;
        },
    )
}

#[test]
fn each_action_is_done_or_not_at_any_crash_point() {
    let mut points = 0;
    for profile in [Profile::Local, Profile::S3] {
        for (key, actions) in [(true, &OF_KEY_TABLES[..]), (false, &OF_APPEND_TABLES[..])] {
            for action in actions {
                let report = doing(*action, profile, key);
                figure(report.to_string().lines().next().unwrap_or_default());
                points += report.points;
            }
        }
    }
    figure(format!("{points} crash points of single actions"));
    assert!(points >= 2000, "{points} crash points");
}

#[test]
fn nothing_is_lost_or_doubled_at_any_crash_point() {
    const MERGING: (&str, &str) = ("manifest.merge-min-count", "2");
    let mut points = 0;
    for profile in [Profile::Local, Profile::S3] {
        let reports = [
            creating(profile),
            appending(profile),
            by_name("commit under a name", profile, false, &[MERGING]),
            by_name("upsert flush", profile, true, &[("bucket", "2")]),
            by_name(
                "upsert flush with changelog",
                profile,
                true,
                &[("bucket", "2"), ("changelog-producer", "input"), MERGING],
            ),
            following(profile),
        ];
        reports.iter().for_each(figure);
        points += reports.iter().map(|report| report.points).sum::<usize>();
    }
    figure(format!("{points} crash points"));
    assert!(points >= 2000, "{points} crash points");
}

/// The checks are seen to fail: with a commit that publishes what is not durable, and with one that forgets earlier ones.
#[test]
fn planted_bugs_are_found() {
    for planted in [canary::PUBLISH_UNSYNCED, canary::FORGET_HISTORY] {
        let checked = catch_unwind(|| by_name_with(planted, Profile::Local, false, &[], Some(planted)));
        assert!(checked.is_err(), "`{planted}` is not found");
    }
}
