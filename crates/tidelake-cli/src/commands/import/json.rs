//! JSON lines: as programs write them, and the canonical ones that two readers are compared by.

use std::{
    io::{BufRead, Cursor, Read},
    sync::Arc,
};

use arrow_json::reader::{Decoder, ReaderBuilder};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema, SchemaRef};
use tidelake::{ErrorKind, types::CanonicalReader};

use super::{
    BATCH_ROWS, Emit,
    shape::{Rows, Shape},
    values,
};
use crate::report::{Failure, Result, local, with_causes};

/// Lines that are taken in at once end here, be they few.
const CHUNK_BYTES: usize = 8 << 20;

/// Pieces of a text that end where lines end.
struct Chunks<'a> {
    name: &'a str,
    input: Box<dyn BufRead + Send + 'a>,
    /// Lines of the pieces before the last one.
    before: usize,
    lines: usize,
}

impl<'a> Chunks<'a> {
    fn new(name: &'a str, input: Box<dyn BufRead + Send + 'a>) -> Self {
        Self { name, input, before: 0, lines: 0 }
    }

    /// The next piece; empty at the end.
    fn next(&mut self) -> Result<String> {
        self.before += std::mem::take(&mut self.lines);
        let mut text = String::new();
        while self.lines < BATCH_ROWS && text.len() < CHUNK_BYTES {
            if self.input.read_line(&mut text).map_err(|error| local(self.name, error))? == 0 {
                break;
            }
            self.lines += 1;
        }
        Ok(text)
    }
}

/// Canonical lines. Where the format is but a guess and the first lines are no such ones, they are read as [`lines`].
pub(super) fn canonical(
    name: &str,
    input: Box<dyn BufRead + Send>,
    guessed: bool,
    shape: &Shape,
    emit: &mut Emit<'_>,
) -> Result<()> {
    let reader = CanonicalReader::new(&shape.schema.fields)?;
    let mut chunks = Chunks::new(name, input);
    loop {
        let text = chunks.next()?;
        if text.is_empty() {
            return Ok(());
        }
        let error = match reader.read_text(&text) {
            Ok(rows) => {
                emit(Rows { rows: rows.batch, kinds: rows.kinds })?;
                continue;
            }
            Err(error) => error,
        };
        if guessed
            && chunks.before == 0
            && lines(name, Box::new(Cursor::new(text.clone())), shape, &mut |_| Ok(())).is_ok()
        {
            let whole = Cursor::new(text.into_bytes()).chain(chunks.input);
            return lines(name, Box::new(whole), shape, emit);
        }
        // Blank lines are passed over and counted: so the error says which line of the file it is.
        let located = reader.read_text(&("\n".repeat(chunks.before) + &text)).err();
        return Err(located.unwrap_or(error).into());
    }
}

/// An object a line.
pub(super) fn lines(name: &str, input: Box<dyn BufRead + Send + '_>, shape: &Shape, emit: &mut Emit<'_>) -> Result<()> {
    let schema = columns(shape)?;
    let new_decoder = || {
        let builder = ReaderBuilder::new(Arc::clone(&schema)).with_strict_mode(true).with_batch_size(BATCH_ROWS);
        builder.build_decoder().map_err(crate::output::arrow)
    };
    let mut decoder = new_decoder()?;
    let mut chunks = Chunks::new(name, input);
    let mut rows = 0;
    loop {
        let text = chunks.next()?;
        let whole = !decoder.has_partial_record();
        let located = |error: ArrowError| match new_decoder() {
            Ok(fresh) if whole => at_line(&text, chunks.before, fresh, error),
            // An object that began in an earlier piece.
            _ => {
                invalid(format!("about line {}: {}", chunks.before + text.lines().count().min(1), with_causes(&error)))
            }
        };
        let mut rest = text.as_bytes();
        loop {
            rest = &rest[decoder.decode(rest).map_err(located)?..];
            // What is left did not fit into a batch. An object that goes on is waited for, unless nothing more comes.
            if (!rest.is_empty() || text.is_empty() || !decoder.has_partial_record())
                && let Some(batch) = decoder.flush().map_err(located)?
            {
                emit(shape.fit(&batch, rows, values::from_text)?)?;
                rows += batch.num_rows() as u64;
            }
            if rest.is_empty() {
                break;
            }
        }
        if text.is_empty() {
            return Ok(());
        }
    }
}

/// The columns of the table and that of kinds.
fn columns(shape: &Shape) -> Result<SchemaRef> {
    let mut fields = shape.schema.fields.iter().map(values::json_field).collect::<Result<Vec<_>>>()?;
    if shape.schema.field(shape.kind_column()).is_none() {
        fields.push(Field::new(shape.kind_column(), ArrowType::Utf8, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Which line it was: the first that cannot be read by itself.
fn at_line(text: &str, before: usize, mut decoder: Decoder, error: ArrowError) -> Failure {
    for (index, line) in text.lines().enumerate() {
        let read = decoder.decode(line.as_bytes()).and_then(|_| decoder.flush());
        if let Err(error) = read {
            let failure = invalid(format!("line {}: {}", before + index + 1, with_causes(&error)));
            return if line.trim_start().starts_with('[') { failure.hint("write one object a line") } else { failure };
        }
    }
    invalid(format!("in lines {} to {}: {}", before + 1, before + text.lines().count(), with_causes(&error)))
}

fn invalid(message: String) -> Failure {
    Failure::new(ErrorKind::InvalidInput, message)
}
