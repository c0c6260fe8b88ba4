//! Which files are imported.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    sync::{Arc, atomic::AtomicU64},
};

use tidelake::ErrorKind;

use crate::{
    args::FileFormat,
    progress::Counted,
    report::{Failure, Result, local},
};

/// A file, or standard input (`-`).
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) format: FileFormat,
    /// Whether the format is a guess by the name, which lines of the file may disprove.
    pub(super) guessed: bool,
}

/// The files that names and patterns mean, in the order given, those of a pattern by name.
pub(super) fn expand(names: &[String], format: Option<FileFormat>) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for name in names {
        let is_pattern = name != "-" && name.contains(['*', '?', '[']) && !std::path::Path::new(name).exists();
        if is_pattern {
            let matches =
                glob::glob(name).map_err(|error| Failure::usage(format!("`{name}` is not a pattern: {error}")))?;
            let before = sources.len();
            for path in matches {
                let path = path.map_err(|error| {
                    let path = error.path().display().to_string();
                    local(path, error.into())
                })?;
                if !path.is_dir() {
                    sources.push(source(path.to_string_lossy().into_owned(), format)?);
                }
            }
            if sources.len() == before {
                return Err(Failure::new(ErrorKind::NotFound, format!("no file matches {name}"))
                    .hint("the path is taken from the current folder"));
            }
        } else {
            sources.push(source(name.clone(), format)?);
        }
    }
    if sources.iter().filter(|source| source.name == "-").count() > 1 {
        return Err(Failure::usage("standard input can be read once only"));
    }
    Ok(sources)
}

fn source(name: String, format: Option<FileFormat>) -> Result<Source> {
    if let Some(format) = format {
        return Ok(Source { name, format, guessed: false });
    }
    let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let format = match extension.as_str() {
        "csv" => FileFormat::Csv,
        "json" | "ndjson" => FileFormat::Ndjson,
        // Canonical lines are JSON lines, too; what is in the file decides.
        "jsonl" => FileFormat::Canonical,
        "parquet" => FileFormat::Parquet,
        _ => {
            return Err(Failure::usage(format!("it is not clear how {name} is written"))
                .hint("say so with --format canonical|csv|ndjson|parquet"));
        }
    };
    Ok(Source { name, format, guessed: true })
}

/// How many bytes there are to read; `None` if that is not known.
pub(super) fn total_bytes(sources: &[Source]) -> Option<u64> {
    let size = |source: &Source| std::fs::metadata(&source.name).ok().filter(|found| found.is_file()).map(|f| f.len());
    sources.iter().map(size).sum()
}

/// The text of a source, counted as it is read.
pub(super) fn text(name: &str, bytes: Arc<AtomicU64>) -> Result<Box<dyn BufRead + Send>> {
    const BUFFER_BYTES: usize = 1 << 20;
    if name == "-" {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, Counted::new(std::io::stdin(), bytes))));
    }
    let opened = File::open(name).and_then(|opened| match opened.metadata()?.is_dir() {
        true => Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")),
        false => Ok(opened),
    });
    let opened = opened.map_err(|error| local(name, error))?;
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, Counted::new(opened, bytes))))
}
