//! Tidelake against other implementations: what one writes the others read, row for row.
//!
//! Every comparison counts; what differs is collected and shown at the end. Rows follow from `TIDELAKE_SEED` (printed).
#![expect(clippy::panic, reason = "tests")]

mod histories;
mod oracle;
mod ours;
mod rows;
mod shapes;

use std::process::Command;

use integration_tests::figure;
use oracle::{Oracle, interop_folder, needed};
use ours::{Ours, Result, Shape};
use rows::{Random, row, value};
use tidelake_table::{Filter, Literal, col};
use tidelake_types::{DataField, parse_canonical};

/// A warehouse that Tidelake and Java both have open, and what came of comparing.
struct Bench {
    warehouse: String,
    ours: Ours,
    java: Oracle,
    random: Random,
    comparisons: usize,
    faults: Vec<String>,
}

impl Bench {
    /// Compares lines; an error on either side is a fault too.
    fn compare(&mut self, what: &str, ours: Result<Vec<String>>, java: Result<Vec<String>>) {
        self.comparisons += 1;
        match (ours, java) {
            (Ok(ours), Ok(java)) if ours == java => {}
            (Ok(ours), Ok(java)) => {
                let at =
                    ours.iter().zip(&java).position(|(ours, java)| ours != java).unwrap_or(ours.len().min(java.len()));
                self.faults.push(format!(
                    "{what}: {} lines, expected {}; the first that differs is {at}:\n    {:?}\n    {:?}",
                    ours.len(),
                    java.len(),
                    ours.get(at),
                    java.get(at)
                ));
            }
            (ours, java) => self.faults.push(format!(
                "{what}: ours {:?}, theirs {:?}",
                ours.map(|lines| lines.len()),
                java.map(|lines| lines.len())
            )),
        }
    }

    fn ask(&mut self, command: &str, table: &str, more: &[&str], input: &[String]) -> Result<Vec<String>> {
        let (warehouse, name) = (self.warehouse.clone(), format!("db.{table}"));
        let args: Vec<&str> = [command, &warehouse, &name].into_iter().chain(more.iter().copied()).collect();
        let answer = self.java.ask(&args, input);
        if answer.exit == 0 {
            Ok(answer.lines)
        } else {
            Err(format!("{command} {more:?}: {} {:?}", answer.error, answer.lines))
        }
    }

    async fn dumps_agree(&mut self, table: &str, when: &str) {
        let ours = self.ours.dump(table, None, None).await;
        let java = self.ask("dump", table, &[], &[]);
        self.compare(&format!("{table} {when}"), ours, java);
    }

    fn verified(&mut self, table: &str, when: &str) {
        self.comparisons += 1;
        if let Err(problem) = self.ask("verify", table, &[], &[]) {
            self.faults.push(format!("{table} {when}: {problem}"));
        }
    }

    /// Every snapshot, the stream, and a filter on each atomic column.
    async fn everything_agrees(&mut self, shape: &Shape) {
        let table = shape.name.as_str();
        self.dumps_agree(table, "latest").await;
        let latest = self.ours.latest(table).await.unwrap_or(0);
        for id in 1..latest {
            let ours = self.ours.dump(table, Some(id), None).await;
            let java = self.ask("dump", table, &["--option", &format!("scan.snapshot-id={id}")], &[]);
            self.compare(&format!("{table} at snapshot {id}"), ours, java);
        }
        let ours = self.ours.stream(table).await;
        let from = ["--option", "scan.mode=from-snapshot", "--option", "scan.snapshot-id=1", "--max-idle-ms", "20"];
        let java = self.ask("stream", table, &from, &[]);
        self.compare(&format!("{table} stream"), ours, java);
        for field in shape.fields() {
            let Some((filter, text)) = self.filter(&field) else { continue };
            let ours = self.ours.dump(table, None, Some(filter)).await;
            let java = self.ask("dump", table, &["--filter", &text], &[]);
            self.compare(&format!("{table} where {text}"), ours, java);
        }
        self.verified(table, "verify");
    }

    /// A comparison with a random value, for us and for Java; floating point is left out: NaN and -0.0 are Java's own.
    fn filter(&mut self, field: &DataField) -> Option<(Filter, String)> {
        use tidelake_types::TypeKind as K;
        if field.data_type.kind.is_nested()
            || matches!(field.data_type.kind, K::Float | K::Double | K::Boolean | K::Binary(_) | K::Varbinary(_))
        {
            return None;
        }
        let text = value(&field.data_type.clone().with_nullable(false), true, &mut self.random);
        let json = serde_json::from_str(&text).expect("canonical");
        let scalar = parse_canonical(&json, &field.data_type).expect("canonical")?;
        let (column, literal) = (col(field.name.clone()), Literal::Scalar(scalar));
        let name = &field.name;
        Some(match self.random.below(4) {
            0 => (column.eq(literal), format!("{name} = {text}")),
            1 => (column.lt(literal), format!("{name} < {text}")),
            2 => (column.gt_eq(literal), format!("{name} >= {text}")),
            _ => (column.is_null(), format!("{name} is-null")),
        })
    }

    /// Rows for a commit; of a key table some are deletes.
    fn rows(&mut self, shape: &Shape, count: usize) -> Vec<String> {
        let fields = shape.fields();
        let small = |name: &str| shape.keys.iter().chain(&shape.partitions).any(|key| key == name);
        (0..count)
            .map(|_| {
                let line = row(&fields, &small, &mut self.random);
                let deletes = !shape.keys.is_empty() && self.random.below(4) == 0;
                if deletes { line.replacen('{', "{\"_kind\":\"-D\",", 1) } else { line }
            })
            .collect()
    }
}

async fn tidelake_writes_java_reads(bench: &mut Bench) {
    for shape in shapes::all("o_") {
        if let Err(error) = bench.ours.create(&shape).await {
            bench.faults.push(format!("{} create: {error}", shape.name));
            continue;
        }
        for _ in 0..3 {
            let lines = bench.rows(&shape, 25);
            if let Err(error) = bench.ours.write(&shape.name, &lines).await {
                bench.faults.push(format!("{} write: {error}", shape.name));
            }
        }
        bench.everything_agrees(&shape).await;
    }
}

async fn java_writes_tidelake_reads(bench: &mut Bench) {
    for (shape, compact) in shapes::all("j_").into_iter().zip(["none", "auto", "full"].into_iter().cycle()) {
        for round in 0..3 {
            let lines = bench.rows(&shape, 25);
            let id = round.to_string();
            let more =
                ["-", "--create", &shape.json(), "--compact", compact, "--commit-user", "java", "--commit-id", &id];
            if let Err(error) = bench.ask("write", &shape.name, &more, &lines) {
                bench.faults.push(format!("{} java writes: {error}", shape.name));
            }
        }
        bench.everything_agrees(&shape).await;
    }
}

async fn both_write_in_turns(bench: &mut Bench) {
    for shape in shapes::in_turns() {
        if let Err(error) = bench.ours.create(&shape).await {
            bench.faults.push(format!("{} create: {error}", shape.name));
            continue;
        }
        for round in 0..8 {
            let lines = bench.rows(&shape, 20);
            let written = if round % 2 == 0 {
                bench.ours.write(&shape.name, &lines).await
            } else {
                let compact = ["none", "full", "auto", "none"][round / 2];
                bench
                    .ask(
                        "write",
                        &shape.name,
                        &["-", "--compact", compact, "--commit-user", "java", "--commit-id", &round.to_string()],
                        &lines,
                    )
                    .map(|_| ())
            };
            if let Err(error) = written {
                bench.faults.push(format!("{} round {round}: {error}", shape.name));
            }
            bench.dumps_agree(&shape.name, &format!("after round {round}")).await;
            bench.verified(&shape.name, &format!("after round {round}"));
        }
        bench.everything_agrees(&shape).await;
    }
}

/// Types that JSON has by itself, and dates.
async fn pypaimon_reads(bench: &mut Bench) {
    let python = needed("TIDELAKE_PYTHON", "a Python that has pypaimon 2.1.0");
    for shape in shapes::plain() {
        let mut written = bench.ours.create(&shape).await;
        for _ in 0..3 {
            let lines = bench.rows(&shape, 25);
            if written.is_ok() {
                written = bench.ours.write(&shape.name, &lines).await;
            }
        }
        let ours = match written {
            Ok(()) => bench.ours.dump(&shape.name, None, None).await,
            Err(error) => Err(error),
        };
        let output = Command::new(&python)
            .arg(interop_folder().join("pypaimon_read.py"))
            .args([&bench.warehouse, &format!("db.{}", shape.name)])
            .output()
            .expect("Python starts");
        let theirs = if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout)
                .lines()
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).lines().rev().take(3).collect::<Vec<_>>().join(" | "))
        };
        bench.compare(&format!("{} by pypaimon", shape.name), ours, theirs);
        bench.dumps_agree(&shape.name, "latest").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tidelake_java_and_python_read_each_others_tables() {
    let seed = std::env::var("TIDELAKE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    figure(format!("TIDELAKE_SEED={seed}"));
    let folder = tempfile::tempdir().expect("a folder");
    let warehouse = folder.path().to_str().expect("UTF-8").to_owned();
    let ours = Ours::open(&warehouse).await;
    let mut bench =
        Bench { warehouse, ours, java: Oracle::start(), random: Random(seed), comparisons: 0, faults: Vec::new() };
    tidelake_writes_java_reads(&mut bench).await;
    figure(format!("tidelake writes, java reads: {} comparisons", bench.comparisons));
    java_writes_tidelake_reads(&mut bench).await;
    figure(format!("and java writes, tidelake reads: {} comparisons", bench.comparisons));
    both_write_in_turns(&mut bench).await;
    figure(format!("and both in turns: {} comparisons", bench.comparisons));
    pypaimon_reads(&mut bench).await;
    figure(format!("{} comparisons, {} faults", bench.comparisons, bench.faults.len()));
    assert!(bench.faults.is_empty(), "{}", bench.faults.join("\n"));
    assert!(bench.comparisons >= 200, "only {} comparisons", bench.comparisons);
}
