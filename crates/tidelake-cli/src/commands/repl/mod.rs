//! The shell: statements as they are typed, until `\q`.

mod backslash;
mod input;
mod line;
mod words;

use std::sync::Arc;

use futures::{FutureExt, channel::oneshot, select_biased};
use tidelake::{
    ErrorKind,
    sql::{SqlSession, split_statements},
};

use self::{
    backslash::Backslash,
    input::{Input, Typed},
    words::Words,
};
use super::sql::{print, run_statement};
use crate::{
    args::Format,
    report::{Failure, Result},
    session::Session,
};

/// What is set by backslash commands.
struct Settings {
    format: Format,
    timing: bool,
}

/// Reads, runs and prints until the end of the input. Errors are told and end nothing.
pub(crate) async fn run(session: Session, format: Format) -> Result<()> {
    let sql = Arc::new(SqlSession::new(session.lake.inner(), &session.catalog));
    let words = Arc::new(Words::default());
    let mut input = Input::new(Arc::clone(&words));
    if input.is_terminal() {
        eprintln!("tide {}: SQL ends with `;`, \\? shows help, \\q leaves", env!("CARGO_PKG_VERSION"));
    }
    // From here on an interrupt ends a statement, not the process.
    let _ = tokio::signal::ctrl_c().now_or_never();
    let mut settings = Settings { format, timing: false };
    // Gathered beside: a prompt does not wait for it.
    let mut _gathering = words.gather(&session);
    loop {
        let text = match input.read() {
            Ok(Typed::Statement(text)) => text,
            Ok(Typed::Interrupted) => continue,
            Ok(Typed::End) => return Ok(()),
            Err(error) => {
                return Err(Failure::new(ErrorKind::Unavailable, format!("cannot read from the terminal: {error}")));
            }
        };
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        input.remember(text);
        let done = match Backslash::parse(text) {
            Ok(None) => run_text(&session, &sql, &settings, text).await,
            Ok(Some(Backslash::Quit)) => return Ok(()),
            Ok(Some(command)) => command.run(&sql, &mut settings).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = done {
            let _ = failure.print();
        }
        if !text.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select")) {
            _gathering = words.gather(&session);
        }
    }
}

/// Statements one after another, up to the first that fails or is interrupted.
async fn run_text(session: &Session, sql: &Arc<SqlSession>, settings: &Settings, text: &str) -> Result<()> {
    let runtime = session.lake.runtime().clone();
    for statement in split_statements(text)? {
        let begun = runtime.clock().monotonic_ns();
        // In a task of its own: a join may compute for long before it lets anybody else in, and must not be waited for.
        let (sender, done) = oneshot::channel();
        let (sql, format) = (Arc::clone(sql), settings.format);
        let running = runtime.spawn(async move {
            let done = async { print(run_statement(&sql, &statement).await?, format).await }.await;
            let _ = sender.send(done);
        });
        select_biased! {
            done = done.fuse() => match done {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(rows))) => eprintln!("({rows} row{})", if rows == 1 { "" } else { "s" }),
                Ok(Err(failure)) => return Err(failure),
                Err(_) => return Err(Failure::new(ErrorKind::Internal, "the statement ended without an answer")),
            },
            _ = std::pin::pin!(tokio::signal::ctrl_c().fuse()) => {
                drop(running);
                eprintln!("interrupted");
                return Ok(());
            }
        }
        if settings.timing {
            let nanos = runtime.clock().monotonic_ns().saturating_sub(begun);
            eprintln!("time: {:.1} ms", nanos as f64 / 1e6);
        }
    }
    Ok(())
}
