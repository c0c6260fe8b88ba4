//! Batches of rows in the format that was asked for.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int8Array, RecordBatch, StringArray};
use arrow_schema::{DataType as ArrowType, Field, Schema};
use tidelake::{DataField, RowKind, types::write_canonical_row};

use super::{Out, arrow, encoder::csv, flush, json, line, put, stdout};
use crate::{args::Format, report::Result};

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
    /// Whether anything was printed, be it a header.
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
            Format::Ndjson => put(&mut self.out, &json::lines(&rows)?),
            Format::Csv => {
                let header = !std::mem::replace(&mut self.begun, true);
                put(&mut self.out, &csv(&rows, header)?)
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
        if !held.is_empty() {
            self.begun = true;
            match self.format {
                Format::Json => put(&mut self.out, &json::list(&held)?)?,
                _ => {
                    line(&mut self.out, &arrow_cast::pretty::pretty_format_batches(&held).map_err(arrow)?.to_string())?
                }
            }
        }
        flush(&mut self.out)
    }

    /// The end of the rows. Where there were none, what the format has for that.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.begun && self.held.is_empty() && matches!(self.format, Format::Table | Format::Json | Format::Csv) {
            let none = RecordBatch::new_empty(tidelake::types::arrow_schema(&self.fields)?);
            self.batch(&none, Some(&Int8Array::from(Vec::<i8>::new())))?;
        }
        self.flush()
    }
}

/// The rows with their kinds as a first column `_kind`.
fn with_kinds(rows: &RecordBatch, kinds: &Int8Array) -> Result<RecordBatch> {
    let texts: StringArray = kinds.iter().map(|kind| kind.and_then(RowKind::from_byte).map(RowKind::as_str)).collect();
    let mut fields = vec![Field::new("_kind", ArrowType::Utf8, false)];
    fields.extend(rows.schema_ref().fields().iter().map(|field| field.as_ref().clone()));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(texts)];
    columns.extend(rows.columns().iter().map(Arc::clone));
    debug_assert!(columns.iter().all(|column| column.len() == rows.num_rows()));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow)
}
