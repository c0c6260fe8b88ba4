//! Tables that Java wrote are read as Java reads them, row for row.
//!
//! The archives in `integration-tests/golden` hold tables with questions and Java's answers; which of them count is a rule
//! ([`cases`]), and of those none may differ.
//!
//! Two tables of each archive changed `file.format` on the way: they are Parquet tables with ORC and Avro files among their
//! data. This build reads Parquet data only and must say so, with a typed error, for every answer that needs those files;
//! how many such answers there are is exact, so that a format that arrives is noticed here.

#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

#[path = "golden/ask.rs"]
mod ask;
#[path = "golden/cases.rs"]
mod cases;

use std::{fs::File, path::Path, sync::Arc};

use cases::{Case, Question};
use futures::{StreamExt, stream};
use integration_tests::figure;
use tidelake::{Catalog, Classify, ErrorKind, Lake, Options};

/// Per archive, the answers that need ORC or Avro data.
const REFUSED: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_the_newest_java_read_alike() {
    answers_agree("dev-2x", 145, 537).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_java_1_4_read_alike() {
    answers_agree("dev-14", 142, 521).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_java_0_9_read_alike() {
    answers_agree("dev-09", 124, 467).await;
}

/// Every selected question of an archive, and at least so many tables and questions.
async fn answers_agree(name: &str, least_tables: usize, least_questions: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.tar.zst"));
    let plain = zstd::Decoder::new(File::open(packed).expect("the archive")).expect("zstd");
    tar::Archive::new(plain).unpack(folder.path()).expect("a sound archive");
    let archive = folder.path().join(name);
    let warehouse = archive.join("wh").to_str().expect("a path in UTF-8").to_owned();

    let cases = cases::selected(&archive);
    let tables = cases.len();
    let questions: usize = cases.iter().map(|case| case.questions.len()).sum();
    figure(format!("{name}: {tables} tables, {questions} questions"));

    let lake = Lake::builder().build().expect("a lake");
    let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse.as_str())])).await.expect("the warehouse");
    let faults: Vec<Fault> = stream::iter(cases)
        .map(|case| {
            let (lake, catalog, warehouse) = (lake.clone(), Arc::clone(&catalog), warehouse.clone());
            async move { faults_of(&lake, &catalog, &warehouse, &case).await }
        })
        .buffer_unordered(8)
        .flat_map(stream::iter)
        .collect()
        .await;
    let (refused, faults): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| matches!(fault, Fault::OtherFormat));
    figure(format!(
        "{name}: {} answers as Java's, {} refused for data in another format",
        questions - refused.len() - faults.len(),
        refused.len()
    ));
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{name}: {} of {questions} answers differ\n{}", faults.len(), faults.join("\n"));
    assert_eq!(refused.len(), REFUSED, "{name}: answers that need another format than Parquet");
    assert!(tables >= least_tables, "{name}: {tables} tables, at least {least_tables} expected");
    assert!(questions >= least_questions, "{name}: {questions} questions, at least {least_questions} expected");
}

/// Why an answer is not Java's.
enum Fault {
    /// A data file is not Parquet: not read, and the error says so.
    OtherFormat,
    /// Anything else: never right.
    Wrong(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OtherFormat => f.write_str("data in another format"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

async fn faults_of(lake: &Lake, catalog: &Arc<dyn Catalog>, warehouse: &str, case: &Case) -> Vec<Fault> {
    let table = match lake.table(catalog, &case.table).await {
        Ok(table) => table,
        Err(error) => return vec![Fault::Wrong(format!("{}: cannot be opened: {error}", case.table))],
    };
    let other_format = has_other_formats(&Path::new(warehouse).join(case.table.replacen('.', ".db/", 1)));
    let mut faults = Vec::new();
    for question in &case.questions {
        let fault = match (ask::ask(&table, question).await, &question.answer) {
            (Err(_), None) => None,
            (Ok(lines), None) => Some(format!("{} lines where an error was due", lines.len())),
            (Err(error), Some(_)) if other_format && error.to_string().contains("no file format is called") => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                faults.push(Fault::OtherFormat);
                None
            }
            (Err(error), Some(_)) => Some(format!("failed: {error}")),
            (Ok(lines), Some(answer)) => difference(&lines, answer, warehouse),
        };
        faults.extend(fault.map(|fault| Fault::Wrong(format!("{} {}: {fault}", case.table, described(question)))));
    }
    faults
}

/// Whether a data file below the folder is ORC or Avro.
fn has_other_formats(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.into_iter().any(|path| {
        let named = |begin: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begin));
        let data = named("data-") && path.extension().is_some_and(|end| end == "orc" || end == "avro");
        data || (path.is_dir() && !named("manifest") && has_other_formats(&path))
    })
}

fn described(question: &Question) -> String {
    let system = question.system.as_ref().map_or(String::new(), |system| format!(" ${system}"));
    format!("{}{system} {:?} {:?}", question.label, question.options, question.filters)
}

/// The first lines that differ.
fn difference(lines: &[String], answer: &[String], warehouse: &str) -> Option<String> {
    let answer: Vec<_> = answer.iter().map(|line| line.replace("${WAREHOUSE}", warehouse)).collect();
    if lines == answer {
        return None;
    }
    let at = lines.iter().zip(&answer).take_while(|(ours, java)| ours == java).count();
    let shown = |lines: &[String]| lines.get(at).map_or("(end)", String::as_str).to_owned();
    Some(format!(
        "{} lines, Java {}; line {}\n    ours {}\n    Java {}",
        lines.len(),
        answer.len(),
        at + 1,
        shown(lines),
        shown(&answer)
    ))
}
