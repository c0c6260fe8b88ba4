//! Tables that Java wrote are read as Java reads them, row for row.
//!
//! The archives in `integration-tests/golden` hold tables with questions and Java's answers; which of them count is a rule
//! ([`cases`]), and of those none may differ.

#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

#[path = "golden/ask.rs"]
mod ask;
#[path = "golden/cases.rs"]
mod cases;
#[path = "golden/replay.rs"]
mod replay;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use cases::{Case, Question};
use futures::{StreamExt, stream};
use integration_tests::{figure, replay::difference};
use tempfile::TempDir;
use tidelake::{Catalog, Lake, Options};
use tidelake_testing::canary;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_the_newest_java_read_alike() {
    answers_agree("dev-2x", 265, 1023).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_java_1_4_read_alike() {
    answers_agree("dev-14", 265, 1022).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_java_0_9_read_alike() {
    answers_agree("dev-09", 237, 915).await;
}

/// Commits, compactions, overwrites, schema changes, tags and a second writer, in random order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_histories_of_java_1_4_read_alike() {
    answers_agree("fuzz-14", 6, 122).await;
}

/// Compactions, overwrites and schema changes, as they went into the tables of the suite.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_java_1_4_wrote_comes_out_alike_when_tidelake_writes_it() {
    let (_folder, archive) = unpacked("dev-14");
    replay::rows_agree(&archive, 65).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_histories_of_java_1_4_come_out_alike_when_tidelake_writes_them() {
    let (_folder, archive) = unpacked("fuzz-14");
    replay::rows_agree(&archive, 6).await;
}

/// The same histories with a bug in compaction: a test that has never been seen to fail proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn planted_bugs_of_compaction_come_out_otherwise() {
    let (_folder, archive) = unpacked("fuzz-14");
    for canary in canary::OF_COMPACTION {
        let said = replay::caught(&archive, canary).await;
        figure(format!("{canary}: {}", said.as_deref().unwrap_or("not caught").lines().next().unwrap_or_default()));
        assert!(said.is_some(), "`{canary}` was not caught");
    }
}

/// An archive in a temporary folder.
fn unpacked(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.tar.zst"));
    let plain = zstd::Decoder::new(File::open(packed).expect("the archive")).expect("zstd");
    tar::Archive::new(plain).unpack(folder.path()).expect("a sound archive");
    let archive = folder.path().join(name);
    (folder, archive)
}

/// Every selected question of an archive, and at least so many tables and questions.
async fn answers_agree(name: &str, least_tables: usize, least_questions: usize) {
    let (_folder, archive) = unpacked(name);
    let warehouse = archive.join("wh").to_str().expect("a path in UTF-8").to_owned();

    let cases = cases::selected(&archive);
    let tables = cases.len();
    let questions: usize = cases.iter().map(|case| case.questions.len()).sum();
    figure(format!("{name}: {tables} tables, {questions} questions"));

    let lake = Lake::builder().build().expect("a lake");
    let catalog = lake.open_catalog(&Options::from([("warehouse", warehouse.as_str())])).await.expect("the warehouse");
    let faults: Vec<String> = stream::iter(cases)
        .map(|case| {
            let (lake, catalog, warehouse) = (lake.clone(), Arc::clone(&catalog), warehouse.clone());
            async move { faults_of(&lake, &catalog, &warehouse, &case).await }
        })
        .buffer_unordered(8)
        .flat_map(stream::iter)
        .collect()
        .await;
    figure(format!("{name}: {} answers as Java's", questions - faults.len()));
    assert!(faults.is_empty(), "{name}: {} of {questions} answers differ\n{}", faults.len(), faults.join("\n"));
    assert!(tables >= least_tables, "{name}: {tables} tables, at least {least_tables} expected");
    assert!(questions >= least_questions, "{name}: {questions} questions, at least {least_questions} expected");
}

/// What is not as in Java.
async fn faults_of(lake: &Lake, catalog: &Arc<dyn Catalog>, warehouse: &str, case: &Case) -> Vec<String> {
    let table = match lake.table(catalog, &case.table).await {
        Ok(table) => table,
        Err(error) => return vec![format!("{}: cannot be opened: {error}", case.table)],
    };
    let mut faults = Vec::new();
    for question in &case.questions {
        let fault = match (ask::ask(&table, question).await, &question.answer) {
            (Err(_), None) => None,
            (Ok(lines), None) => Some(format!("{} lines where an error was due", lines.len())),
            (Err(error), Some(_)) => Some(format!("failed: {error}")),
            (Ok(lines), Some(answer)) => {
                let answer: Vec<_> = answer.iter().map(|line| line.replace("${WAREHOUSE}", warehouse)).collect();
                difference(&lines, &answer)
            }
        };
        faults.extend(fault.map(|fault| format!("{} {}: {fault}", case.table, described(question))));
    }
    faults
}

fn described(question: &Question) -> String {
    let system = question.system.as_ref().map_or(String::new(), |system| format!(" ${system}"));
    format!("{}{system} {:?} {:?}", question.label, question.options, question.filters)
}
