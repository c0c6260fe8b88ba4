//! Rows in the formats of files.

use std::fmt::Write;

use arrow_array::RecordBatch;
use bytes::Bytes;
use tidelake::{
    DataField, Options,
    format::{FormatEncoder, FormatRegistry, StatisticsMode, WriteRequest},
    types::{arrow_schema, write_canonical_row},
};

use super::{arrow, json};
use crate::{args::FileFormat, report::Result};

/// Turns batches into the bytes of a file, piece by piece.
pub(crate) struct RowsEncoder(Encoder);

enum Encoder {
    Canonical(Vec<DataField>),
    Csv {
        /// Written before the first rows.
        header: Option<Vec<DataField>>,
    },
    Ndjson,
    Parquet(Box<dyn FormatEncoder>),
}

impl RowsEncoder {
    pub(crate) fn new(format: FileFormat, fields: Vec<DataField>, formats: &FormatRegistry) -> Result<Self> {
        Ok(Self(match format {
            FileFormat::Canonical => Encoder::Canonical(fields),
            FileFormat::Csv => Encoder::Csv { header: Some(fields) },
            FileFormat::Ndjson => Encoder::Ndjson,
            FileFormat::Parquet => {
                let schema = arrow_schema(&fields)?;
                let statistics = vec![StatisticsMode::Full; fields.len()];
                let request = WriteRequest { schema, statistics, options: Options::new() };
                Encoder::Parquet(formats.get("parquet")?.encoder(&request)?)
            }
        }))
    }

    pub(crate) fn encode(&mut self, rows: &RecordBatch) -> Result<Vec<Bytes>> {
        let mut out = Vec::new();
        match &mut self.0 {
            Encoder::Canonical(fields) => {
                let mut text = String::new();
                for row in 0..rows.num_rows() {
                    write_canonical_row(rows, row, fields, None, &mut text)?;
                    let _ = text.write_char('\n');
                }
                out.push(text.into());
            }
            Encoder::Csv { header } => out.push(csv(rows, header.take().is_some())?.into()),
            Encoder::Ndjson => out.push(json::lines(rows)?.into()),
            Encoder::Parquet(encoder) => encoder.encode(rows, &mut out)?,
        }
        Ok(out)
    }

    /// What comes behind the last rows, or is there without any.
    pub(crate) fn finish(mut self) -> Result<Vec<Bytes>> {
        if let Encoder::Csv { header: Some(fields) } = &self.0 {
            let none = RecordBatch::new_empty(arrow_schema(fields)?);
            return self.encode(&none);
        }
        let mut out = Vec::new();
        if let Encoder::Parquet(encoder) = self.0 {
            encoder.finish(&mut out)?;
        }
        Ok(out)
    }
}

/// Comma-separated lines; nested values as JSON text.
pub(super) fn csv(rows: &RecordBatch, header: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = arrow_csv::WriterBuilder::new().with_header(header).build(&mut bytes);
    writer.write(&json::nested_as_text(rows)?).map_err(arrow)?;
    drop(writer);
    Ok(bytes)
}
