//! What two implementations must agree on: the number of rows, and for each column its nulls and a sum that does not depend
//! on the order of rows, wrapping at 64 bits.
//!
//! Numbers are summed as they are, doubles by their bits, decimals unscaled. Of strings it is the lengths, and with `deep`
//! also every byte: a process that is measured sums lengths, one that only checks sums all.

use std::collections::BTreeMap;

use arrow_array::{
    Array, ArrowPrimitiveType, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{DataType, TimeUnit};
use serde_json::{Map, Value, json};

use crate::Failure;

#[derive(Default)]
pub(crate) struct Checksum {
    deep: bool,
    rows: u64,
    sums: BTreeMap<String, u64>,
}

impl Checksum {
    pub(crate) fn new(deep: bool) -> Self {
        Self { deep, ..Self::default() }
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.rows += batch.num_rows() as u64;
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let (sum, bytes) = sum(column.as_ref(), self.deep)?;
            let name = field.name();
            self.note(name, sum);
            self.note(&format!("{name}.nulls"), column.null_count() as u64);
            if self.deep && matches!(column.data_type(), DataType::Utf8) {
                self.note(&format!("{name}.bytes"), bytes);
            }
        }
        Ok(())
    }

    /// Takes in that of other rows.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for (name, sum) in &other.sums {
            self.note(name, *sum);
        }
    }

    fn note(&mut self, name: &str, sum: u64) {
        match self.sums.get_mut(name) {
            Some(known) => *known = known.wrapping_add(sum),
            None => {
                self.sums.insert(name.to_owned(), sum);
            }
        }
    }

    /// `{"rows": …, "sums": {…}}`; sums as text, since they need all 64 bits.
    pub(crate) fn line(self) -> Map<String, Value> {
        let sums: Map<String, Value> =
            self.sums.into_iter().map(|(name, sum)| (name, sum.to_string().into())).collect();
        let mut line = Map::new();
        line.insert("rows".into(), self.rows.into());
        line.insert("sums".into(), json!(sums));
        line
    }
}

/// The sum, and for strings that of all bytes.
fn sum(column: &dyn Array, deep: bool) -> Result<(u64, u64), Failure> {
    Ok(match column.data_type() {
        DataType::Int32 => (primitive::<Int32Type>(column, |value| i64::from(value) as u64), 0),
        DataType::Int64 => (primitive::<Int64Type>(column, |value| value as u64), 0),
        DataType::Float64 => (primitive::<Float64Type>(column, f64::to_bits), 0),
        DataType::Date32 => (primitive::<Date32Type>(column, |value| i64::from(value) as u64), 0),
        DataType::Decimal128(..) => (primitive::<Decimal128Type>(column, |value| value as u64), 0),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            (primitive::<TimestampMicrosecondType>(column, |value| value as u64), 0)
        }
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            let range = texts.value_offsets()[0] as usize..texts.value_offsets()[texts.len()] as usize;
            let bytes =
                if deep { texts.value_data()[range.clone()].iter().map(|byte| u64::from(*byte)).sum() } else { 0 };
            (range.len() as u64, bytes)
        }
        other => return Err(format!("there is no sum of {other}").into()),
    })
}

fn primitive<T: ArrowPrimitiveType>(column: &dyn Array, bits: impl Fn(T::Native) -> u64) -> u64 {
    let values = column.as_primitive::<T>();
    if values.null_count() == 0 {
        return values.values().iter().fold(0, |sum, value| sum.wrapping_add(bits(*value)));
    }
    values.iter().flatten().fold(0, |sum, value| sum.wrapping_add(bits(value)))
}
