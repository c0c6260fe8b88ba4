//! A folder with a lake, and the program run in it.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// A lake in a folder that goes away with the test.
pub(crate) struct Folder(tempfile::TempDir);

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into the folder; its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `tide ARGS --warehouse LAKE`, its standard input at its end.
    pub(crate) fn tide(&self, args: &[&str]) -> Ran {
        self.tide_with(args, b"")
    }

    /// As [`Self::tide`], with this on standard input.
    pub(crate) fn tide_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tide"));
        command.args(args).arg("--warehouse").arg(self.path().join("lake")).env("HOME", self.path());
        let mut run = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Who does not read it has closed it.
        let _ = run.stdin.take().unwrap().write_all(input);
        let Output { status, stdout, stderr } = run.wait_with_output().unwrap();
        // Files of Parquet are no text.
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// One statement that succeeds; what it prints as CSV.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let ran = self.tide(&["sql", "--format", "csv", "-c", statement]);
        assert_eq!(ran.code, Some(0), "{statement}: {}", ran.stderr);
        ran.stdout
    }
}
