//! Parquet, through the table's own reader; columns are found by name.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures::{StreamExt, stream::BoxStream};
use tempfile::NamedTempFile;
use tidelake::{
    Classify, ErrorKind, Table,
    format::{FormatContext, ReadRequest},
    io::{FileIO, FilePath, LocalFileIO},
};

use super::{
    BATCH_ROWS,
    shape::{Rows, Shape},
    values,
};
use crate::report::{Failure, Result, local, with_causes};

/// The rows of a file. Of its bytes as many count as read as of its rows.
pub(super) async fn read(
    name: &str,
    table: &Table,
    shape: Shape,
    bytes: Arc<AtomicU64>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    let runtime = table.lake().runtime().clone();
    // The footer is at the end: what comes by a pipe has to be kept until then.
    let spooled = match name {
        "-" => Some(runtime.block(spool).await?),
        _ => None,
    };
    let path = match &spooled {
        Some(file) => file.path().to_owned(),
        None => std::path::absolute(name).map_err(|error| local(name, error))?,
    };
    let file = name.to_owned();
    // The file is the user's, not the table's.
    let damaged = move |error: tidelake::format::Error| match error.kind() {
        ErrorKind::Corrupt => Failure::new(ErrorKind::InvalidInput, with_causes(&error))
            .hint(format!("{file} is damaged, or no Parquet file")),
        _ => error.into(),
    };
    std::fs::metadata(&path).map_err(|error| local(name, error))?;
    let io = LocalFileIO::new(runtime.clone());
    let opened = io.open(&FilePath::parse(&path.to_string_lossy())?, None).await?;
    let context = FormatContext { runtime: runtime.clone(), footer_bytes_max: 256 << 20 };
    let open = table.lake().formats().get("parquet")?.open(Arc::clone(&opened), &context).await.map_err(&damaged)?;
    let file_bytes = std::fs::metadata(&path).map_or(0, |found| found.len());
    let file_rows: u64 = open.row_groups().iter().map(|group| group.num_rows).sum();
    let request = ReadRequest {
        projection: Arc::clone(open.schema()),
        row_groups: 0..open.row_groups().len(),
        rows: None,
        predicate: None,
        batch_rows: BATCH_ROWS,
    };
    let mut before = 0;
    let mut counted = 0;
    let fit = move |batch: std::result::Result<tidelake::format::DecodedBatch, tidelake::format::Error>| {
        let _kept_until_read = &spooled;
        let batch = batch.map_err(&damaged)?.rows;
        let rows = shape.fit(&batch, before, values::lossless)?;
        before += batch.num_rows() as u64;
        let share = (file_bytes as f64 * before as f64 / file_rows.max(1) as f64) as u64;
        bytes.fetch_add(share.saturating_sub(counted), Relaxed);
        counted = share;
        Ok(rows)
    };
    Ok(tidelake::format::read(opened, open, request, runtime).map(fit).boxed())
}

/// Standard input as a file, which goes away when it is dropped.
fn spool() -> Result<NamedTempFile> {
    let copied = NamedTempFile::new().and_then(|mut file| {
        std::io::copy(&mut std::io::stdin(), &mut file)?;
        file.flush()?;
        Ok(file)
    });
    copied.map_err(|error| local("standard input", error))
}
