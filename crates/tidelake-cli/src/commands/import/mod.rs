//! `tide table import`: the rows of files, in one commit.

mod csv;
mod json;
mod parquet;
mod shape;
mod source;
mod values;

use std::sync::{Arc, atomic::AtomicU64};

use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};
use tidelake::{CommitOutcome, ErrorKind, Overwrite, Table, TableWriter, runtime::Runtime};

use self::{
    shape::{KIND, Rows, Shape},
    source::Source,
};
use crate::{
    args::{FileFormat, ImportArgs},
    partition::parse_partition,
    progress::Progress,
    report::{Failure, Result, with_causes},
    session::Session,
};

/// Rows that are taken in at once.
const BATCH_ROWS: usize = 8192;
/// Batches read ahead of the writer.
const AHEAD: usize = 2;

/// Takes rows in the order of their file.
type Emit<'a> = dyn FnMut(Rows) -> Result<()> + 'a;

pub(crate) async fn run(args: ImportArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.data_table(&args.table).await?;
    let sources = source::expand(&args.files, args.format)?;
    let overwrite = match args.overwrite.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(Overwrite::Whole),
        Some(partition) => Some(Overwrite::Matching(vec![parse_partition(partition, table.schema())?])),
    };
    let named = args.commit_user.as_deref().zip(args.commit_id);
    let committer = named.map(|(user, _)| table.committer(user)).transpose()?;
    if let (Some(committer), Some((_, identifier))) = (&committer, named)
        && let Some(outcome) = committer.check(identifier).await?
    {
        return told(&args, outcome, 0);
    }
    let shape = Shape { schema: Arc::clone(table.schema()), op_column: args.op_column.clone() };
    let mut progress = Progress::new(session.lake.runtime(), &args.table.table, source::total_bytes(&sources));
    let writer = match overwrite {
        Some(overwrite) => table.writer().overwrite(overwrite),
        None => table.writer(),
    };
    let mut writer = writer.build()?;
    for source in &sources {
        if let Err(failure) = fill(&mut writer, &table, source, &shape, &mut progress).await {
            writer.abandon().await;
            let name = if source.name == "-" { "standard input" } else { &source.name };
            return Err(failure.while_doing(format!("import {name} into {}", args.table.table)));
        }
    }
    let outcome = match (&committer, named) {
        (Some(committer), Some((_, identifier))) => committer.commit(writer.prepare_commit(identifier).await?).await?,
        _ => writer.commit().await?,
    };
    told(&args, outcome, progress.rows())?;
    eprintln!("{}", progress.finish());
    Ok(())
}

/// Says what came of it, on standard error.
fn told(args: &ImportArgs, outcome: CommitOutcome, rows: u64) -> Result<()> {
    let table = &args.table.table;
    for warning in outcome.warnings() {
        eprintln!("warning: the rows are in, but {warning}");
    }
    match outcome {
        CommitOutcome::Committed { append, .. } => match append {
            Some(snapshot) => eprintln!("imported {rows} rows into {table}: snapshot {snapshot}"),
            None => eprintln!("imported {rows} rows into {table}"),
        },
        CommitOutcome::AlreadyCommitted { snapshot, .. } => {
            let (user, identifier) =
                (args.commit_user.as_deref().unwrap_or_default(), args.commit_id.unwrap_or_default());
            eprintln!(
                "nothing changed: commit {identifier} of user {user} is in {table} already, as snapshot {snapshot}"
            );
        }
        CommitOutcome::Empty => eprintln!("nothing to import: {} has no rows", args.files.join(", ")),
    }
    Ok(())
}

/// Writes all rows of a source.
async fn fill(
    writer: &mut TableWriter,
    table: &Table,
    source: &Source,
    shape: &Shape,
    progress: &mut Progress,
) -> Result<()> {
    let mut batches = match source.format {
        FileFormat::Parquet => parquet::read(&source.name, table, shape.clone(), progress.bytes()).await?,
        _ => ahead(table.lake().runtime().clone(), source.clone(), shape.clone(), progress.bytes()),
    };
    while let Some(Rows { rows, kinds }) = batches.try_next().await? {
        progress.add_rows(rows.num_rows());
        match kinds {
            Some(kinds) => writer.write_kinds(rows, &kinds).await?,
            None => writer.write(rows).await?,
        }
    }
    Ok(())
}

/// Reads a text on a thread of its own, a few batches ahead of the writer.
fn ahead(runtime: Runtime, source: Source, shape: Shape, bytes: Arc<AtomicU64>) -> BoxStream<'static, Result<Rows>> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(AHEAD);
    let reading = async move {
        let read = move || {
            // Nobody listens any more where sending fails, and nobody hears of it.
            let mut emit =
                |rows| sender.blocking_send(Ok(rows)).map_err(|_| Failure::new(ErrorKind::Internal, "stopped"));
            if let Err(failure) = read_text(&source, &shape, bytes, &mut emit) {
                let _ = sender.blocking_send(Err(failure));
            }
        };
        runtime.block(read).await;
    };
    let read = stream::poll_fn(move |context| receiver.poll_recv(context));
    stream::select(read, reading.into_stream().filter_map(|()| futures::future::ready(None))).boxed()
}

fn read_text(source: &Source, shape: &Shape, bytes: Arc<AtomicU64>, emit: &mut Emit<'_>) -> Result<()> {
    let input = source::text(&source.name, bytes)?;
    match source.format {
        FileFormat::Csv => csv::read(&source.name, input, shape, emit),
        FileFormat::Canonical if shape.op_column.is_none() => {
            json::canonical(&source.name, input, source.guessed, shape, emit)
        }
        FileFormat::Canonical if !source.guessed => {
            let message = format!("canonical lines say what each row does in `{KIND}`");
            Err(Failure::new(ErrorKind::InvalidInput, message).hint("leave --op-column out"))
        }
        FileFormat::Canonical | FileFormat::Ndjson | FileFormat::Parquet => {
            json::lines(&source.name, input, shape, emit)
        }
    }
}

fn broken(error: impl std::error::Error) -> Failure {
    Failure::new(ErrorKind::InvalidInput, with_causes(&error))
}
