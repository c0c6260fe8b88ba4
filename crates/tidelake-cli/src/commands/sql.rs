//! `tide sql`: runs statements and prints their rows.

use std::io::Read;

use futures::TryStreamExt;
use tidelake::sql::{SqlResult, SqlSession, split_statements};

use crate::{
    args::SqlArgs,
    output::{Printer, QueryColumns},
    report::{Result, local, of_rows},
    session::Session,
};

pub(crate) async fn run(args: SqlArgs) -> Result<()> {
    let mut texts = args.command.clone();
    if let Some(file) = &args.file {
        texts.push(read(file)?);
    }
    let session = Session::open(&args.lake).await?;
    let sql = SqlSession::new(session.lake.inner(), &session.catalog);
    for text in texts {
        for statement in split_statements(&text)? {
            match sql.run(&statement).await? {
                SqlResult::Done(what) => eprintln!("{what}"),
                SqlResult::Rows { schema, mut batches } => {
                    let columns = QueryColumns::new(&schema, args.format);
                    let mut printer = Printer::new(args.format, columns.fields.clone(), false, false);
                    while let Some(batch) = batches.try_next().await.map_err(of_rows("DB.TABLE"))? {
                        printer.batch(&columns.shape(&batch)?, None)?;
                    }
                    printer.finish()?;
                }
            }
        }
    }
    Ok(())
}

fn read(file: &str) -> Result<String> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| local("standard input", error))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| local(file, error))
}
