//! `tide tail --checkpoint` under SIGKILL: what is left after unfinished and repeated plans are dropped is the stream.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
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

const KILLS: u64 = 50;
const COMMITS_BEFORE_EACH: i32 = 4;

async fn make_table(warehouse: &str) -> Table {
    let lake = Lake::builder().with_threads(1).build().unwrap();
    let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse)])).await.unwrap();
    catalog.create_database("db", &Options::default()).await.unwrap();
    let fields =
        vec![DataField::new(0, "k", TypeKind::Int.not_null()), DataField::new(1, "v", TypeKind::STRING.nullable())];
    let options = Options::from([("bucket", "2")]);
    let schema = TableSchema::create(fields, vec![], vec!["k".into()], options, None, 0).unwrap();
    catalog.create_table(&Identifier::new("db", "t").unwrap(), &schema).await.unwrap();
    lake.table(&catalog, "db.t").await.unwrap()
}

/// A few rows; every fifth commit has so many that printing them takes several writes.
async fn commit(table: &Table, number: i32) {
    let count = if number % 5 == 0 { 1500 } else { 3 };
    let keys = Int32Array::from_iter_values((0..count).map(|row| row * 7 % 2000));
    let values = StringArray::from_iter_values((0..count).map(|row| format!("row {row} of commit {number}")));
    let rows = RecordBatch::try_from_iter([("k", Arc::new(keys) as _), ("v", Arc::new(values) as _)]).unwrap();
    let mut writer = table.writer().build().unwrap();
    writer.write(rows).await.unwrap();
    let _ = writer.commit().await.unwrap();
}

fn tail(folder: &Path, checkpoint: &str, output: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tide"));
    command
        .args(["tail", "db.t", "--from", "snapshot:1", "--kinds", "--format", "canonical", "--until-idle", "500ms"])
        .arg("--warehouse")
        .arg(folder.join("lake"))
        .arg("--checkpoint")
        .arg(folder.join(checkpoint))
        .stdout(File::create(output).unwrap())
        .stderr(Stdio::inherit());
    command
}

/// The finished plans of a run: rows and the `_plan` line, and the `_next` of each. What follows the last is dropped.
fn plans(output: &Path) -> Vec<(i64, String)> {
    let text = String::from_utf8_lossy(&fs::read(output).unwrap()).into_owned();
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
    let output = folder.join("output");
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let table = tokio.block_on(make_table(folder.join("lake").to_str().unwrap()));

    let (mut seen, mut repeated, mut cut, mut commits) = (BTreeMap::<i64, String>::new(), 0, 0, 0);
    let mut take = |output: &Path| {
        let (plans, length) = (plans(output), fs::metadata(output).unwrap().len());
        cut += usize::from(plans.iter().map(|plan| plan.1.len() as u64).sum::<u64>() < length);
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
    for _ in 0..KILLS {
        for _ in 0..COMMITS_BEFORE_EACH {
            commits += 1;
            tokio.block_on(commit(&table, commits));
        }
        let mut run = tail(folder, "killed", &output).spawn().unwrap();
        thread::sleep(Duration::from_millis(next(&mut random) % 120));
        assert!(run.try_wait().unwrap().is_none(), "it ended before it was killed");
        run.kill().unwrap();
        run.wait().unwrap();
        take(&output);
    }
    assert!(tail(folder, "killed", &output).status().unwrap().success());
    take(&output);
    eprintln!("{KILLS} kills, {cut} of them within a plan, {repeated} repeated plans, {} plans", seen.len());

    assert!(tail(folder, "uninterrupted", &output).status().unwrap().success());
    let whole: BTreeMap<i64, String> = plans(&output).into_iter().collect();
    assert_eq!(whole.len(), commits as usize);
    assert!(seen == whole, "the streams differ");
}
