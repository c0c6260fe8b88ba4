//! The rows of a data file, against what its manifest entry says of them.

use std::ops::RangeInclusive;

use arrow_array::{
    Array, ArrayRef, Int8Array, Int64Array, RecordBatch,
    cast::AsArray,
    types::{Int8Type, Int32Type, Int64Type},
};
use arrow_row::{OwnedRow, RowConverter, SortField};

/// What a manifest entry and the table's schema say of a file's rows.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) rows: i64,
    /// `_SEQUENCE_NUMBER` lies in here.
    pub(crate) sequence: RangeInclusive<i64>,
    /// How many rows take something back (update-before, delete).
    pub(crate) delete_rows: Option<i64>,
    /// The columns that rows are sorted by, strictly; empty where no order is promised.
    pub(crate) sort_key: Vec<String>,
}

/// Goes over a file's rows, batch by batch.
#[derive(Debug)]
pub(crate) struct RowCheck {
    expected: Expected,
    rows: i64,
    delete_rows: i64,
    has_kinds: bool,
    converter: Option<RowConverter>,
    last: Option<OwnedRow>,
}

impl RowCheck {
    pub(crate) fn new(expected: Expected) -> Self {
        Self { expected, rows: 0, delete_rows: 0, has_kinds: false, converter: None, last: None }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.unsigned_abs()
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let is_of_key_table = batch.column_by_name("_VALUE_KIND").is_some();
        if let Some(sequence) = batch.column_by_name("_SEQUENCE_NUMBER").filter(|_| is_of_key_table) {
            let sequence: &Int64Array =
                sequence.as_primitive_opt::<Int64Type>().ok_or("`_SEQUENCE_NUMBER` is no 64-bit number")?;
            if let Some(outside) = sequence.iter().flatten().find(|number| !self.expected.sequence.contains(number)) {
                let (min, max) = (self.expected.sequence.start(), self.expected.sequence.end());
                return Err(format!("a row has the sequence number {outside}, its manifest says {min} to {max}"));
            }
        }
        if let Some(kinds) = batch.column_by_name("_VALUE_KIND") {
            self.has_kinds = true;
            self.add_kinds(kinds)?;
        }
        self.add_keys(batch)?;
        self.rows += batch.num_rows() as i64;
        Ok(())
    }

    fn add_kinds(&mut self, kinds: &ArrayRef) -> Result<(), String> {
        let mut add = |kind: i32| {
            self.delete_rows += i64::from(kind == 1 || kind == 3);
            if (0..=3).contains(&kind) { Ok(()) } else { Err(format!("a row has the unknown kind {kind}")) }
        };
        if let Some(kinds) = kinds.as_primitive_opt::<Int8Type>() {
            let kinds: &Int8Array = kinds;
            return kinds.values().iter().try_for_each(|kind| add(i32::from(*kind)));
        }
        let kinds = kinds.as_primitive_opt::<Int32Type>().ok_or("`_VALUE_KIND` is no small number")?;
        kinds.values().iter().try_for_each(|kind| add(*kind))
    }

    /// Rows become byte strings that sort as the rows do.
    fn add_keys(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let names = self.expected.sort_key.iter();
        let columns: Option<Vec<ArrayRef>> = names
            .map(|name| batch.column_by_name(&format!("_KEY_{name}")).or_else(|| batch.column_by_name(name)).cloned())
            .collect();
        let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return Ok(()) };
        if self.converter.is_none() {
            let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
            self.converter = RowConverter::new(fields).ok();
        }
        let Some(converter) = &mut self.converter else { return Ok(()) }; // a type without an order
        let keys =
            converter.convert_columns(&columns).map_err(|error| format!("its keys cannot be compared: {error}"))?;
        for (i, key) in keys.iter().enumerate() {
            let sorted = match i.checked_sub(1) {
                Some(before) => keys.row(before) < key,
                None => self.last.as_ref().is_none_or(|last| last.row() < key),
            };
            if !sorted {
                return Err(format!("its rows are not sorted by the key: row {}", self.rows + i as i64));
            }
        }
        self.last = keys.num_rows().checked_sub(1).map(|last| keys.row(last).owned()).or(self.last.take());
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<(), String> {
        if self.rows != self.expected.rows {
            return Err(format!("it has {} rows, its manifest says {}", self.rows, self.expected.rows));
        }
        match self.expected.delete_rows {
            Some(expected) if self.has_kinds && expected != self.delete_rows => Err(format!(
                "{} of its rows are deletes or update-befores, its manifest says {expected}",
                self.delete_rows
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;

    use super::*;

    fn batch(keys: &[&str], sequence: &[i64], kinds: &[i8]) -> RecordBatch {
        RecordBatch::try_from_iter([
            ("_KEY_k", Arc::new(StringArray::from(keys.to_vec())) as ArrayRef),
            ("_SEQUENCE_NUMBER", Arc::new(Int64Array::from(sequence.to_vec()))),
            ("_VALUE_KIND", Arc::new(Int8Array::from(kinds.to_vec()))),
        ])
        .unwrap()
    }

    fn check(batches: &[RecordBatch]) -> Result<(), String> {
        let expected = Expected { rows: 3, sequence: 1..=9, delete_rows: Some(1), sort_key: vec!["k".to_owned()] };
        let mut check = RowCheck::new(expected);
        batches.iter().try_for_each(|batch| check.add(batch))?;
        check.finish()
    }

    #[test]
    fn rows_that_fit_pass_and_each_misfit_is_told() {
        let first = || batch(&["a", "b"], &[1, 9], &[0, 3]);
        assert_eq!(check(&[first(), batch(&["c"], &[2], &[2])]), Ok(()));
        let found = |second| check(&[first(), second]).unwrap_err();
        assert!(found(batch(&["b"], &[2], &[2])).contains("not sorted by the key: row 2"));
        assert!(found(batch(&["c"], &[10], &[2])).contains("the sequence number 10"));
        assert!(found(batch(&["c"], &[2], &[1])).contains("2 of its rows are deletes"));
        assert!(found(batch(&["c"], &[2], &[4])).contains("unknown kind 4"));
        assert!(found(batch(&["c", "d"], &[2, 2], &[0, 0])).contains("4 rows"));
    }
}
