//! Which buckets can hold the keys that are asked for.
//!
//! `a IN (1, 2) AND b = 'x'` on the bucket key `(a, b)` asks for the keys `(1, x)` and `(2, x)`; each hashes to one bucket,
//! given how many there are. Partitions may have different numbers of buckets, so each entry is judged by its own.

use std::{collections::BTreeSet, sync::Mutex};

use indexmap::IndexMap;
use tidelake_expr::{Operator, Predicate};
use tidelake_meta::{BucketMode, TableSchema};
use tidelake_types::{BinaryRow, DataField, DataType, Scalar, TypeKind, bucket_of_hash, murmur_words};

use crate::Result;

/// More keys than this are not worth hashing: most buckets would be hit.
const KEYS_MAX: usize = 1000;

/// The hashes of all keys that are asked for.
#[derive(Debug)]
pub(crate) struct BucketTargets {
    hashes: BTreeSet<i32>,
    by_total: Mutex<IndexMap<i32, BTreeSet<i32>>>,
}

impl BucketTargets {
    /// `None` where the predicate does not name every bucket key column, or keys do not choose the bucket.
    pub(crate) fn new(schema: &TableSchema, conjuncts: &[Predicate]) -> Result<Option<Self>> {
        if !matches!(schema.bucket_mode()?, BucketMode::HashFixed(_)) {
            return Ok(None);
        }
        let fields = schema.bucket_key_fields()?;
        if fields.is_empty() {
            return Ok(None);
        }
        let mut keys: Vec<Vec<Option<Scalar>>> = vec![Vec::new()];
        for field in &fields {
            // Zeros of both signs are equal to some and have two hashes.
            if matches!(field.data_type.kind, TypeKind::Float | TypeKind::Double) {
                return Ok(None);
            }
            let Some(values) = conjuncts.iter().find_map(|conjunct| equals(conjunct, field)) else { return Ok(None) };
            if keys.len() * values.len() > KEYS_MAX {
                return Ok(None);
            }
            let longer = |key: &Vec<Option<Scalar>>| {
                let key = key.clone();
                values
                    .iter()
                    .map(move |value| key.iter().cloned().chain([Some(value.clone())]).collect())
                    .collect::<Vec<_>>()
            };
            keys = keys.iter().flat_map(longer).collect();
        }
        let types: Vec<DataType> = fields.into_iter().map(|field| field.data_type).collect();
        let hash = |key: &Vec<Option<Scalar>>| Some(murmur_words(BinaryRow::from_scalars(&types, key).ok()?.bytes()));
        // A literal that is no value of its column: leave it to the evaluation of rows.
        let hashes: Option<BTreeSet<i32>> = keys.iter().map(hash).collect();
        Ok(hashes.map(|hashes| Self { hashes, by_total: Mutex::default() }))
    }

    /// Whether a bucket, one of `total`, can hold one of the keys. Unknown totals keep it.
    pub(crate) fn keeps(&self, total: i32, bucket: i32) -> bool {
        self.any_between(total, bucket, bucket)
    }

    pub(crate) fn any_between(&self, total: i32, min: i32, max: i32) -> bool {
        if total <= 0 || min > max {
            return true;
        }
        let mut by_total = self.by_total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let buckets = by_total
            .entry(total)
            .or_insert_with(|| self.hashes.iter().map(|hash| bucket_of_hash(*hash, total)).collect());
        buckets.range(min..=max).next().is_some()
    }
}

/// The values that a conjunct leaves to a column: of `=`, `IN`, or `OR` of these. `None` for any other shape, and where a
/// literal is null.
fn equals(conjunct: &Predicate, field: &DataField) -> Option<Vec<Scalar>> {
    match conjunct {
        Predicate::Leaf(leaf)
            if leaf.field.id == field.id && matches!(leaf.operator, Operator::Equal | Operator::In) =>
        {
            leaf.literals.iter().cloned().collect()
        }
        Predicate::Or(parts) => {
            let values: Option<Vec<_>> = parts.iter().map(|part| equals(part, field)).collect();
            Some(values?.concat())
        }
        _ => None,
    }
}
