//! Which partition and bucket a row belongs to.
//!
//! ```text
//!   row      0   1   2   3   4          counted   group (a,0): 2   (b,1): 2   (a,1): 1
//!   partition a   b   a   a   b   ──►   placed    rows 0 2 | 1 4 | 3
//!   bucket    0   1   0   1   1         taken     each group out of the batch at once
//! ```
//!
//! Each group is a copy of its own, not a slice of one sorted batch: buckets are flushed at different times, and a slice
//! would hold the rows of all others in memory until the last of them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, Int8Array, RecordBatch, UInt32Array};
use arrow_buffer::ScalarBuffer;
use arrow_row::{RowConverter, SortField};
use arrow_select::take::{take, take_record_batch};
use tidelake_meta::{BucketMode, TableSchema};
use tidelake_types::{BinaryRowBuilder, DataField, DataType, PartitionValues, Scalar, bucket_of_hash};

use crate::error::{Result, UnsupportedSnafu};

/// Rows of one bucket, in the order they came.
#[derive(Debug, Clone)]
pub struct RoutedRows {
    /// The partition.
    pub partition: PartitionValues,
    /// The bucket.
    pub bucket: i32,
    /// The rows, all columns of the table.
    pub rows: RecordBatch,
    /// Their kinds, if any were given.
    pub kinds: Option<Int8Array>,
}

/// Routes rows of a table with fixed buckets, or without buckets (all go to bucket 0).
#[derive(Debug)]
pub struct Router {
    partition_fields: Vec<DataField>,
    partition_columns: Vec<usize>,
    bucket_columns: Vec<usize>,
    hashes: BinaryRowBuilder,
    buckets: i32,
    /// Partitions met so far, by the row-encoded bytes of their columns.
    known: HashMap<Box<[u8]>, u32, BuildHasherDefault<WordHasher>>,
    partitions: Vec<PartitionValues>,
    converter: Option<RowConverter>,
    /// For each partition and bucket the group of the batch at hand; [`NO_GROUP`] between two batches.
    groups: Vec<u32>,
}

const NO_GROUP: u32 = u32::MAX;

impl Router {
    /// For a table; other bucket modes than fixed and unaware are a typed error.
    pub fn try_new(schema: &TableSchema) -> Result<Self> {
        let (bucket_fields, buckets) = match schema.bucket_mode()? {
            BucketMode::HashFixed(buckets) => (schema.bucket_key_fields()?, buckets),
            BucketMode::Unaware => (Vec::new(), 1),
            mode => {
                let message = format!(
                    "option `bucket` makes this table's buckets {mode:?}: writing needs a fixed number of buckets (`bucket` > 0), or an append table without buckets"
                );
                return UnsupportedSnafu { message }.fail();
            }
        };
        let position = |field: &DataField| schema.fields.iter().position(|other| other.id == field.id);
        let partition_fields = schema.partition_fields();
        let types: Vec<DataType> = bucket_fields.iter().map(|field| field.data_type.clone()).collect();
        let partitions = if partition_fields.is_empty() { vec![PartitionValues::unpartitioned()] } else { Vec::new() };
        Ok(Self {
            partition_columns: partition_fields.iter().filter_map(position).collect(),
            bucket_columns: bucket_fields.iter().filter_map(position).collect(),
            partition_fields,
            hashes: BinaryRowBuilder::new(&types),
            buckets,
            known: HashMap::default(),
            partitions,
            converter: None,
            groups: Vec::new(),
        })
    }

    /// Splits a conformed batch by partition and bucket. Groups come in order of their first row.
    pub fn route(&mut self, rows: &RecordBatch, kinds: Option<&Int8Array>) -> Result<Vec<RoutedRows>> {
        if rows.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let places = match (self.partitions_of(rows)?, self.buckets_of(rows)?) {
            (None, None) => return Ok(vec![self.whole(0, rows, kinds)]),
            (None, Some(buckets)) => buckets,
            (Some(partitions), None) => partitions.into_iter().map(|partition| partition * self.width()).collect(),
            (Some(mut partitions), Some(buckets)) => {
                let width = self.width();
                for (place, bucket) in partitions.iter_mut().zip(buckets) {
                    *place = *place * width + bucket;
                }
                partitions
            }
        };
        let first = places[0];
        if places.iter().all(|place| *place == first) {
            return Ok(vec![self.whole(first, rows, kinds)]);
        }
        let Sorted { places, ends, order } = self.sort(places);
        let mut start = 0;
        (places.into_iter().zip(ends))
            .map(|(place, end)| {
                let picked = UInt32Array::new(order.slice(start, end - start), None);
                start = end;
                let kinds = kinds.map(|kinds| take(kinds, &picked, None)).transpose()?;
                let kinds = kinds.map(|kinds| Int8Array::from(kinds.to_data()));
                Ok(self.routed(place, take_record_batch(rows, &picked)?, kinds))
            })
            .collect()
    }

    fn width(&self) -> u32 {
        self.buckets.max(1).unsigned_abs()
    }

    fn whole(&self, place: u32, rows: &RecordBatch, kinds: Option<&Int8Array>) -> RoutedRows {
        self.routed(place, rows.clone(), kinds.cloned())
    }

    fn routed(&self, place: u32, rows: RecordBatch, kinds: Option<Int8Array>) -> RoutedRows {
        let (partition, bucket) = ((place / self.width()) as usize, (place % self.width()) as i32);
        RoutedRows { partition: self.partitions[partition].clone(), bucket, rows, kinds }
    }

    /// Counting sort by place; places in order of their first row.
    fn sort(&mut self, places: Vec<u32>) -> Sorted {
        self.groups.resize(self.partitions.len() * self.width() as usize, NO_GROUP);
        let mut met: Vec<u32> = Vec::new();
        let mut ends: Vec<usize> = Vec::new();
        for &place in &places {
            let group = &mut self.groups[place as usize];
            if *group == NO_GROUP {
                *group = met.len() as u32;
                met.push(place);
                ends.push(0);
            }
            ends[*group as usize] += 1;
        }
        let mut next = 0;
        for end in &mut ends {
            (*end, next) = (next, next + *end);
        }
        // Each group begins at `ends` now, and ends there once all its rows are placed.
        let mut order = vec![0; places.len()];
        for (row, &place) in places.iter().enumerate() {
            let end = &mut ends[self.groups[place as usize] as usize];
            order[*end] = row as u32;
            *end += 1;
        }
        for &place in &met {
            self.groups[place as usize] = NO_GROUP;
        }
        Sorted { places: met, ends, order: order.into() }
    }

    /// For each row the index of its partition; `None` where the table has no partitions.
    fn partitions_of(&mut self, rows: &RecordBatch) -> Result<Option<Vec<u32>>> {
        if self.partition_columns.is_empty() {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> =
            self.partition_columns.iter().map(|column| Arc::clone(rows.column(*column))).collect();
        let converter = match &mut self.converter {
            Some(converter) => converter,
            none => {
                let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
                none.insert(RowConverter::new(fields)?)
            }
        };
        let encoded = converter.convert_columns(&columns)?;
        let mut ids = Vec::with_capacity(rows.num_rows());
        // Rows of one partition tend to come together.
        let mut last: Option<(&[u8], u32)> = None;
        for (row, bytes) in encoded.iter().enumerate() {
            let bytes = bytes.data();
            let id = match last {
                Some((same, id)) if same == bytes => id,
                _ => match self.known.get(bytes) {
                    Some(id) => *id,
                    None => {
                        let values = (self.partition_fields.iter().zip(&columns))
                            .map(|(field, column)| Scalar::from_array(column.as_ref(), row, &field.data_type))
                            .collect::<tidelake_types::Result<Vec<_>>>()?;
                        let id = self.partitions.len() as u32;
                        self.partitions.push(PartitionValues::new(&self.partition_fields, &values)?);
                        self.known.insert(bytes.into(), id);
                        id
                    }
                },
            };
            last = Some((bytes, id));
            ids.push(id);
        }
        Ok(Some(ids))
    }

    /// For each row its bucket; `None` where all go to bucket 0.
    fn buckets_of(&mut self, rows: &RecordBatch) -> Result<Option<Vec<u32>>> {
        if self.bucket_columns.is_empty() || self.buckets == 1 {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> =
            self.bucket_columns.iter().map(|column| Arc::clone(rows.column(*column))).collect();
        let hashes = self.hashes.hashes(&columns)?;
        Ok(Some(hashes.into_iter().map(|hash| bucket_of_hash(hash, self.buckets).unsigned_abs()).collect()))
    }
}

/// Rows by group.
struct Sorted {
    /// Of each group.
    places: Vec<u32>,
    /// Where each group ends in `order`.
    ends: Vec<usize>,
    order: ScalarBuffer<u32>,
}

/// Few and short keys that nobody chooses to collide: multiply and rotate, a word at a time.
#[derive(Debug, Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits, too.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int32Array, StringArray, cast::AsArray, types::Int32Type};
    use tidelake_types::{Options, TypeKind};

    use super::*;

    fn table(buckets: &str) -> TableSchema {
        let fields =
            vec![DataField::new(0, "p", TypeKind::STRING.not_null()), DataField::new(1, "k", TypeKind::Int.not_null())];
        let options = Options::from([("bucket", buckets)]);
        TableSchema::create(fields, vec!["p".into()], vec!["p".into(), "k".into()], options, None, 0).unwrap()
    }

    fn batch(rows: &[(&str, i32)]) -> (RecordBatch, Int8Array) {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("p", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)))),
            ("k", Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.1)))),
        ];
        (
            RecordBatch::try_from_iter(columns).unwrap(),
            Int8Array::from_iter_values(rows.iter().map(|row| row.1 as i8 % 4)),
        )
    }

    #[test]
    fn every_row_comes_out_once_in_its_group_in_the_order_it_came() {
        let mut router = Router::try_new(&table("3")).unwrap();
        let mut places: HashMap<(String, i32), (PartitionValues, i32)> = HashMap::new();
        for round in 0..3 {
            let rows: Vec<(&str, i32)> =
                (0..100).map(|i| (["a", "b", "longer than eight", ""][(i * i + round) as usize % 4], i)).collect();
            let (batch, kinds) = batch(&rows);
            let mut out = Vec::new();
            for routed in router.route(&batch, Some(&kinds)).unwrap() {
                let (p, k) =
                    (routed.rows.column(0).as_string::<i32>(), routed.rows.column(1).as_primitive::<Int32Type>());
                let mut last = -1;
                for row in 0..routed.rows.num_rows() {
                    assert!(k.value(row) > last);
                    last = k.value(row);
                    assert_eq!(routed.kinds.as_ref().unwrap().value(row), last as i8 % 4);
                    let place = (routed.partition.clone(), routed.bucket);
                    assert_eq!(places.entry((p.value(row).to_owned(), last)).or_insert(place.clone()), &place);
                    out.push((p.value(row).to_owned(), last));
                }
            }
            out.sort_by_key(|row| row.1);
            assert_eq!(out, rows.iter().map(|row| (row.0.to_owned(), row.1)).collect::<Vec<_>>());
        }
        assert_eq!(router.partitions.len(), 4);
        assert!(places.values().any(|place| place.1 == 2));
    }

    #[test]
    fn a_batch_of_one_bucket_is_not_copied() {
        let mut router = Router::try_new(&table("1")).unwrap();
        let (batch, _) = batch(&[("a", 1), ("a", 2)]);
        let routed = router.route(&batch, None).unwrap();
        assert!(matches!(&routed[..], [one] if Arc::ptr_eq(one.rows.column(0), batch.column(0)) && one.bucket == 0));
    }
}
