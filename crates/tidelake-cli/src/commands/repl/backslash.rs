//! Commands of the shell itself: `\d`, `\timing` and the like.

use clap::ValueEnum;
use tidelake::sql::SqlSession;

use super::Settings;
use crate::{
    args::Format,
    commands::sql::{print, run_statement},
    report::{Failure, Result},
};

pub(super) enum Backslash {
    Quit,
    Help,
    /// Turns it on or off; without a word, over.
    Timing(Option<bool>),
    Format(Format),
    /// A statement that answers it.
    Statement(String),
}

const HELP: &str = "\\d            the tables of this database
\\d TABLE      the columns of a table
\\l            the databases
\\c DATABASE   use a database
\\format NAME  how rows are printed: table, json, ndjson, csv, canonical
\\timing       print the time that statements take, or no more
\\?            this help
\\q            leave (also Ctrl-D)
Statements end with `;` and may take several lines. Tab completes, arrow up and down go through the history
(only what begins with what is typed), Ctrl-C stops a statement.";

impl Backslash {
    /// `None` for text that is SQL.
    pub(super) fn parse(text: &str) -> Result<Option<Self>> {
        let plain = text.trim_end_matches(';').trim();
        if plain.eq_ignore_ascii_case("quit") || plain.eq_ignore_ascii_case("exit") {
            return Ok(Some(Self::Quit));
        }
        let Some(words) = plain.strip_prefix('\\') else { return Ok(None) };
        let words: Vec<&str> = words.split_whitespace().collect();
        Ok(Some(match words.as_slice() {
            ["q"] => Self::Quit,
            ["?" | "h"] => Self::Help,
            ["timing"] => Self::Timing(None),
            ["timing", "on"] => Self::Timing(Some(true)),
            ["timing", "off"] => Self::Timing(Some(false)),
            ["format", name] => {
                Self::Format(Format::from_str(name, true).map_err(|_| unknown(format!("there is no format `{name}`")))?)
            }
            ["d"] => Self::Statement("SHOW TABLES".to_owned()),
            ["d", table] => Self::Statement(format!("DESCRIBE {table}")),
            ["l"] => Self::Statement("SHOW DATABASES".to_owned()),
            ["c", database] => Self::Statement(format!("USE {database}")),
            _ => return Err(unknown(format!("there is no command `{plain}`"))),
        }))
    }

    pub(super) async fn run(self, sql: &SqlSession, settings: &mut Settings) -> Result<()> {
        match self {
            Self::Quit => {}
            Self::Help => eprintln!("{HELP}"),
            Self::Timing(on) => {
                settings.timing = on.unwrap_or(!settings.timing);
                eprintln!("timing is {}", if settings.timing { "on" } else { "off" });
            }
            Self::Format(format) => settings.format = format,
            Self::Statement(statement) => {
                print(run_statement(sql, &statement).await?, settings.format).await?;
            }
        }
        Ok(())
    }
}

fn unknown(message: String) -> Failure {
    Failure::usage(message).hint("\\? shows what there is")
}
