//! `tide tail`: follows a table and prints its changes.

use std::{path::Path, time::Duration};

use futures::{FutureExt, StreamExt, TryStreamExt, select_biased};
use tidelake::ErrorKind;

use crate::{
    args::{Format, TailArgs},
    output::Printer,
    report::{Failure, Result, local, of_rows},
    session::Session,
};

/// How often the position is looked at while nothing comes.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn run(args: TailArgs) -> Result<()> {
    let until = args.until;
    let session = Session::open(&args.table.lake).await?;
    let (table, system) = session.table(&args.table).await?;
    let audit_log = match system.as_deref() {
        None => false,
        Some("audit_log") => true,
        Some(system) => {
            let message = format!("`${system}` cannot be followed: only tables can, and `$audit_log`");
            return Err(Failure::new(ErrorKind::InvalidInput, message));
        }
    };
    let canonical = args.format == Format::Canonical;
    let builder = match args.from {
        Some(start) => table.stream(start),
        None => table.stream_by_options(),
    };
    let mut builder = builder.wide_timestamps(canonical);
    if audit_log {
        builder = builder.audit_log();
    }
    if let Some(columns) = &args.select {
        builder = builder.project(columns.iter().cloned());
    }
    if let Some(checkpoint) = args.checkpoint.as_deref().map(read_checkpoint).transpose()?.flatten() {
        builder = builder.resume(checkpoint);
    }
    let mut plans = builder.build().await?;
    let mut printer = Printer::new(args.format, plans.fields().to_vec(), args.kinds, false);
    let clock = session.lake.runtime().clone();
    let mut quiet_since = clock.clock().monotonic_ns();
    loop {
        // Snapshots without rows move the position but bring no plan: so it is looked at between waits.
        let mut pause = clock.clock().sleep(LOOK_EVERY).fuse();
        let plan = select_biased! {
            plan = plans.next().fuse() => plan,
            () = pause => {
                let passed = until.is_some_and(|until| plans.next_snapshot().is_some_and(|next| next > until));
                let quiet = Duration::from_nanos(clock.clock().monotonic_ns().saturating_sub(quiet_since));
                if passed || args.until_idle.is_some_and(|idle| quiet >= idle) {
                    return printer.finish();
                }
                continue;
            }
        };
        let mut plan =
            plan.transpose()?.ok_or_else(|| Failure::new(ErrorKind::Internal, "the stream ended by itself"))?;
        if until.is_some_and(|until| plan.snapshot_id.is_some_and(|shown| shown > until)) {
            return printer.finish();
        }
        let mut rows = 0;
        while let Some(batch) = plan.changes.try_next().await.map_err(of_rows(&args.table.table))? {
            rows += batch.rows.num_rows();
            printer.batch(&batch.rows, Some(&batch.kinds))?;
        }
        if canonical {
            printer
                .note(&format!("{{\"_plan\":{},\"_next\":{},\"_rows\":{rows}}}", plan.number, plan.next_snapshot))?;
        }
        printer.flush()?;
        if let Some(path) = &args.checkpoint {
            write_checkpoint(path, &plan.checkpoint)?;
        }
        if until.is_some_and(|until| plan.next_snapshot > until) {
            return printer.finish();
        }
        quiet_since = clock.clock().monotonic_ns();
    }
}

/// The position kept by an earlier run, if there is one.
fn read_checkpoint(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(local(path.display(), error)),
    }
}

/// Replaces the file: whoever reads it sees the old position or the new one, also after a power cut.
fn write_checkpoint(path: &Path, bytes: &[u8]) -> Result<()> {
    // Not `with_extension`: checkpoints `a.1` and `a.2` would share one temporary file.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = Path::new(&beside);
    let written = std::fs::File::create(beside).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(beside, path)).map_err(|error| local(path.display(), error))
}
