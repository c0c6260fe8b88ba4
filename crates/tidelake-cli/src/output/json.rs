//! Rows as JSON that says all that they hold: nulls are written out, and numbers that JSON has no word for are strings.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray, cast::AsArray};
use arrow_json::{
    Encoder, EncoderFactory, EncoderOptions, WriterBuilder,
    writer::{JsonArray, JsonFormat, LineDelimited, NullableEncoder, make_encoder},
};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, FieldRef, Schema};

use super::arrow;
use crate::{nested::retyped, report::Result};

/// An object a line.
pub(super) fn lines(rows: &RecordBatch) -> Result<Vec<u8>> {
    written::<LineDelimited>(std::slice::from_ref(rows))
}

/// One array of all, and a line end.
pub(super) fn list(batches: &[RecordBatch]) -> Result<Vec<u8>> {
    let mut bytes = written::<JsonArray>(batches)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn written<F: JsonFormat>(batches: &[RecordBatch]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let builder = WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(Words));
    let mut writer = builder.build::<_, F>(&mut bytes);
    for rows in batches {
        let columns = rows.columns().iter().map(with_text_keys).collect::<Result<Vec<_>>>()?;
        writer.write(&with_columns(rows, columns)?).map_err(arrow)?;
    }
    writer.finish().map_err(arrow)?;
    drop(writer);
    Ok(bytes)
}

/// Columns of nested types become columns of JSON text, for formats that hold plain values only.
pub(super) fn nested_as_text(rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = (rows.columns().iter())
        .map(|column| if column.data_type().is_nested() { texts(column) } else { Ok(Arc::clone(column)) })
        .collect::<Result<Vec<_>>>()?;
    with_columns(rows, columns)
}

fn texts(column: &ArrayRef) -> Result<ArrayRef> {
    let column = with_text_keys(column)?;
    let field = Arc::new(Field::new("value", column.data_type().clone(), true));
    let options = EncoderOptions::default().with_explicit_nulls(true).with_encoder_factory(Arc::new(Words));
    let mut encoder = make_encoder(&field, &column, &options).map_err(arrow)?;
    let texts: StringArray = (0..column.len())
        .map(|row| {
            (!column.is_null(row)).then(|| {
                let mut bytes = Vec::new();
                encoder.encode(row, &mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        })
        .collect();
    Ok(Arc::new(texts))
}

fn with_columns(rows: &RecordBatch, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    let fields: Vec<Field> = (rows.schema_ref().fields().iter().zip(&columns))
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
        .collect();
    let count = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &count).map_err(arrow)
}

/// Keys of maps as text: the members of an object are named by nothing else.
fn with_text_keys(column: &ArrayRef) -> Result<ArrayRef> {
    let target = retyped(column.data_type(), &|data_type| match data_type {
        ArrowType::Map(entries, sorted) => {
            let ArrowType::Struct(pair) = entries.data_type() else { return data_type.clone() };
            let key = Arc::new(pair[0].as_ref().clone().with_data_type(ArrowType::Utf8));
            let pair = ArrowType::Struct([key, Arc::clone(&pair[1])].into_iter().collect());
            ArrowType::Map(Arc::new(entries.as_ref().clone().with_data_type(pair)), *sorted)
        }
        other => other.clone(),
    });
    if target == *column.data_type() {
        return Ok(Arc::clone(column));
    }
    arrow_cast::cast(column, &target).map_err(arrow)
}

/// NaN and the infinities by the words that readers of numbers take.
#[derive(Debug)]
struct Words;

impl EncoderFactory for Words {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        static PLAIN: std::sync::LazyLock<EncoderOptions> = std::sync::LazyLock::new(EncoderOptions::default);
        if !matches!(array.data_type(), ArrowType::Float32 | ArrowType::Float64) {
            return Ok(None);
        }
        let values = arrow_cast::cast(array, &ArrowType::Float64)?.as_primitive().clone();
        let plain = make_encoder(field, array, &PLAIN)?;
        Ok(Some(NullableEncoder::new(Box::new(Floats { values, plain }), array.nulls().cloned())))
    }
}

struct Floats<'a> {
    values: Float64Array,
    plain: NullableEncoder<'a>,
}

impl Encoder for Floats<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let value = self.values.value(index);
        let word: &[u8] = match value {
            _ if value.is_finite() => return self.plain.encode(index, out),
            _ if value.is_nan() => b"\"NaN\"",
            _ if value > 0.0 => b"\"Infinity\"",
            _ => b"\"-Infinity\"",
        };
        out.extend_from_slice(word);
    }
}
