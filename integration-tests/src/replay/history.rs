//! What was done to a table, step by step, and the rows after each step.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::Result;
use crate::answers::text;

/// A table's history as the oracle wrote it down.
#[derive(Debug)]
pub struct History {
    /// `db.table` in Java's warehouse.
    pub table: String,
    /// What kind of table: engine/producer/mode/buckets.
    pub cell: String,
    /// What it was drawn from.
    pub seed: u64,
    /// Its columns that make a key.
    pub keys: Vec<String>,
    /// What `write --create` takes; none where the table has to be made from its files.
    pub create: Option<Value>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// Java's stream of all changes from the first snapshot on, with its `_plan` lines.
    pub stream: Option<Vec<String>>,
    /// Java's `$audit_log` at the end.
    pub audit_log: Option<Vec<String>>,
}

/// What happens between two marks.
#[derive(Debug, Default)]
pub struct Step {
    /// Its number in the history, from 1.
    pub number: usize,
    /// What is done, in order.
    pub ops: Vec<Op>,
    /// The newest snapshot of Java's table afterwards; 0 for none.
    pub snapshot: i64,
    /// The rows afterwards, where Java was asked.
    pub rows: Option<Vec<String>>,
}

/// One thing that is done to a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Rows, a compaction, or both.
    Commit(Commit),
    /// Another schema, by changes in the words of `maintain alter`; no words where only its number is known.
    Alter {
        /// The number of the schema that it makes.
        schema_id: i64,
        /// The words.
        changes: Vec<String>,
    },
    /// A tag on the newest snapshot.
    Tag(String),
    /// Anything else, by its name.
    Other(String),
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commit {
    /// Who commits.
    pub user: String,
    /// The number of the commit.
    pub id: i64,
    /// How it compacts.
    pub compact: Compact,
    /// That it replaces rows: those of this partition, or by partitions touched.
    pub overwrite: Option<BTreeMap<String, String>>,
    /// Its watermark.
    pub watermark: Option<i64>,
    /// Options of the table for this commit alone.
    pub options: Vec<(String, String)>,
    /// Canonical lines with `_kind`.
    pub rows: Vec<String>,
}

/// What a commit does beside adding its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compact {
    /// Nothing: `write-only`.
    #[default]
    None,
    /// What the table's options find worth it.
    Auto,
    /// It compacts the buckets that it touched, as the options find worth it.
    Minor,
    /// It compacts every bucket into one run.
    Full,
}

impl History {
    /// Reads `case.json`, `input.jsonl` and the answers of a folder `expected/DB.TABLE`.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            fs::read_to_string(folder.join(name)).map_err(|error| format!("{}: {error}", folder.join(name).display()))
        };
        // Not `lines()`: it would take a `\r` away.
        let answer = |name: &str| read(name).map(|text| text.split_terminator('\n').map(str::to_owned).collect());
        let case: Value = serde_json::from_str(&read("case.json")?).map_err(text)?;
        let keys = case["primaryKeys"].as_array().map(|keys| keys.iter().map(string).collect());
        let optional = |name: &str| folder.join(name).exists().then(|| answer(name)).transpose();
        let mut history = Self {
            table: string(&case["table"]),
            cell: string(&case["case"]).trim_start_matches("fuzz/").to_owned(),
            seed: case["seed"].as_u64().unwrap_or_default(),
            keys: keys.unwrap_or_default(),
            create: None,
            steps: Vec::new(),
            stream: optional("stream-from-1.jsonl")?,
            audit_log: optional("audit-log.jsonl")?,
        };
        let mut step = Step { number: 1, ..Step::default() };
        for line in read("input.jsonl")?.split_terminator('\n') {
            let value: Value = serde_json::from_str(line).map_err(text)?;
            match value["_op"].as_str() {
                None => match step.ops.last_mut() {
                    Some(Op::Commit(commit)) => commit.rows.push(line.to_owned()),
                    _ => return Err(format!("{}: a row outside of a commit", history.table)),
                },
                Some("create") => history.create = Some(value["schema"].clone()),
                Some("mark") => {
                    step.snapshot = value["snapshot"].as_i64().unwrap_or_default();
                    step.rows = value["label"].as_str().map(|label| answer(&format!("{label}.jsonl"))).transpose()?;
                    let next = Step { number: step.number + 1, ..Step::default() };
                    history.steps.push(std::mem::replace(&mut step, next));
                }
                Some(kind) => step.ops.push(op(kind, &value)?),
            }
        }
        if !step.ops.is_empty() {
            step.rows = optional("latest.jsonl")?;
            history.steps.push(step);
        }
        Ok(history)
    }
}

fn op(kind: &str, value: &Value) -> Result<Op> {
    Ok(match kind {
        "commit" => Op::Commit(Commit {
            user: string(&value["user"]),
            id: value["id"].as_i64().ok_or("a commit without id")?,
            compact: compact(&string(&value["compact"]))?,
            overwrite: value["overwrite"]
                .as_object()
                .map(|spec| spec.iter().map(|(key, value)| (key.clone(), string(value))).collect()),
            watermark: value["watermark"].as_i64(),
            options: strings(&value["options"])
                .chunks_exact(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect(),
            rows: Vec::new(),
        }),
        "alter" => Op::Alter {
            schema_id: value["schema_id"].as_i64().ok_or("an alter without schema_id")?,
            changes: strings(&value["changes"]),
        },
        "tag" => Op::Tag(string(&value["name"])),
        other => Op::Other(other.to_owned()),
    })
}

fn compact(word: &str) -> Result<Compact> {
    match word {
        "none" => Ok(Compact::None),
        "auto" => Ok(Compact::Auto),
        "minor" => Ok(Compact::Minor),
        "full" => Ok(Compact::Full),
        other => Err(format!("an unknown way to compact: {other}")),
    }
}

impl Compact {
    /// As the oracle spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Auto => "auto",
            Self::Minor => "minor",
            Self::Full => "full",
        }
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().map(|list| list.iter().map(string).collect()).unwrap_or_default()
}
