//! Which tables and questions of an archive count: a rule over `case.json`, never a list of names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use integration_tests::replay::History;
use serde_json::Value;

use crate::replay::is_replayed;

/// A table of an archive with its questions.
pub(crate) struct Case {
    /// `db.table`
    pub(crate) table: String,
    /// What is asked of it.
    pub(crate) questions: Vec<Question>,
}

/// A question and what Java answered.
pub(crate) struct Question {
    /// Its name within the table.
    pub(crate) label: String,
    /// Whether it follows the table instead of reading it once.
    pub(crate) stream: bool,
    /// The system table it is asked of.
    pub(crate) system: Option<String>,
    /// Options of the call.
    pub(crate) options: Vec<(String, String)>,
    /// The columns wanted, if not all.
    pub(crate) project: Option<Vec<String>>,
    /// `col op literal`, all of which must be true.
    pub(crate) filters: Vec<String>,
    /// Whether kinds are printed.
    pub(crate) kinds: bool,
    /// The lines of the answer; `None` where the question must fail.
    pub(crate) answer: Option<Vec<String>>,
}

/// Options whose presence leaves a table out, whatever they say; a dot or dash at the end stands for all that begin so.
const LEFT_OUT: [&str; 10] = [
    "deletion-vector",
    "file-index.",
    "rowkind.field",
    "row-tracking.",
    "data-evolution.",
    "file.format.per.level",
    "bucket-function.",
    "data-file.path-directory",
    "data-file.external-paths",
    "scan.fallback-branch",
];

/// It only says where file indexes would be kept; without one it does nothing.
const HARMLESS: &str = "file-index.in-manifest-threshold";

const TYPES_LEFT_OUT: [&str; 4] = ["VARIANT", "BLOB", "VECTOR", "MULTISET"];

/// The cases of an unpacked archive, ordered by table.
pub(crate) fn selected(archive: &Path) -> Vec<Case> {
    folders(archive).iter().filter_map(|folder| case(folder)).collect()
}

/// The histories of an unpacked archive that can be replayed, ordered by table: tables in Parquet.
pub(crate) fn replayed(archive: &Path) -> Vec<History> {
    let covered = |folder: &PathBuf| {
        let case = case_json(folder);
        // Java itself loses rows there: another writer gets others (README of the oracle).
        let descends = case["options"]["sequence.field.sort-order"] == "descending";
        covered(&case) && !descends && only_parquet(archive, &case)
    };
    let histories =
        folders(archive).into_iter().filter(covered).map(|folder| History::read(&folder).expect("a history"));
    histories.filter(is_replayed).collect()
}

/// Whether all schemas that the table had say so.
fn only_parquet(archive: &Path, case: &Value) -> bool {
    let name = string(&case["table"]);
    let (database, table) = name.split_once('.').expect("db.table");
    let schemas = archive.join("wh").join(format!("{database}.db")).join(table).join("schema");
    fs::read_dir(schemas).expect("schemas").all(|entry| {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a schema");
        let schema: Value = serde_json::from_str(&text).expect("JSON");
        schema["options"].get("file.format").is_none_or(|format| format == "parquet")
    })
}

fn folders(archive: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = (fs::read_dir(archive.join("expected")).expect("expected answers"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|folder| folder.join("case.json").exists())
        .collect();
    folders.sort();
    folders
}

fn case_json(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("case.json")).expect("case.json");
    serde_json::from_str(&text).expect("JSON")
}

fn case(folder: &Path) -> Option<Case> {
    let case = case_json(folder);
    let asked = case["expected"].as_array().expect("questions");
    let branches = asked.iter().any(|question| string(&question["label"]).starts_with("branch"));
    if branches || !covered(&case) {
        return None;
    }
    let questions: Vec<_> =
        asked.iter().filter(|question| asked_here(question)).map(|it| question(folder, it)).collect();
    Some(Case { table: string(&case["table"]), questions })
}

fn covered(case: &Value) -> bool {
    let options = case["options"].as_object().expect("options");
    let among = |key: &str, default: &str, allowed: &[&str]| {
        allowed.contains(&options.get(key).map_or(default.to_owned(), string).to_lowercase().as_str())
    };
    let types = case["fields"].to_string();
    ["HASH_FIXED", "BUCKET_UNAWARE"].contains(&string(&case["bucket_mode"]).as_str())
        && among("file.format", "parquet", &["parquet", "orc", "avro"])
        && among("manifest.format", "avro", &["avro"])
        && among("merge-engine", "deduplicate", &["deduplicate"])
        && among("changelog-producer", "none", &["none", "input", "full-compaction"])
        // This build unfolds no others than these of Avro's codecs.
        && !["bzip2", "xz"].contains(&options.get("file.compression").map(string).unwrap_or_default().as_str())
        && !options.keys().any(|key| key != HARMLESS && LEFT_OUT.iter().any(|left| key.starts_with(left)))
        && !TYPES_LEFT_OUT.iter().any(|left| types.contains(left))
}

/// Batch reads of the table and four system tables, and two kinds of stream. What lies between two snapshots is asked of the
/// audit log; what differs between them, and what a consumer remembers, are other matters; so is what Java itself could not
/// answer, unless it had to refuse.
fn asked_here(question: &Value) -> bool {
    let options = question["options"].as_object().expect("options");
    let between = options.keys().any(|key| key.starts_with("incremental-between"));
    let audited = string(&question["table"]).ends_with("$audit_log") && !options.values().any(|value| value == "diff");
    let other = (between && !audited) || options.keys().any(|key| key.starts_with("consumer"));
    let unanswered = question.get("error").is_some() && !string(&question["label"]).starts_with("error-");
    let form = if question["command"] == "stream" {
        ["from-snapshot", "latest-full"].contains(&options.get("scan.mode").map(string).unwrap_or_default().as_str())
    } else {
        let table = string(&question["table"]);
        table
            .split_once('$')
            .is_none_or(|(_, system)| ["files", "snapshots", "manifests", "audit_log"].contains(&system))
    };
    form && !other && !unanswered
}

fn question(folder: &Path, json: &Value) -> Question {
    let strings = |value: &Value| value.as_array().map(|list| list.iter().map(string).collect::<Vec<_>>());
    let answer = json.get("file").map(|file| {
        let text = fs::read_to_string(folder.join(string(file))).expect("the answer");
        // Not `lines()`: it would take a `\r` away.
        text.split_terminator('\n').map(str::to_owned).collect()
    });
    Question {
        label: string(&json["label"]),
        stream: json["command"] == "stream",
        system: string(&json["table"]).split_once('$').map(|(_, system)| system.to_owned()),
        options: (json["options"].as_object().expect("options").iter())
            .map(|(key, value)| (key.clone(), string(value)))
            .collect(),
        project: strings(&json["project"]),
        filters: strings(&json["filter"]).unwrap_or_default(),
        kinds: json["kinds"] == true,
        answer,
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
