//! Eight processes on two tables: four that upsert, two that append, and a follower of each table.
//!
//! Each process is this test program again, told by the environment what to do.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use integration_tests::figure;
use tidelake_runtime::Runtime;
use tidelake_table::{CommitKind, CommitOutcome, StreamStart, Table};

use crate::world::{World, changes_of_plan, clean, contents, rows, schema};

const ROLE: &str = "TIDELAKE_TEST_ROLE";
const FOLDER: &str = "TIDELAKE_TEST_FOLDER";
const COMMITS: i32 = 100;
const UPSERTERS: i32 = 4;
const APPENDERS: i32 = 2;
/// Keys that all upserters write again and again.
const HOT: i32 = 4;

async fn world(folder: &str) -> World {
    World::on_disk(&format!("{folder}/lake"), Runtime::tokio(1, 256 << 20)).await.unwrap()
}

async fn table(world: &World, name: &str) -> Table {
    world.lake.table(&world.catalog, &format!("db.{name}")).await.unwrap()
}

fn token(writer: i32, number: i32) -> String {
    format!("{writer}-{number}")
}

/// The part of one process; does nothing when it is run as a test.
#[test]
fn one_of_the_processes() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else { return };
    let (verb, of) = role.split_once(' ').unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        match verb {
            "follow" => follow(&folder, of).await,
            _ => commit(&folder, verb, of.parse().unwrap()).await,
        }
    });
}

/// Commits, and notes each token once the commit was acknowledged.
async fn commit(folder: &str, name: &str, writer: i32) {
    let world = world(folder).await;
    let table = table(&world, name).await;
    let mut acked = File::create(format!("{folder}/acked-{name}-{writer}")).unwrap();
    let mut rows_of = table.writer().build().unwrap();
    let committer = table.committer(&format!("writer {writer}")).unwrap();
    for number in 1..=COMMITS {
        let mut changes = vec![(0, 1000 * (writer + 1) + number, token(writer, number))];
        if name == "upserted" {
            changes.push((0, number % HOT, format!("hot {}", token(writer, number))));
        }
        let (batch, kinds) = rows(&changes);
        rows_of.write_kinds(batch, &kinds).await.unwrap();
        let outcome = match name {
            "upserted" => committer.commit(rows_of.prepare_commit(number.into()).await.unwrap()).await.unwrap(),
            _ => rows_of.commit().await.unwrap(),
        };
        assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
        writeln!(acked, "{}", token(writer, number)).unwrap();
    }
}

/// Notes each token it sees, until all have stopped and nothing comes any more.
async fn follow(folder: &str, name: &str) {
    let world = world(folder).await;
    let table = table(&world, name).await;
    let mut seen = File::create(format!("{folder}/seen-{name}")).unwrap();
    let mut stream = table.stream(StreamStart::FromSnapshot(1)).build().await.unwrap();
    loop {
        let stopped = Path::new(&format!("{folder}/stopped")).exists();
        match world.lake.runtime().timeout(Duration::from_millis(500), stream.try_next()).await {
            Some(plan) => {
                for (_, _, token) in changes_of_plan(plan.unwrap().unwrap()).await.unwrap() {
                    writeln!(seen, "{token}").unwrap();
                }
            }
            None if stopped => return,
            None => {}
        }
    }
}

fn start(folder: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["processes::one_of_the_processes", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .spawn()
        .unwrap()
}

fn lines(path: String) -> Vec<String> {
    let mut lines: Vec<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn each_commit_of_eight_processes_is_there_once_and_is_seen_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let tokio = tokio::runtime::Runtime::new().unwrap();
    tokio.block_on(async {
        let world = world(folder).await;
        world.database().await.unwrap();
        world.create("upserted", &schema(true, &[("bucket", "4"), ("commit.timeout", "10 min")])).await.unwrap();
        world.create("appended", &schema(false, &[("commit.timeout", "10 min")])).await.unwrap();
    });

    let began = Instant::now();
    let followers: Vec<Child> = ["upserted", "appended"].map(|name| start(folder, &format!("follow {name}"))).into();
    let upserters = (0..UPSERTERS).map(|writer| format!("upserted {writer}"));
    let roles: Vec<String> = upserters.chain((0..APPENDERS).map(|writer| format!("appended {writer}"))).collect();
    let writers: Vec<Child> = roles.iter().map(|role| start(folder, role)).collect();
    let ended: Vec<bool> = writers.into_iter().map(|mut writer| writer.wait().unwrap().success()).collect();
    figure(format!("{} commits of {} processes in {:?}", roles.len() * COMMITS as usize, roles.len(), began.elapsed()));
    File::create(format!("{folder}/stopped")).unwrap();
    let followed: Vec<bool> = followers.into_iter().map(|mut follower| follower.wait().unwrap().success()).collect();
    assert!(ended.iter().chain(&followed).all(|success| *success), "a process failed: {ended:?} {followed:?}");

    tokio.block_on(async {
        let world = world(folder).await;
        for (name, writers) in [("upserted", UPSERTERS), ("appended", APPENDERS)] {
            let mut acked: Vec<String> =
                (0..writers).flat_map(|writer| lines(format!("{folder}/acked-{name}-{writer}"))).collect();
            acked.sort();
            assert_eq!(acked.len(), (writers * COMMITS) as usize);
            let table = table(&world, name).await;
            let (hot, mut own): (Vec<String>, Vec<String>) = contents(&table)
                .await
                .unwrap()
                .into_iter()
                .map(|row| row.1)
                .partition(|token| token.starts_with("hot"));
            own.sort();
            assert_eq!(own, acked, "the rows of {name}");
            assert_eq!(hot.len(), if name == "upserted" { HOT as usize } else { 0 });

            let mut expected = acked.clone();
            if name == "upserted" {
                expected.extend(acked.iter().map(|token| format!("hot {token}")));
            }
            expected.sort();
            assert_eq!(lines(format!("{folder}/seen-{name}")), expected, "what the follower of {name} saw");
            assert_eq!(expected.iter().collect::<BTreeSet<_>>().len(), expected.len(), "tokens are unique");
            let latest = table.snapshots().latest_id().await.unwrap().unwrap();
            let mut appends = 0i32;
            for id in 1..=latest {
                let snapshot = table.snapshots().load(id).await.unwrap();
                appends += i32::from(snapshot.commit_kind == CommitKind::Append);
            }
            figure(format!("{name}: {latest} snapshots, {appends} of them of rows"));
            assert_eq!(appends, writers * COMMITS);
            clean(&table).await;
        }
    });
}
