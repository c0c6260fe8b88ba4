//! Comma-separated values with a header, which says which columns there are.

use std::{
    io::{BufRead, Cursor, Read},
    sync::Arc,
};

use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema, SchemaRef};
use tidelake::{DataType, ErrorKind, TypeKind, types::arrow_field};

use super::{BATCH_ROWS, Emit, broken, shape::Shape, values};
use crate::report::{Failure, Result, local, with_causes};

/// What Arrow's reader cannot parse itself comes as text and is cast as Paimon does.
pub(super) fn read(name: &str, mut input: Box<dyn BufRead + Send>, shape: &Shape, emit: &mut Emit<'_>) -> Result<()> {
    let mut header = String::new();
    input.read_line(&mut header).map_err(|error| local(name, error))?;
    if header.trim().is_empty() {
        return Err(
            Failure::new(ErrorKind::InvalidInput, "the file has no header").hint("the first line names the columns")
        );
    }
    let schema = columns(&header, shape)?;
    let whole = Cursor::new(header.into_bytes()).chain(input);
    let reader =
        arrow_csv::ReaderBuilder::new(schema).with_header(true).with_batch_size(BATCH_ROWS).build_buffered(whole);
    let mut before = 0;
    for batch in reader.map_err(broken)? {
        let batch = batch.map_err(|error| broken_at(&error))?;
        emit(shape.fit(&batch, before, values::from_text)?)?;
        before += batch.num_rows() as u64;
    }
    Ok(())
}

/// Arrow counts the lines of values from 0.
fn broken_at(error: &ArrowError) -> Failure {
    let message = with_causes(error);
    let counted = message.split_once(" at line ").and_then(|(what, rest)| {
        let (line, rest) = rest.split_once('.')?;
        Some(format!("{what} at line {}.{rest}", line.parse::<u64>().ok()? + 1))
    });
    Failure::new(ErrorKind::InvalidInput, counted.unwrap_or(message))
}

fn columns(header: &str, shape: &Shape) -> Result<SchemaRef> {
    let mut fields = Vec::new();
    for name in names(header)? {
        if fields.iter().any(|field: &Field| *field.name() == name) {
            return Err(Failure::new(ErrorKind::InvalidInput, format!("the header names column `{name}` twice")));
        }
        match shape.schema.field(&name) {
            Some(field) if parses(&field.data_type) => fields.push(arrow_field(field)?.with_nullable(true)),
            Some(field) if field.data_type.kind.is_nested() => {
                let message = format!("column `{name}` is {}: CSV cannot hold it", field.data_type);
                return Err(
                    Failure::new(ErrorKind::Unsupported, message).hint("import ndjson, canonical or parquet instead")
                );
            }
            // Besides columns of the table: that of row kinds, and those that the writer refuses by name.
            _ => fields.push(Field::new(name, ArrowType::Utf8, true)),
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The names in a header, quotes taken off.
fn names(header: &str) -> Result<Vec<String>> {
    let format = arrow_csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(header.as_bytes(), Some(0)).map_err(broken)?;
    Ok(schema.fields().iter().map(|field| field.name().trim_start_matches('\u{feff}').to_owned()).collect())
}

/// Whether Arrow's reader parses the type itself.
fn parses(data_type: &DataType) -> bool {
    !data_type.kind.is_nested() && !data_type.kind.is_binary() && !matches!(data_type.kind, TypeKind::Time(_))
}
