//! Writers, compactors, an expiry and readers of the latest snapshot, all at once, each a process of its own.
//!
//! Eight writers, one half of them upserting and the other appending; two compactors; an expiry that keeps three snapshots;
//! four readers. `TIDELAKE_LOAD_SECONDS` says how long.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use integration_tests::figure;
use tidelake_error::{Classify, ErrorKind};
use tidelake_runtime::Runtime;
use tidelake_table::{CommitOutcome, CompactionOutcome, Table};

use crate::world::{World, clean, contents, rows, schema};

const ROLE: &str = "TIDELAKE_TEST_LOAD_ROLE";
const FOLDER: &str = "TIDELAKE_TEST_LOAD_FOLDER";
const WRITERS: i32 = 8;
const READERS: i32 = 4;
const TABLES: [&str; 2] = ["upserted", "appended"];
/// Keys that all upserters write again and again.
const HOT: i32 = 4;

async fn table(folder: &str, name: &str) -> Table {
    let world = World::on_disk(&format!("{folder}/lake"), Runtime::tokio(1, 256 << 20)).await.unwrap();
    world.lake.table(&world.catalog, &format!("db.{name}")).await.unwrap()
}

fn goes_on(folder: &str) -> bool {
    !Path::new(&format!("{folder}/stopped")).exists()
}

/// Which table a writer writes to.
fn table_of(writer: i32) -> &'static str {
    TABLES[(writer % 2) as usize]
}

fn note(folder: &str, name: &str) -> File {
    File::options().create(true).append(true).open(format!("{folder}/{name}")).unwrap()
}

/// How many commits a writer has been promised so far.
fn promised(folder: &str, writer: i32) -> usize {
    fs::read_to_string(format!("{folder}/acked-{writer}")).map_or(0, |text| text.lines().count())
}

/// The part of one process; does nothing when it is run as a test.
#[test]
fn one_of_the_processes_under_load() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else { return };
    let (verb, number) = role.split_once(' ').unwrap();
    let number: i32 = number.parse().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        match verb {
            "write" => write(&folder, number).await,
            "compact" => compact(&folder, number).await,
            "expire" => expire(&folder).await,
            _ => read(&folder, number).await,
        }
    });
}

async fn write(folder: &str, writer: i32) {
    let table = table(folder, table_of(writer)).await;
    let committer = table.committer(&format!("writer {writer}")).unwrap();
    let mut rows_of = table.writer().build().unwrap();
    let mut acked = note(folder, &format!("acked-{writer}"));
    for number in 1.. {
        if !goes_on(folder) {
            return;
        }
        let mut changes = vec![(0, 100_000 * (writer + 1) + number, format!("{writer}-{number}"))];
        if table_of(writer) == "upserted" {
            changes.push((0, number % HOT, format!("hot {writer}-{number}")));
        }
        let (batch, kinds) = rows(&changes);
        rows_of.write_kinds(batch, &kinds).await.unwrap();
        let prepared = rows_of.prepare_commit(number.into()).await.unwrap();
        let outcome = committer.commit(prepared).await.unwrap();
        assert!(matches!(outcome, CommitOutcome::Committed { append: Some(_), .. }), "{outcome:?}");
        writeln!(acked, "{number}").unwrap();
    }
}

async fn compact(folder: &str, number: i32) {
    let mut done = note(folder, &format!("compacted-{number}"));
    let mut full = number == 0;
    while goes_on(folder) {
        let compact = table(folder, "upserted").await.compact();
        match if full { compact.full() } else { compact }.run().await {
            Ok(CompactionOutcome::Committed { .. }) => writeln!(done, "committed").unwrap(),
            Ok(_) => writeln!(done, "given up").unwrap(),
            // Others won every race.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
        full = !full;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn expire(folder: &str) {
    let mut done = note(folder, "expired");
    while goes_on(folder) {
        for name in TABLES {
            let outcome = table(folder, name).await.expire().retain_max(3).retain_min(1).run().await.unwrap();
            writeln!(done, "{}", outcome.snapshots).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Reads all rows again and again: what was promised before is there, and nothing twice.
async fn read(folder: &str, number: i32) {
    let name = TABLES[(number % 2) as usize];
    let mut done = note(folder, &format!("read-{number}"));
    let mut table = table(folder, name).await;
    while goes_on(folder) {
        if promised(folder, number).is_multiple_of(5) {
            table = self::table(folder, name).await;
        }
        let before: Vec<_> = (0..WRITERS).map(|writer| promised(folder, writer)).collect();
        let there = contents(&table).await.unwrap();
        check(name, &there, &before);
        writeln!(done, "{}", there.len()).unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Each writer's rows are there from its first on, without a gap, once, and at least as many as it was promised.
fn check(name: &str, there: &[(i32, String)], promised: &[usize]) {
    let mut of_writer: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (key, token) in there.iter().filter(|(key, _)| *key >= 100_000) {
        let (writer, number) = token.split_once('-').unwrap();
        let (writer, number): (i32, i32) = (writer.parse().unwrap(), number.parse().unwrap());
        assert_eq!(*key, 100_000 * (writer + 1) + number);
        of_writer.entry(writer).or_default().push(number);
    }
    for writer in (0..WRITERS).filter(|writer| table_of(*writer) == name) {
        let numbers = of_writer.remove(&writer).unwrap_or_default();
        assert_eq!(numbers, (1..=numbers.len() as i32).collect::<Vec<_>>(), "the rows of writer {writer}");
        let promised = promised[writer as usize];
        assert!(numbers.len() >= promised, "writer {writer}: {} rows, {promised} were promised", numbers.len());
    }
}

fn start(folder: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["together::one_of_the_processes_under_load", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .spawn()
        .unwrap()
}

#[test]
fn nothing_is_lost_and_no_reader_fails_while_writers_compactors_and_expiry_run_at_once() {
    let seconds = std::env::var("TIDELAKE_LOAD_SECONDS").map_or(10, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let tokio = tokio::runtime::Runtime::new().unwrap();
    tokio.block_on(async {
        let world = World::on_disk(&format!("{folder}/lake"), Runtime::tokio(1, 256 << 20)).await.unwrap();
        world.database().await.unwrap();
        let key = [("bucket", "2"), ("num-sorted-run.compaction-trigger", "3"), ("snapshot.num-retained.min", "1")];
        world.create("upserted", &schema(true, &key)).await.unwrap();
        world.create("appended", &schema(false, &[("snapshot.num-retained.min", "1")])).await.unwrap();
    });
    let writers = (0..WRITERS).map(|writer| format!("write {writer}"));
    let readers = (0..READERS).map(|reader| format!("read {reader}"));
    let others = ["compact 0", "compact 1", "expire 0"].map(str::to_owned);
    let roles: Vec<String> = writers.chain(readers).chain(others).collect();
    let began = Instant::now();
    let mut processes: Vec<Child> = roles.iter().map(|role| start(folder, role)).collect();
    while began.elapsed() < Duration::from_secs(seconds)
        && processes.iter_mut().all(|process| process.try_wait().unwrap().is_none())
    {
        std::thread::sleep(Duration::from_millis(100));
    }
    File::create(format!("{folder}/stopped")).unwrap();
    let ended: Vec<bool> = processes.into_iter().map(|mut process| process.wait().unwrap().success()).collect();
    let failed: Vec<_> = roles.iter().zip(ended).filter(|(_, success)| !success).map(|(role, _)| role).collect();
    assert!(failed.is_empty(), "failed: {failed:?}");

    let lines = |name: &str| fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default();
    let promised: Vec<_> = (0..WRITERS).map(|writer| promised(folder, writer)).collect();
    let compactions: usize = (0..2).map(|one| lines(&format!("compacted-{one}")).matches("committed").count()).sum();
    let reads: usize = (0..READERS).map(|reader| lines(&format!("read-{reader}")).lines().count()).sum();
    let expired: usize = lines("expired").lines().map(|line| line.parse::<usize>().unwrap()).sum();
    figure(format!(
        "{} commits of {WRITERS} writers beside {compactions} compactions, {expired} expired snapshots and {reads} reads in {:?}",
        promised.iter().sum::<usize>(),
        began.elapsed()
    ));
    assert!(reads > 0 && compactions > 0 && expired > 0, "somebody did nothing");
    tokio.block_on(async {
        for name in TABLES {
            let table = table(folder, name).await;
            let there = contents(&table).await.unwrap();
            check(name, &there, &promised);
            let own = there.iter().filter(|(key, _)| *key >= 100_000).count();
            let of_table = (0..WRITERS).filter(|writer| table_of(*writer) == name);
            assert_eq!(own, of_table.map(|writer| promised[writer as usize]).sum::<usize>(), "{name}");
            clean(&table).await;
        }
    });
}
