//! The Java oracle: one JVM that answers question after question (see `interop/oracle/README.md`).

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use integration_tests::{figure, replay::Result};
use serde_json::{Value, json};

/// A running oracle; its JVM ends with it.
pub(crate) struct Oracle {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a command printed and how it ended.
pub(crate) struct Answer {
    pub(crate) lines: Vec<String>,
    pub(crate) exit: i64,
    pub(crate) error: String,
}

impl From<Answer> for Result<Vec<String>> {
    fn from(answer: Answer) -> Self {
        if answer.exit == 0 { Ok(answer.lines) } else { Err(format!("{} {:?}", answer.error, answer.lines)) }
    }
}

pub(crate) fn interop_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

/// A variable that these tests cannot do without: the feature `interop` was asked for.
pub(crate) fn needed(variable: &str, what: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("set {variable} to {what}; `.ci/run` does so"))
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let class_path =
            needed("TIDELAKE_ORACLE_CLASSPATH", "a file made by integration-tests/interop/oracle/classpath.sh 1.4.2");
        let mut process = Command::new(interop_folder().join("oracle/run.sh"))
            .args([&class_path, "serve"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("run.sh starts");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut oracle = Self { process, questions, answers };
        let version = oracle.ask(&["version"], &[]);
        assert_eq!(version.exit, 0, "{}", version.error);
        figure(format!("oracle: {}", version.lines[0]));
        oracle
    }

    pub(crate) fn ask(&mut self, args: &[&str], input: &[String]) -> Answer {
        self.send(args, input);
        self.receive()
    }

    /// Asks and does not wait: the answers come by [`Self::receive`] in the order of the questions. Many long questions would
    /// fill the pipe while the answers fill the other.
    pub(crate) fn send(&mut self, args: &[&str], input: &[String]) {
        let pipe = self.questions.as_mut().expect("open until dropped");
        writeln!(pipe, "{}", json!({ "args": args, "input": input }))
            .and_then(|()| pipe.flush())
            .expect("the oracle listens");
    }

    pub(crate) fn receive(&mut self) -> Answer {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).expect("UTF-8") > 0, "the oracle ended before it had answered");
            line.truncate(line.trim_end_matches('\n').len());
            if line.starts_with("{\"_done\":true") {
                let done: Value = serde_json::from_str(&line).expect("JSON");
                let error = done["error"].as_str().unwrap_or_default().to_owned();
                return Answer { lines, exit: done["exit"].as_i64().unwrap_or(-1), error };
            }
            lines.push(line);
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.process.wait();
    }
}
