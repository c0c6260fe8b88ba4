//! Random histories of Java, replayed by Tidelake and acted out by both in turns.
//!
//! Java's `fuzz` makes a history per seed: commits in every way to compact, overwrites, schema changes, tags, another writer,
//! with the rows after each step. Then
//!
//! - Tidelake does the same to a *twin* of the table: its rows after each step, as Tidelake and as Java read them, its stream
//!   and its `$audit_log` have to be those of Java's table;
//! - both do it *in turns* to a third table, one writing and the other compacting: the rows after each step have to be the
//!   same for both, and those of Java's table.
//!
//! | variable | says |
//! |---|---|
//! | `TIDELAKE_SEED` | the first seed (1); the cell of a seed follows from it |
//! | `TIDELAKE_HISTORIES` | how many seeds (64) |
//! | `TIDELAKE_STEPS` | how many steps each has (8) |

use std::{collections::BTreeMap, fs};

use integration_tests::{
    figure,
    replay::{Commit, Compact, History, Op, Player, Result, Step, changes, created_schema, difference},
};
use tempfile::TempDir;
use tidelake::Lake;
use tidelake_testing::canary;

use crate::oracle::{Answer, Oracle};

/// Tables with append or deduplicate, producer none, input or full-compaction, merged on read or compacted in full at every
/// commit. Seed after seed takes the next: their order belongs to what a seed means.
const CELLS: [&str; 8] = [
    "append/none/mor/fixed",
    "append/none/mor/unaware",
    "deduplicate/none/mor/fixed",
    "deduplicate/none/cow/fixed",
    "deduplicate/input/mor/fixed",
    "deduplicate/input/cow/fixed",
    "deduplicate/full-compaction/mor/fixed",
    "deduplicate/full-compaction/cow/fixed",
];

/// Histories that Java is asked for at once: it makes the next ones while we replay these.
const CHUNK: u64 = 8;

/// What came of a run.
#[derive(Default)]
struct Report {
    histories: usize,
    steps: usize,
    comparisons: usize,
    cells: BTreeMap<String, usize>,
    /// Changes compared: steps, stretches by their sum, stretches left out.
    changes: [usize; 3],
    /// Answers that are equal but for keys that depend on when compaction came.
    unsettled: usize,
    faults: Vec<String>,
    /// What the histories hold that was not replayed.
    skipped: BTreeMap<String, usize>,
}

/// The table that Tidelake made as the history says.
struct Twin {
    name: String,
    /// The newest snapshot after each step.
    snapshots: Vec<i64>,
    /// The rows at these snapshots as we read them, by step: Java has to read the same.
    asked: Vec<(usize, i64, Vec<String>)>,
    stream: Result<Vec<String>>,
    audit_log: Result<Vec<String>>,
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_come_out_as_java_has_them() {
    let (first, count, steps) =
        (variable("TIDELAKE_SEED", 1), variable("TIDELAKE_HISTORIES", 64), variable("TIDELAKE_STEPS", 8));
    figure(format!("TIDELAKE_SEED={first} TIDELAKE_HISTORIES={count} TIDELAKE_STEPS={steps}"));
    let mut java = Oracle::start();
    let mut report = Report::default();
    let mut chunks = (0..count.div_ceil(CHUNK)).map(|at| (first + at * CHUNK, CHUNK.min(count - at * CHUNK)));
    let mut begun = chunks.next().map(|chunk| begin(&mut java, chunk, steps));
    let mut kept = Vec::new();
    while let Some(chunk) = begun.take() {
        let histories = chunk.finish(&mut java, &mut report);
        // Java makes the next ones while Tidelake replays these.
        begun = chunks.next().map(|chunk| begin(&mut java, chunk, steps));
        let warehouse = chunk.folder.path().join("ours").to_str().expect("UTF-8").to_owned();
        let player = Player::open(Lake::builder().build().expect("a lake"), &warehouse).await.expect("a warehouse");
        let mut twins = Vec::new();
        for history in &histories {
            twins.push(twin(&player, history, &mut report).await);
        }
        if let Some(next) = &mut begun {
            next.wait(&mut java);
        }
        for (history, twin) in histories.iter().zip(&twins) {
            java_agrees(&mut java, &warehouse, history, twin, &mut report);
            in_turns(&player, &mut java, &warehouse, history, &mut report).await;
        }
        report.skipped(&player);
        kept.extend(histories.into_iter().filter(|history| history.cell.starts_with("deduplicate")));
        figure(format!(
            "{} histories, {} comparisons, {} faults",
            report.histories,
            report.comparisons,
            report.faults.len()
        ));
    }
    planted_bugs_are_caught(&kept, &mut report).await;
    figure(format!("{} histories of {} steps, by cell {:?}", report.histories, report.steps, report.cells));
    let [equal, by_sum, left_out] = report.changes;
    figure(format!("changes: {equal} steps equal, {by_sum} stretches equal in sum, {left_out} stretches left out"));
    figure(format!("equal but for keys that depend on when compaction came: {} answers", report.unsettled));
    assert!(report.faults.is_empty(), "{} faults\n{}", report.faults.len(), report.faults.join("\n"));
    assert!(report.skipped.is_empty(), "not everything was replayed: {:?}", report.skipped);
}

/// The same histories with a bug in compaction: the first that comes out otherwise is enough. A test that has never been seen to
/// fail proves nothing.
async fn planted_bugs_are_caught(histories: &[History], report: &mut Report) {
    for canary in canary::OF_COMPACTION {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = Lake::builder().build().expect("a lake");
        lake.runtime().set_canary(canary, true);
        let player = Player::open(lake, folder.path().to_str().expect("UTF-8")).await.expect("a warehouse");
        let mut with_bug = Report::default();
        for history in histories {
            twin(&player, history, &mut with_bug).await;
            if !with_bug.faults.is_empty() {
                break;
            }
        }
        match with_bug.faults.first() {
            Some(fault) => figure(format!("{canary}: {}", fault.lines().next().unwrap_or_default())),
            // Few histories may have no compaction that it spoils.
            None if histories.len() < 20 => figure(format!("{canary}: not caught by so few histories")),
            None => report.faults.push(format!("`{canary}` was not caught by {} histories", histories.len())),
        }
    }
}

/// Histories that Java was asked for.
struct Chunk {
    folder: TempDir,
    answer: Option<Answer>,
}

/// Asks Java for histories of these seeds (the first, and how many).
fn begin(java: &mut Oracle, (seed, count): (u64, u64), steps: u64) -> Chunk {
    let folder = tempfile::tempdir().expect("a folder");
    let warehouse = folder.path().join("java").to_str().expect("UTF-8").to_owned();
    let numbers = [seed, count, steps].map(|number| number.to_string());
    let mut args = vec!["fuzz", &warehouse, "--format", "parquet"];
    args.extend(["--seed", &numbers[0], "--count", &numbers[1], "--ops", &numbers[2]]);
    args.extend(CELLS.iter().flat_map(|cell| ["--cell", cell]));
    java.send(&args, &[]);
    Chunk { folder, answer: None }
}

impl Chunk {
    /// Waits until Java has made them, so that it can be asked other things.
    fn wait(&mut self, java: &mut Oracle) {
        self.answer.get_or_insert_with(|| java.receive());
    }

    fn finish(&self, java: &mut Oracle, report: &mut Report) -> Vec<History> {
        let received;
        let answer = match &self.answer {
            Some(answer) => answer,
            None => {
                received = java.receive();
                &received
            }
        };
        if answer.exit != 0 {
            report.faults.push(format!("Java contradicts itself: {} {:?}", answer.error, answer.lines));
        }
        let mut folders: Vec<_> = fs::read_dir(self.folder.path().join("expected"))
            .expect("expected answers")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        folders.sort();
        folders.iter().map(|folder| History::read(folder).expect("a history")).collect()
    }
}

impl Report {
    /// Two answers about one table, which have to be the same.
    fn same(&mut self, history: &History, step: usize, what: &str, ours: Result<Vec<String>>, java: &[String]) {
        self.comparisons += 1;
        match ours.map(|ours| difference(&ours, java)) {
            Ok(None) => {}
            Ok(Some(said)) | Err(said) => self.fault(history, step, what, &said),
        }
    }

    /// Rows of a table and those of Java's table after the same steps.
    fn compare(&mut self, history: &History, step: usize, what: &str, ours: Result<Vec<String>>, java: &[String]) {
        self.comparisons += 1;
        match ours {
            Ok(ours) => match difference(&ours, java) {
                Some(_) if settled_rows_agree(history, step, &ours, java) => self.unsettled += 1,
                Some(difference) => self.fault(history, step, what, &difference),
                None => {}
            },
            Err(error) => self.fault(history, step, what, &error),
        }
    }

    fn fault(&mut self, history: &History, step: usize, what: &str, said: &str) {
        let History { seed, cell, .. } = history;
        let ops = history.steps.iter().find(|it| it.number == step).map(|it| described(&it.ops)).unwrap_or_default();
        self.faults.push(format!(
            "seed {seed}, {cell}, step {step} ({ops}): {what}: {said}\n      repeat with TIDELAKE_SEED={seed} \
             TIDELAKE_HISTORIES=1 TIDELAKE_STEPS={} .ci/run histories",
            history.steps.len()
        ));
    }

    fn skipped(&mut self, player: &Player) {
        for (kind, count) in player.skipped() {
            *self.skipped.entry(kind).or_default() += count;
        }
    }

    fn changes(&mut self, history: &History, what: &str, stream: &[String], snapshots: &[i64]) {
        let java_snapshots: Vec<i64> = history.steps.iter().map(|step| step.snapshot).collect();
        let java = changes::by_step(history.stream.as_deref().unwrap_or_default(), &java_snapshots);
        let compared = java.and_then(|java| {
            changes::by_step(stream, snapshots).and_then(|ours| changes::compare(history, &ours, &java))
        });
        self.comparisons += 1;
        match compared {
            Ok(comparison) => {
                self.changes[0] += comparison.equal;
                self.changes[1] += comparison.equal_by_sum;
                self.changes[2] += comparison.left_out;
                if let Some((step, said)) = comparison.fault {
                    self.fault(history, step, what, &said);
                }
            }
            Err(error) => self.fault(history, history.steps.len(), what, &error),
        }
    }
}

fn settled_rows_agree(history: &History, step: usize, ours: &[String], java: &[String]) -> bool {
    let Ok(unsettled) = history.unsettled(step) else { return false };
    !unsettled.is_empty() && history.without(ours, &unsettled) == history.without(java, &unsettled)
}

fn described(ops: &[Op]) -> String {
    let one = |op: &Op| match op {
        Op::Commit(commit) => {
            let overwrite = commit.overwrite.as_ref().map_or(String::new(), |spec| format!(" overwrite {spec:?}"));
            format!("{} rows, compact {}{overwrite}", commit.rows.len(), commit.compact.word())
        }
        Op::Alter { changes, .. } => changes.join(", "),
        Op::Tag(name) => format!("tag {name}"),
        Op::Other(kind) => kind.clone(),
    };
    ops.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The rows after each step, where they are known: a step without a commit changes none, but one that changes the schema changes
/// what they look like.
struct Expected<'a> {
    rows: Option<&'a [String]>,
}

impl<'a> Expected<'a> {
    fn after(&mut self, step: &'a Step) -> Option<&'a [String]> {
        if step.ops.iter().any(|op| matches!(op, Op::Alter { .. })) {
            self.rows = None;
        }
        if let Some(rows) = &step.rows {
            self.rows = Some(rows);
        }
        self.rows
    }
}

/// Replays a history on a table of our own; what differs so far is reported.
async fn twin(player: &Player, history: &History, report: &mut Report) -> Twin {
    let name = format!("twin_{}", history.seed);
    report.histories += 1;
    *report.cells.entry(history.cell.clone()).or_default() += 1;
    let mut twin = Twin {
        name: name.clone(),
        snapshots: Vec::new(),
        asked: Vec::new(),
        stream: Err("it was not read".to_owned()),
        audit_log: Err("it was not read".to_owned()),
    };
    if let Err(error) = create(player, &name, history).await {
        report.fault(history, 0, "create", &error);
        return twin;
    }
    let mut expected = Expected { rows: Some(&[]) };
    let mut altered_at = None;
    for step in &history.steps {
        report.steps += 1;
        for op in &step.ops {
            if let Err(error) = player.perform(&name, op).await {
                report.fault(history, step.number, "replay", &error);
                return twin;
            }
        }
        let latest = player.latest(&name).await.unwrap_or(0);
        twin.snapshots.push(latest);
        if step.ops.iter().any(|op| matches!(op, Op::Alter { .. })) {
            altered_at = Some(latest);
        }
        if let Some(rows) = expected.after(step) {
            let ours = player.rows(&name).await;
            // A snapshot is read with its own schema: one from before the change would not look like that.
            if let Ok(ours) = &ours
                && latest > 0
                && altered_at != Some(latest)
            {
                twin.asked.push((step.number, latest, ours.clone()));
            }
            report.compare(history, step.number, "rows", ours, rows);
        }
    }
    twin.stream = player.stream(&name).await;
    twin.audit_log = player.audit_log(&name).await;
    twin
}

async fn create(player: &Player, name: &str, history: &History) -> Result<()> {
    let json = history.create.as_ref().ok_or("a history without `create`")?;
    let schema = created_schema(json, player.lake().runtime().clock().now_ms())?;
    player.create(name, &schema).await
}

/// What Java says of the twin.
fn java_agrees(java: &mut Oracle, warehouse: &str, history: &History, twin: &Twin, report: &mut Report) {
    if twin.snapshots.len() < history.steps.len() {
        return;
    }
    let table = format!("db.{}", twin.name);
    for (_, snapshot, _) in &twin.asked {
        java.send(&["dump", warehouse, &table, "--option", &format!("scan.snapshot-id={snapshot}")], &[]);
    }
    ask_at_the_end(java, warehouse, &table);
    for (step, _, rows) in &twin.asked {
        match Result::from(java.receive()) {
            Ok(theirs) => report.same(history, *step, "rows as Java reads them", Ok(rows.clone()), &theirs),
            Err(error) => report.fault(history, *step, "rows as Java reads them", &error),
        }
    }
    at_the_end(java, history, "", (&twin.stream, &twin.audit_log), &twin.snapshots, report);
}

fn ask_at_the_end(java: &mut Oracle, warehouse: &str, table: &str) {
    let from = ["--option", "scan.mode=from-snapshot", "--option", "scan.snapshot-id=1", "--max-idle-ms", "20"];
    java.send(&[&["stream", warehouse, table], &from[..]].concat(), &[]);
    java.send(&["dump", warehouse, &format!("{table}$audit_log")], &[]);
    java.send(&["verify", warehouse, table], &[]);
}

/// The stream is the same for both, and its changes are those of Java's table; so is `$audit_log`, and Java finds the table sound.
fn at_the_end(
    java: &mut Oracle,
    history: &History,
    who: &str,
    (stream, audit_log): (&Result<Vec<String>>, &Result<Vec<String>>),
    snapshots: &[i64],
    report: &mut Report,
) {
    let last = history.steps.len();
    match Result::from(java.receive()) {
        Ok(lines) => report.same(history, last, &format!("{who}stream"), stream.clone(), &lines),
        Err(error) => report.fault(history, last, &format!("{who}stream as Java reads it"), &error),
    }
    match Result::from(java.receive()) {
        Ok(lines) => report.same(history, last, &format!("{who}audit_log"), audit_log.clone(), &lines),
        Err(error) => report.fault(history, last, &format!("{who}audit_log as Java reads it"), &error),
    }
    report.comparisons += 1;
    if let Err(problem) = Result::from(java.receive()) {
        report.fault(history, last, &format!("{who}verify"), &problem);
    }
    if let Ok(stream) = stream {
        report.changes(history, &format!("{who}changes"), stream, snapshots);
    }
}

/// Java and Tidelake act the history out on one table.
async fn in_turns(player: &Player, java: &mut Oracle, warehouse: &str, history: &History, report: &mut Report) {
    let name = format!("turns_{}", history.seed);
    let table = format!("db.{name}");
    let mut turns = Turns { player, java, warehouse, name: &name, table: &table };
    if let Err(error) = turns.create(history).await {
        return report.fault(history, 0, "in turns: create", &error);
    }
    let mut expected = Expected { rows: Some(&[]) };
    let mut snapshots = Vec::new();
    for step in &history.steps {
        let java_begins = (history.seed + step.number as u64).is_multiple_of(2);
        for op in &step.ops {
            if let Err(error) = turns.perform(op, java_begins).await {
                return report.fault(history, step.number, &format!("in turns: {}", turn(java_begins)), &error);
            }
        }
        snapshots.push(player.latest(&name).await.unwrap_or(0));
        if snapshots.last() == Some(&0) {
            continue;
        }
        let what = format!("in turns, {}: rows", turn(java_begins));
        let theirs = Result::from(turns.java.ask(&["dump", warehouse, &table], &[]));
        let ours = player.rows(&name).await;
        match (expected.after(step), theirs) {
            (rows, Ok(theirs)) => {
                report.same(history, step.number, &what, ours, &theirs);
                if let Some(rows) = rows {
                    report.compare(history, step.number, &what, Ok(theirs), rows);
                }
            }
            (_, Err(error)) => report.fault(history, step.number, &what, &error),
        }
    }
    ask_at_the_end(java, warehouse, &table);
    let (stream, audit_log) = (player.stream(&name).await, player.audit_log(&name).await);
    at_the_end(java, history, "in turns: ", (&stream, &audit_log), &snapshots, report);
}

fn turn(java_begins: bool) -> &'static str {
    if java_begins { "Java's turn" } else { "Tidelake's turn" }
}

/// A table that both change.
struct Turns<'a> {
    player: &'a Player,
    java: &'a mut Oracle,
    warehouse: &'a str,
    name: &'a str,
    table: &'a str,
}

impl Turns<'_> {
    /// One of the two makes it.
    async fn create(&mut self, history: &History) -> Result<()> {
        if history.seed.is_multiple_of(2) {
            return create(self.player, self.name, history).await;
        }
        let json = history.create.as_ref().ok_or("a history without `create`")?.to_string();
        self.ask(&["write", self.warehouse, self.table, "-", "--create", &json], &[])
    }

    fn ask(&mut self, args: &[&str], input: &[String]) -> Result<()> {
        Result::from(self.java.ask(args, input)).map(|_| ())
    }

    /// Where a commit brings rows and compacts, one writes and the other compacts.
    async fn perform(&mut self, op: &Op, java_begins: bool) -> Result<()> {
        let Op::Commit(commit) = op else { return self.perform_whole(op, java_begins).await };
        let both = matches!(commit.compact, Compact::Minor | Compact::Full) && !commit.rows.is_empty();
        if !both {
            return self.perform_whole(op, java_begins).await;
        }
        let rows = Op::Commit(Commit { compact: Compact::None, ..commit.clone() });
        self.perform_whole(&rows, java_begins).await?;
        match java_begins {
            true => self.player.compact(self.name, commit.compact == Compact::Full).await,
            false => self.ask(&["maintain", self.warehouse, self.table, "compact-full"], &[]),
        }
    }

    async fn perform_whole(&mut self, op: &Op, java_does_it: bool) -> Result<()> {
        if !java_does_it {
            // A user's commits are numbered by who makes them: two writers have two names.
            let op = match op {
                Op::Commit(commit) => {
                    Op::Commit(Commit { user: format!("tidelake-{}", commit.user), ..commit.clone() })
                }
                op => op.clone(),
            };
            return self.player.perform(self.name, &op).await;
        }
        let (warehouse, table) = (self.warehouse, self.table);
        match op {
            Op::Commit(commit) => {
                let id = commit.id.to_string();
                let mut args = vec!["write", warehouse, table, "-", "--compact", commit.compact.word()];
                args.extend(["--commit-user", &commit.user, "--commit-id", &id]);
                let spec = commit
                    .overwrite
                    .as_ref()
                    .map(|spec| spec.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","));
                args.extend(spec.iter().flat_map(|spec| ["--overwrite", spec]));
                self.ask(&args, &commit.rows)
            }
            Op::Alter { changes, .. } => {
                let mut args = vec!["maintain", warehouse, table, "alter"];
                args.extend(changes.iter().map(String::as_str));
                self.ask(&args, &[])
            }
            Op::Tag(name) => self.ask(&["maintain", warehouse, table, "tag", name], &[]),
            Op::Other(kind) => Err(format!("Java cannot do `{kind}` here")),
        }
    }
}
