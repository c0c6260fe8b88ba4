//! Binary rows of Arrow columns.

use arrow_array::{Array, ArrayRef};

use crate::{
    BinaryRow, Column, DataType,
    error::{InvalidValueSnafu, Result},
    murmur_words,
    nested_row::write_any,
    row_writer::RowWriter,
};

/// Builds many rows of the same types from Arrow columns without allocating per row (bucket hashes, partitions, keys).
#[derive(Debug)]
pub struct BinaryRowBuilder {
    types: Vec<DataType>,
    writer: RowWriter,
}

impl BinaryRowBuilder {
    /// For rows of these types.
    pub fn new(types: &[DataType]) -> Self {
        Self { types: types.to_vec(), writer: RowWriter::new(types.len()) }
    }

    /// Row `row` of the columns (in any form of [`crate::Column`]).
    pub fn row(&mut self, columns: &[ArrayRef], row: usize) -> Result<BinaryRow> {
        let columns = self.columns(columns)?;
        self.write(&columns, row)?;
        Ok(BinaryRow::from_writer(&self.writer))
    }

    /// Every row of the columns.
    pub fn rows(&mut self, columns: &[ArrayRef]) -> Result<Vec<BinaryRow>> {
        self.each(columns, BinaryRow::from_writer)
    }

    /// Murmur hash (seed 42) of each row of the columns.
    pub fn hashes(&mut self, columns: &[ArrayRef]) -> Result<Vec<i32>> {
        self.each(columns, |writer| murmur_words(writer.bytes()))
    }

    fn each<T>(&mut self, columns: &[ArrayRef], take: impl Fn(&RowWriter) -> T) -> Result<Vec<T>> {
        let rows = columns.first().map_or(0, |column| column.len());
        let columns = self.columns(columns)?;
        let mut taken = Vec::with_capacity(rows);
        for row in 0..rows {
            self.write(&columns, row)?;
            taken.push(take(&self.writer));
        }
        Ok(taken)
    }

    fn columns<'a>(&self, columns: &'a [ArrayRef]) -> Result<Vec<Source<'a>>> {
        let rows = columns.first().map_or(0, |column| column.len());
        if columns.len() != self.types.len() || columns.iter().any(|column| column.len() != rows) {
            let message = format!("{} columns for rows of {} fields", columns.len(), self.types.len());
            return InvalidValueSnafu { message }.fail();
        }
        let source = |(column, data_type): (&'a ArrayRef, &DataType)| match data_type.kind.is_nested() {
            true => Ok(Source::Nested(column)),
            false => Column::try_new(column, data_type).map(Source::Atomic),
        };
        columns.iter().zip(&self.types).map(source).collect()
    }

    fn write(&mut self, columns: &[Source<'_>], row: usize) -> Result<()> {
        self.writer.reset();
        for (index, (column, data_type)) in columns.iter().zip(&self.types).enumerate() {
            match column {
                Source::Atomic(column) => self.writer.write(index, &data_type.kind, column.get(row))?,
                Source::Nested(array) => write_any(&mut self.writer, index, *array, row, data_type)?,
            }
        }
        Ok(())
    }
}

enum Source<'a> {
    Atomic(Column<'a>),
    Nested(&'a dyn Array),
}
