//! Which files of a bucket are read.

use std::{collections::BTreeMap, sync::Arc};

use tidelake_expr::{ColumnBounds, Predicate, may_match};
use tidelake_meta::{DataFileMeta, TableSchema};
use tidelake_types::{DataField, Scalar};

use super::Pruning;
use crate::SkippedFiles;

/// Schemas by number: of every file that is looked at.
pub(crate) type Schemas = BTreeMap<i64, Arc<TableSchema>>;

/// The files of one bucket that may hold rows that are wanted, for a batch read; the others are counted.
///
/// In a key table values skip single files only if no two files of the bucket can hold the same key: there is one, or
/// all are on one level above 0. Otherwise, one file that may match keeps all, and none drops the bucket.
pub(crate) fn of_bucket(
    pruning: &Pruning,
    schemas: &Schemas,
    partition: &[Option<Scalar>],
    has_key: bool,
    mut files: Vec<DataFileMeta>,
    skipped: &mut SkippedFiles,
) -> Vec<DataFileMeta> {
    let all = files.len();
    if has_key {
        files.retain(|file| keeps_by_key(pruning, schemas, file));
    }
    let by_key = all - files.len();
    let by_value = |file: &DataFileMeta| keeps_by_value(pruning, schemas, partition, file);
    let first_level = files.first().map_or(0, |file| file.level);
    let disjoint = files.len() <= 1 || first_level > 0 && files.iter().all(|file| file.level == first_level);
    if !has_key || disjoint {
        files.retain(by_value);
    } else if !files.iter().any(by_value) {
        files.clear();
    }
    skipped.by_key += by_key;
    skipped.by_value += all - by_key - files.len();
    files
}

/// Whether a file of a key table may hold one of the keys that are wanted. All versions of a key pass or fail together.
pub(crate) fn keeps_by_key(pruning: &Pruning, schemas: &Schemas, file: &DataFileMeta) -> bool {
    if pruning.key == Predicate::True {
        return true;
    }
    let Some(schema) = schemas.get(&file.schema_id) else { return true };
    let written = schema.trimmed_primary_key_fields();
    let bounds = |field: &DataField| {
        let index = written.iter().position(|candidate| candidate.id == field.id)?;
        if !written[index].data_type.same_values(&field.data_type) {
            return None;
        }
        let mut bounds = file.key_stats.bounds(index, &field.data_type).unwrap_or_default();
        // The first column of the lowest and highest key is bounded by them, and they are never cut.
        if index == 0 && file.min_key.arity() == written.len() && file.max_key.arity() == written.len() {
            let first = |row: &tidelake_types::BinaryRow| row.get(0, &field.data_type).ok().flatten();
            bounds.min = first(&file.min_key).or(bounds.min);
            bounds.max = first(&file.max_key).or(bounds.max);
        }
        Some(bounds)
    };
    may_match(&pruning.key, file.row_count, &bounds)
}

/// Whether a file may hold a row that is wanted, by its values alone. Statistics are read through the schema that the file
/// was written with.
pub(crate) fn keeps_by_value(
    pruning: &Pruning,
    schemas: &Schemas,
    partition: &[Option<Scalar>],
    file: &DataFileMeta,
) -> bool {
    if pruning.value == Predicate::True {
        return true;
    }
    let Some(schema) = schemas.get(&file.schema_id) else { return true };
    let bounds = |field: &DataField| match pruning.partition_bounds(partition, field) {
        Some(of_one) => {
            Some(ColumnBounds { null_count: of_one.null_count.map(|count| count * file.row_count), ..of_one })
        }
        None => file.evolved_bounds(schema, field),
    };
    may_match(&pruning.value, file.row_count, &bounds)
}
