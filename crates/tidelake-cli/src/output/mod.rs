//! Rows on standard output.

use std::io::{BufWriter, Stdout, Write};

use arrow_array::{Array, ArrayRef, Int8Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema};
use tidelake::{DataField, ErrorKind, RowKind, types::write_canonical_row};

use crate::{
    args::Format,
    report::{Failure, Result},
};

/// Standard output, buffered.
pub(crate) type Out = BufWriter<Stdout>;

pub(crate) fn stdout() -> Out {
    BufWriter::with_capacity(1 << 16, std::io::stdout())
}

/// One line.
pub(crate) fn line(out: &mut Out, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(closed)
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

/// Prints batches of known columns.
pub(crate) struct Printer {
    format: Format,
    fields: Vec<DataField>,
    kinds: bool,
    /// Canonical lines wait and are sorted by bytes.
    sorted: bool,
    lines: Vec<String>,
    /// For formats that need all rows to begin.
    held: Vec<RecordBatch>,
    begun: bool,
    out: Out,
}

impl Printer {
    pub(crate) fn new(format: Format, fields: Vec<DataField>, kinds: bool, sorted: bool) -> Self {
        Self { format, fields, kinds, sorted, lines: Vec::new(), held: Vec::new(), begun: false, out: stdout() }
    }

    /// Prints rows, or keeps them until the end.
    pub(crate) fn batch(&mut self, rows: &RecordBatch, kinds: Option<&Int8Array>) -> Result<()> {
        let kinds = kinds.filter(|_| self.kinds);
        if self.format == Format::Canonical {
            return self.canonical(rows, kinds);
        }
        let rows = match kinds {
            Some(kinds) => with_kinds(rows, kinds)?,
            None => rows.clone(),
        };
        match self.format {
            Format::Ndjson => {
                let mut writer = arrow_json::LineDelimitedWriter::new(&mut self.out);
                writer.write(&rows).and_then(|()| writer.finish()).map_err(arrow)
            }
            Format::Csv => {
                let header = !std::mem::replace(&mut self.begun, true);
                let mut writer = arrow_csv::WriterBuilder::new().with_header(header).build(&mut self.out);
                writer.write(&rows).map_err(arrow)
            }
            _ => {
                self.held.push(rows);
                Ok(())
            }
        }
    }

    fn canonical(&mut self, rows: &RecordBatch, kinds: Option<&Int8Array>) -> Result<()> {
        for row in 0..rows.num_rows() {
            let mut text = String::new();
            let kind = kinds.and_then(|kinds| RowKind::from_byte(kinds.value(row)));
            write_canonical_row(rows, row, &self.fields, kind, &mut text)?;
            if self.sorted {
                self.lines.push(text);
            } else {
                line(&mut self.out, &text)?;
            }
        }
        Ok(())
    }

    /// A line of its own between rows.
    pub(crate) fn note(&mut self, text: &str) -> Result<()> {
        line(&mut self.out, text)
    }

    /// What was printed is out; formats that need all rows print those that they hold.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.lines.sort_unstable();
        for text in std::mem::take(&mut self.lines) {
            line(&mut self.out, &text)?;
        }
        let held = std::mem::take(&mut self.held);
        match self.format {
            Format::Table if !held.is_empty() => {
                let text = arrow_cast::pretty::pretty_format_batches(&held).map_err(arrow)?.to_string();
                line(&mut self.out, &text)?;
            }
            Format::Json => {
                let mut writer = arrow_json::ArrayWriter::new(&mut self.out);
                writer.write_batches(&held.iter().collect::<Vec<_>>()).and_then(|()| writer.finish()).map_err(arrow)?;
                line(&mut self.out, "")?;
            }
            _ => {}
        }
        flush(&mut self.out)
    }

    /// The end of the rows.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.format == Format::Table && self.held.is_empty() {
            let schema = tidelake::types::arrow_schema(&self.fields)?;
            self.held.push(RecordBatch::new_empty(schema));
        }
        if self.format == Format::Csv && !self.begun {
            let schema = tidelake::types::arrow_schema(&self.fields)?;
            self.batch(&RecordBatch::new_empty(schema), Some(&Int8Array::from(Vec::<i8>::new())))?;
        }
        self.flush()
    }
}

/// The rows with their kinds as a first column `_kind`.
fn with_kinds(rows: &RecordBatch, kinds: &Int8Array) -> Result<RecordBatch> {
    let texts: StringArray = kinds.iter().map(|kind| kind.and_then(RowKind::from_byte).map(RowKind::as_str)).collect();
    let mut fields = vec![Field::new("_kind", ArrowType::Utf8, false)];
    fields.extend(rows.schema_ref().fields().iter().map(|field| field.as_ref().clone()));
    let mut columns: Vec<ArrayRef> = vec![std::sync::Arc::new(texts)];
    columns.extend(rows.columns().iter().map(std::sync::Arc::clone));
    debug_assert!(columns.iter().all(|column| column.len() == rows.num_rows()));
    RecordBatch::try_new(std::sync::Arc::new(Schema::new(fields)), columns).map_err(arrow)
}
