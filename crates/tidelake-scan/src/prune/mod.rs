//! Which files cannot hold a row that is wanted. From coarse to fine; each step is a function of its own.
//!
//! | conjunct on | manifests | entries | files of a key table | files of an append table |
//! |---|---|---|---|---|
//! | partition columns | by statistics | exactly | | |
//! | all bucket key columns (equality) | by bucket range | by bucket | | |
//! | primary key columns | | | by key statistics | by value statistics |
//! | other columns | | | whole buckets, see [`files::of_bucket`] | by value statistics |
//!
//! In a key table a value of a row says nothing of a newer version of that row in another file: skipping one file by its
//! values could bring the older version back. So only keys skip single files there.

pub(crate) mod bucket;
pub(crate) mod files;

use tidelake_expr::{ColumnBounds, Predicate, may_match};
use tidelake_meta::{ManifestFileMeta, TableSchema};
use tidelake_types::{DataField, PartitionValues, Scalar};

use self::bucket::BucketTargets;
use crate::{FilterUse, Result};

/// A predicate sorted by what its conjuncts may reach.
#[derive(Debug)]
pub(crate) struct Pruning {
    /// On partition columns only.
    partition: Predicate,
    /// On columns of the trimmed primary key only.
    pub(crate) key: Predicate,
    /// All others, and in append tables those on key columns.
    pub(crate) value: Predicate,
    pub(crate) buckets: Option<BucketTargets>,
    pub(crate) partition_fields: Vec<DataField>,
    pub(crate) key_fields: Vec<DataField>,
    /// For each conjunct, whether it is of `partition`.
    on_partition: Vec<bool>,
}

impl Pruning {
    pub(crate) fn new(schema: &TableSchema, predicate: Option<&Predicate>) -> Result<Self> {
        let (partition_fields, key_fields) = (schema.partition_fields(), schema.trimmed_primary_key_fields());
        let conjuncts = predicate.cloned().map(Predicate::conjuncts).unwrap_or_default();
        let only = |conjunct: &Predicate, among: &[DataField]| {
            let fields = conjunct.fields();
            !fields.is_empty() && fields.iter().all(|field| among.iter().any(|candidate| candidate.id == field.id))
        };
        let buckets = BucketTargets::new(schema, &conjuncts)?;
        let on_partition: Vec<bool> = conjuncts.iter().map(|conjunct| only(conjunct, &partition_fields)).collect();
        let (mut partition, mut key, mut value) = (Vec::new(), Vec::new(), Vec::new());
        for (conjunct, on_partition) in conjuncts.into_iter().zip(&on_partition) {
            match conjunct {
                conjunct if *on_partition => partition.push(conjunct),
                conjunct if only(&conjunct, &key_fields) => key.push(conjunct),
                conjunct => value.push(conjunct),
            }
        }
        Ok(Self {
            partition: Predicate::and(partition),
            key: Predicate::and(key),
            value: Predicate::and(value),
            buckets,
            partition_fields,
            key_fields,
            on_partition,
        })
    }

    /// How each conjunct is used by a plan in which values skip files, or do not.
    pub(crate) fn uses(&self) -> Vec<FilterUse> {
        let of = |on_partition: &bool| if *on_partition { FilterUse::Exact } else { FilterUse::Inexact };
        self.on_partition.iter().map(of).collect()
    }

    /// Whether all rows of a partition that is kept pass.
    pub(crate) fn is_exact(&self) -> bool {
        self.on_partition.iter().all(|on_partition| *on_partition)
    }

    /// Whether a manifest may name a file that is wanted.
    pub(crate) fn keeps_manifest(&self, manifest: &ManifestFileMeta) -> bool {
        let entries = manifest.num_added_files.saturating_add(manifest.num_deleted_files);
        let bounds = |field: &DataField| {
            let index = self.partition_fields.iter().position(|candidate| candidate.id == field.id)?;
            manifest.partition_stats.bounds(index, &field.data_type).ok()
        };
        // With counts of zero nothing is known: `may_match` of no rows would be false.
        if entries > 0 && !may_match(&self.partition, entries, &bounds) {
            return false;
        }
        // A manifest with deletes must be read: they may take away files that other manifests add.
        match (&self.buckets, manifest.min_bucket, manifest.max_bucket, manifest.total_buckets) {
            (Some(targets), Some(min), Some(max), Some(total)) if manifest.num_deleted_files == 0 => {
                targets.any_between(total, min, max)
            }
            _ => true,
        }
    }

    /// Whether rows of a partition are wanted.
    pub(crate) fn keeps_partition(&self, partition: &PartitionValues) -> Result<bool> {
        if self.partition == Predicate::True {
            return Ok(true);
        }
        let values = partition.values(&self.partition_fields)?;
        Ok(may_match(&self.partition, 1, &|field| self.partition_bounds(&values, field)))
    }

    /// A partition column has one value in all rows of a file.
    pub(crate) fn partition_bounds(&self, values: &[Option<Scalar>], field: &DataField) -> Option<ColumnBounds> {
        let index = self.partition_fields.iter().position(|candidate| candidate.id == field.id)?;
        let value = values.get(index)?.clone();
        let null_count = value.is_none().into();
        Some(ColumnBounds { min: value.clone(), max: value, null_count: Some(null_count) })
    }
}
