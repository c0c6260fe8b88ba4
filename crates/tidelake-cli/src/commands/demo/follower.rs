//! A second process that follows `orders`, and what it prints.

use std::{process::Stdio, time::Duration};

use tidelake::{ErrorKind, runtime::Runtime};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::report::{Failure, Result, local};

/// The process, and its lines.
pub(super) struct Follower {
    /// Ended when dropped.
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    runtime: Runtime,
}

/// What the follower saw.
#[derive(Default)]
pub(super) struct Seen {
    /// When the last row of each plan was read, in the runtime's nanoseconds. Plans without rows, of compactions, are not
    /// among them.
    pub(super) at: Vec<u64>,
    /// Rows of each kind: `+I -U +U -D`.
    pub(super) kinds: [usize; 4],
}

/// Longer than any commit takes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Follower {
    /// Follows from the first snapshot after the load.
    pub(super) fn start(warehouse: &str, runtime: Runtime) -> Result<Self> {
        let program = std::env::current_exe().map_err(|error| local("this program", error))?;
        let mut process = Command::new(program)
            .args([
                "tail",
                "tpch.orders",
                "--from",
                "snapshot:2",
                "--kinds",
                "--format",
                "canonical",
                "--warehouse",
                warehouse,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| local("a second tide", error))?;
        let Some(output) = process.stdout.take() else {
            return Err(Failure::new(ErrorKind::Internal, "the follower has no output"));
        };
        Ok(Self { _process: process, lines: BufReader::with_capacity(1 << 20, output).lines(), runtime })
    }

    /// Reads so many plans with rows. Times are those of reading: run it beside the commits.
    pub(super) async fn plans(&mut self, count: usize) -> Result<Seen> {
        let (mut seen, mut has_rows) = (Seen::default(), false);
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            let line = match line {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return Err(Failure::new(ErrorKind::Internal, "the follower ended early")),
                Ok(Err(error)) => return Err(local("the follower", error)),
                Err(_) => {
                    return Err(Failure::new(
                        ErrorKind::Internal,
                        format!("the follower saw {} commits of {count}", seen.at.len()),
                    ));
                }
            };
            if let Some(kind) =
                ["+I", "-U", "+U", "-D"].iter().position(|kind| line.starts_with(&format!("{{\"_kind\":\"{kind}\"")))
            {
                seen.kinds[kind] += 1;
                has_rows = true;
            } else if line.contains("\"_next\":") && std::mem::take(&mut has_rows) {
                seen.at.push(self.runtime.clock().monotonic_ns());
                if seen.at.len() == count {
                    return Ok(seen);
                }
            }
        }
    }
}
