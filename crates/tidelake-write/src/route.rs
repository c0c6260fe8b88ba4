//! Which partition and bucket a row belongs to.
//!
//! ```text
//!   row      0   1   2   3   4          group (a,0): rows 0 2
//!   partition a   b   a   a   b   ──►   group (a,1): row  3      each group is taken out of the batch at once
//!   bucket    0   1   0   1   1         group (b,1): rows 1 4
//! ```

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, Int8Array, RecordBatch, UInt32Array};
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
    known: HashMap<Box<[u8]>, usize>,
    partitions: Vec<PartitionValues>,
    converter: Option<RowConverter>,
}

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
        Ok(Self {
            partition_columns: partition_fields.iter().filter_map(position).collect(),
            bucket_columns: bucket_fields.iter().filter_map(position).collect(),
            partition_fields,
            hashes: BinaryRowBuilder::new(&types),
            buckets,
            known: HashMap::new(),
            partitions: Vec::new(),
            converter: None,
        })
    }

    /// Splits a conformed batch by partition and bucket. Groups come in order of their first row.
    pub fn route(&mut self, rows: &RecordBatch, kinds: Option<&Int8Array>) -> Result<Vec<RoutedRows>> {
        if rows.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let partitions = self.partitions_of(rows)?;
        let buckets = self.buckets_of(rows)?;
        let mut groups: Vec<(usize, i32, Vec<u32>)> = Vec::new();
        let mut index: HashMap<(usize, i32), usize> = HashMap::new();
        for row in 0..rows.num_rows() {
            let key = (partitions.as_ref().map_or(0, |ids| ids[row]), buckets.as_ref().map_or(0, |ids| ids[row]));
            let group = *index.entry(key).or_insert_with(|| {
                groups.push((key.0, key.1, Vec::new()));
                groups.len() - 1
            });
            groups[group].2.push(row as u32);
        }
        let whole = groups.len() == 1;
        (groups.into_iter())
            .map(|(partition, bucket, picked)| {
                let (rows, kinds) = if whole {
                    (rows.clone(), kinds.cloned())
                } else {
                    let picked = UInt32Array::from(picked);
                    let kinds = kinds.map(|kinds| take(kinds, &picked, None)).transpose()?;
                    let kinds = kinds.map(|kinds| Int8Array::from(kinds.to_data()));
                    (take_record_batch(rows, &picked)?, kinds)
                };
                let partition = match self.partitions.get(partition) {
                    Some(partition) => partition.clone(),
                    None => PartitionValues::unpartitioned(),
                };
                Ok(RoutedRows { partition, bucket, rows, kinds })
            })
            .collect()
    }

    /// For each row the index of its partition; `None` where the table has no partitions.
    fn partitions_of(&mut self, rows: &RecordBatch) -> Result<Option<Vec<usize>>> {
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
        for row in 0..rows.num_rows() {
            let bytes = encoded.row(row);
            let id = match self.known.get(bytes.as_ref()) {
                Some(id) => *id,
                None => {
                    let values = (self.partition_fields.iter().zip(&columns))
                        .map(|(field, column)| Scalar::from_array(column.as_ref(), row, &field.data_type))
                        .collect::<tidelake_types::Result<Vec<_>>>()?;
                    let id = self.partitions.len();
                    self.partitions.push(PartitionValues::new(&self.partition_fields, &values)?);
                    self.known.insert(bytes.as_ref().into(), id);
                    id
                }
            };
            ids.push(id);
        }
        Ok(Some(ids))
    }

    /// For each row its bucket; `None` where all go to bucket 0.
    fn buckets_of(&mut self, rows: &RecordBatch) -> Result<Option<Vec<i32>>> {
        if self.bucket_columns.is_empty() || self.buckets == 1 {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> =
            self.bucket_columns.iter().map(|column| Arc::clone(rows.column(*column))).collect();
        let mut hashes = self.hashes.hashes(&columns)?;
        for hash in &mut hashes {
            *hash = bucket_of_hash(*hash, self.buckets);
        }
        Ok(Some(hashes))
    }
}
