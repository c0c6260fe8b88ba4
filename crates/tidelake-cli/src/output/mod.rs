//! Standard output.

mod encoder;
mod json;
mod printer;
mod query;

use std::io::{BufWriter, Stdout, Write};

use arrow_schema::ArrowError;
use tidelake::{DataField, ErrorKind};

pub(crate) use self::{encoder::RowsEncoder, printer::Printer, query::QueryColumns};
use crate::report::{Failure, Result};

/// Standard output, buffered.
pub(crate) type Out = BufWriter<Stdout>;

pub(crate) fn stdout() -> Out {
    BufWriter::with_capacity(1 << 16, std::io::stdout())
}

/// One line.
pub(crate) fn line(out: &mut Out, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(closed)
}

/// What a writer of some format made.
pub(crate) fn put(out: &mut Out, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(closed)
}

/// All that was printed is out.
pub(crate) fn flush(out: &mut Out) -> Result<()> {
    out.flush().map_err(closed)
}

/// Nobody reads any more (`| head`), or the disk is full.
fn closed(error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        // As other tools do when their reader has gone: quietly.
        std::process::exit(0);
    }
    Failure::new(ErrorKind::Unavailable, format!("cannot write to standard output: {error}"))
}

/// An Arrow kernel's error.
pub(crate) fn arrow(error: ArrowError) -> Failure {
    Failure::new(ErrorKind::InvalidInput, error)
}

/// The named fields, and where they are.
pub(crate) fn picked(fields: &[DataField], names: &[String]) -> Result<(Vec<DataField>, Option<Vec<usize>>)> {
    let mut indexes = Vec::with_capacity(names.len());
    for name in names {
        match fields.iter().position(|field| field.name == *name) {
            Some(index) => indexes.push(index),
            None => {
                let known = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(Failure::new(
                    ErrorKind::InvalidInput,
                    format!("there is no column `{name}` (there are: {known})"),
                ));
            }
        }
    }
    Ok((indexes.iter().map(|index| fields[*index].clone()).collect(), Some(indexes)))
}
