//! `tide tail --checkpoint` under SIGKILL: what is left after unfinished and repeated plans are dropped is the stream.

use std::{
    collections::BTreeMap,
    io::{Read, Write, stderr},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::Value;
use tidelake::{
    DataField, Identifier, Lake, Options, Table, TableSchema, TypeKind,
    arrow_array::{Int32Array, RecordBatch, StringArray},
};

const KILLS: usize = 50;
const COMMITS_BEFORE_EACH: i32 = 4;

async fn make_table(warehouse: &str) -> Table {
    let lake = Lake::builder().with_threads(1).build().unwrap();
    let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.unwrap();
    catalog.create_database("db", &Options::default()).await.unwrap();
    let fields =
        vec![DataField::new(0, "k", TypeKind::Int.not_null()), DataField::new(1, "v", TypeKind::STRING.nullable())];
    // A snapshot for each commit, and no other: none is compacted.
    let options = Options::from([("bucket", "2"), ("write-only", "true")]);
    let schema = TableSchema::create(fields, vec![], vec!["k".into()], options, None, 0).unwrap();
    catalog.create_table(&Identifier::new("db", "t").unwrap(), &schema).await.unwrap();
    lake.table(&catalog, "db.t").await.unwrap()
}

/// So many rows that their plan does not fit into a pipe.
const MANY: i32 = 3000;

async fn commit(table: &Table, number: i32, count: i32) {
    let keys = Int32Array::from_iter_values((0..count).map(|row| (row * 7 + number) % 20_000));
    let values = StringArray::from_iter_values((0..count).map(|row| format!("row {row} of commit {number}")));
    let rows = RecordBatch::try_from_iter([("k", Arc::new(keys) as _), ("v", Arc::new(values) as _)]).unwrap();
    let mut writer = table.writer().build().unwrap();
    writer.write(rows).await.unwrap();
    let _ = writer.commit().await.unwrap();
}

fn tail(folder: &Path, checkpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tide"));
    command
        .args(["tail", "db.t", "--from", "snapshot:1", "--kinds", "--format", "canonical", "--until-idle", "500ms"])
        .arg("--warehouse")
        .arg(folder.join("lake"))
        .arg("--checkpoint")
        .arg(folder.join(checkpoint))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

/// What a run prints until it ends by itself.
fn printed(mut command: Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// What a run prints until it is killed, and whether it was: it may have ended before.
fn printed_until_killed(mut command: Command, random: &mut u64, within_a_plan: bool) -> (Vec<u8>, bool) {
    let mut run = command.spawn().unwrap();
    let mut stdout = run.stdout.take().unwrap();
    let mut output = Vec::new();
    if within_a_plan {
        stdout.by_ref().take(next(random) % 400_000).read_to_end(&mut output).unwrap();
        // Soon the pipe is full, and the run stands somewhere in a plan of many rows.
        thread::sleep(Duration::from_millis(100));
    }
    let reader = thread::spawn(move || {
        if !within_a_plan {
            stdout.read_to_end(&mut output).unwrap();
        }
        (stdout, output)
    });
    if !within_a_plan {
        thread::sleep(Duration::from_millis(next(random) % 120));
    }
    let killed = run.try_wait().unwrap().is_none();
    run.kill().unwrap();
    run.wait().unwrap();
    let (mut stdout, mut output) = reader.join().unwrap();
    stdout.read_to_end(&mut output).unwrap();
    (output, killed)
}

/// The finished plans of a run: rows and the `_plan` line, and the `_next` of each. What follows the last is dropped.
fn plans(output: &[u8]) -> Vec<(i64, String)> {
    let text = String::from_utf8_lossy(output);
    let (mut plans, mut plan) = (Vec::new(), String::new());
    for line in text.split_inclusive('\n') {
        plan += line;
        let end = line.ends_with('\n').then(|| serde_json::from_str::<Value>(line).ok()).flatten();
        if let Some(next) = end.and_then(|line| line.get("_plan").and(line["_next"].as_i64())) {
            plans.push((next, std::mem::take(&mut plan)));
        }
    }
    plans
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 16
}

#[test]
fn after_fifty_kills_what_remains_is_the_uninterrupted_stream() {
    let seed = std::env::var("TIDELAKE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_260_101);
    eprintln!("TIDELAKE_SEED={seed}");
    let mut random = seed;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let table = tokio.block_on(make_table(folder.join("lake").to_str().unwrap()));

    let (mut seen, mut repeated, mut cut, mut commits) = (BTreeMap::<i64, String>::new(), 0, 0, 0);
    let mut take = |output: Vec<u8>| {
        let plans = plans(&output);
        cut += usize::from(plans.iter().map(|plan| plan.1.len()).sum::<usize>() < output.len());
        for (next, plan) in plans {
            match seen.get(&next) {
                Some(before) => {
                    assert_eq!(*before, plan, "a repeated plan is the same");
                    repeated += 1;
                }
                None => {
                    let newest = seen.last_key_value().map_or(1, |last| *last.0);
                    assert_eq!(next, newest + 1, "a plan is lost");
                    seen.insert(next, plan);
                }
            }
        }
    };
    let mut kills = 0;
    while kills < KILLS {
        let within_a_plan = kills % 2 == 1;
        for number in 1..=COMMITS_BEFORE_EACH {
            commits += 1;
            let many = within_a_plan && number == COMMITS_BEFORE_EACH;
            tokio.block_on(commit(&table, commits, if many { MANY } else { 3 }));
        }
        let (output, killed) = printed_until_killed(tail(folder, "killed"), &mut random, within_a_plan);
        kills += usize::from(killed);
        take(output);
    }
    take(printed(tail(folder, "killed")));
    // Past the harness, which keeps back what `eprintln` says.
    let plans_seen = seen.len();
    writeln!(stderr(), "{KILLS} kills, {cut} of them within a plan, {repeated} of {plans_seen} plans repeated")
        .unwrap();
    assert!(cut >= 3, "too few kills fell within a plan");

    let whole: BTreeMap<i64, String> = plans(&printed(tail(folder, "uninterrupted"))).into_iter().collect();
    assert_eq!(whole.len(), commits as usize);
    assert!(seen == whole, "the streams differ");
}
