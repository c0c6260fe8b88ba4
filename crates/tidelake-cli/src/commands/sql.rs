//! `tide sql`: runs statements and prints their rows.

use std::io::{IsTerminal, Read};

use futures::TryStreamExt;
use tidelake::sql::{SqlResult, SqlSession, split_statements};

use super::repl;
use crate::{
    args::{Format, SqlArgs},
    output::{Printer, QueryColumns},
    report::{Failure, Result, local, of_rows},
    session::Session,
};

pub(crate) async fn run(args: SqlArgs) -> Result<()> {
    let mut texts = args.command.clone();
    match &args.file {
        Some(file) => texts.push(read(file)?),
        None if texts.is_empty() && !args.interactive && !std::io::stdin().is_terminal() => texts.push(read("-")?),
        None => {}
    }
    let session = Session::open(&args.lake).await?;
    if texts.is_empty() {
        return repl::run(session, args.format).await;
    }
    let sql = SqlSession::new(session.lake.inner(), &session.catalog);
    for text in texts {
        for statement in split_statements(&text)? {
            print(run_statement(&sql, &statement).await?, args.format).await?;
        }
    }
    Ok(())
}

pub(super) async fn run_statement(sql: &SqlSession, statement: &str) -> Result<SqlResult> {
    sql.run(statement).await.map_err(Failure::from)
}

/// Prints what a statement answers; how many rows that were, if it was rows.
pub(super) async fn print(result: SqlResult, format: Format) -> Result<Option<u64>> {
    match result {
        SqlResult::Done(what) => {
            eprintln!("{what}");
            Ok(None)
        }
        SqlResult::Rows { schema, mut batches } => {
            let columns = QueryColumns::new(&schema, format);
            let mut printer = Printer::new(format, columns.fields.clone(), false, false);
            let mut rows = 0;
            while let Some(batch) = batches.try_next().await.map_err(of_rows("DB.TABLE"))? {
                rows += batch.num_rows() as u64;
                printer.batch(&columns.shape(&batch)?, None)?;
            }
            printer.finish()?;
            Ok(Some(rows))
        }
    }
}

fn read(file: &str) -> Result<String> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| local("standard input", error))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| local(file, error))
}
