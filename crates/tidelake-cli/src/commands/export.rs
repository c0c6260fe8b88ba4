//! `tide table export`: rows into a file, whole or not at all.

use std::{io::Write, path::Path, sync::atomic::Ordering::Relaxed};

use futures::TryStreamExt;
use tempfile::NamedTempFile;
use tidelake::Table;

use super::rows;
use crate::{
    args::{ExportArgs, FileFormat},
    output::{self, RowsEncoder},
    progress::Progress,
    report::{Failure, Result, local},
    session::Session,
};

pub(crate) async fn run(args: ExportArgs) -> Result<()> {
    let format = match args.format {
        Some(format) => format,
        None => guessed(&args.file)?,
    };
    let session = Session::open(&args.table.lake).await?;
    let table = session.versioned_table(&args.table).await?;
    let name = if args.file == "-" { "standard output" } else { &args.file };
    let progress = write(&args, &table, format, Progress::new(session.lake.runtime(), name, None)).await;
    let progress = progress.map_err(|failure| failure.while_doing(format!("export {} to {name}", args.table.table)))?;
    eprintln!("exported {} rows of {} to {name}", progress.rows(), args.table.table);
    eprintln!("{}", progress.finish());
    Ok(())
}

fn guessed(file: &str) -> Result<FileFormat> {
    match file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "csv" => Ok(FileFormat::Csv),
        "json" | "ndjson" | "jsonl" => Ok(FileFormat::Ndjson),
        "parquet" => Ok(FileFormat::Parquet),
        _ => Err(Failure::usage(format!("it is not clear how {file} is to be written"))
            .hint("say so with --format canonical|csv|ndjson|parquet")),
    }
}

async fn write(args: &ExportArgs, table: &Table, format: FileFormat, mut progress: Progress) -> Result<Progress> {
    let (fields, mut batches) = rows::query(table, &args.rows, format == FileFormat::Canonical).await?;
    let mut encoder = RowsEncoder::new(format, fields, table.lake().formats())?;
    let mut target = Target::new(&args.file)?;
    let bytes = progress.bytes();
    while let Some((rows, _)) = batches.try_next().await? {
        let encoded = encoder.encode(&rows)?;
        bytes.fetch_add(target.write(&encoded)?, Relaxed);
        progress.add_rows(rows.num_rows());
    }
    bytes.fetch_add(target.write(&encoder.finish()?)?, Relaxed);
    target.finish()?;
    Ok(progress)
}

/// Where bytes go.
enum Target<'a> {
    Stdout(output::Out),
    /// Under a name of its own until it is whole; dropped before, it goes away.
    File {
        path: &'a Path,
        file: NamedTempFile,
    },
}

impl<'a> Target<'a> {
    fn new(name: &'a str) -> Result<Self> {
        if name == "-" {
            return Ok(Self::Stdout(output::stdout()));
        }
        let path = Path::new(name);
        if path.is_dir() {
            return Err(local(name, std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tide-export-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| local(name, error))?;
        Ok(Self::File { path, file })
    }

    /// How many bytes it wrote.
    fn write(&mut self, chunks: &[bytes::Bytes]) -> Result<u64> {
        for chunk in chunks {
            match self {
                Self::Stdout(out) => output::put(out, chunk)?,
                Self::File { path, file } => {
                    file.write_all(chunk).map_err(|error| local(path.display(), error))?;
                }
            }
        }
        Ok(chunks.iter().map(|chunk| chunk.len() as u64).sum())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut out) => output::flush(&mut out),
            Self::File { path, file } => {
                let whole = file.as_file().sync_all().and_then(|()| file.persist(path).map_err(Into::into));
                whole.map(drop).map_err(|error| local(path.display(), error))
            }
        }
    }
}
