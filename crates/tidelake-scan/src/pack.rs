//! From the files of a bucket to splits (Java's MergeTreeSplitGenerator and AppendOnlySplitGenerator).
//!
//! Ordered bin packing: items are taken in order; one that would make a bin heavier than the target opens the next bin. A
//! file weighs its bytes, but at least what opening it costs.
//!
//! ```text
//! append, and key tables that are clean:   items are files          ┌─1─┬─2─┐ ┌────3────┐ ┌4┬5┬6┐
//! other key tables:                        items are sections, files with overlapping keys stay together
//! ```
//!
//! A key table's bucket is clean if no file is at level 0 and none has deletes; if then all are on one level, no two hold
//! the same key, and each file can be read alone.

use tidelake_meta::{DataFileMeta, MergeEngine, TableSchema, sections};
use tidelake_types::{DataField, DataType};

use crate::{
    Result,
    options::{SOURCE_SPLIT_OPEN_FILE_COST, SOURCE_SPLIT_TARGET_SIZE},
};

/// Files of one split, and whether they can be read one by one.
#[derive(Debug, PartialEq)]
pub(crate) struct Packed {
    pub(crate) files: Vec<DataFileMeta>,
    pub(crate) raw_convertible: bool,
}

/// Packs the files of a bucket.
#[derive(Debug)]
pub(crate) struct Packer {
    target_bytes: u64,
    open_cost_bytes: u64,
    /// `None` for append tables.
    key_types: Option<Vec<DataType>>,
    one_version_each: bool,
    unaware: bool,
}

impl Packer {
    pub(crate) fn new(schema: &TableSchema, key_fields: &[DataField]) -> Result<Self> {
        let key_types = key_fields.iter().map(|field| field.data_type.clone()).collect();
        Ok(Self {
            target_bytes: schema.options.get(&SOURCE_SPLIT_TARGET_SIZE)?.0,
            open_cost_bytes: schema.options.get(&SOURCE_SPLIT_OPEN_FILE_COST)?.0,
            key_types: schema.has_primary_key().then_some(key_types),
            one_version_each: schema.has_primary_key() && schema.merge_engine()? == MergeEngine::FirstRow,
            unaware: schema.bucket_mode()? == tidelake_meta::BucketMode::Unaware,
        })
    }

    /// For a read of the table's rows.
    pub(crate) fn batch(&self, mut files: Vec<DataFileMeta>) -> Result<Vec<Packed>> {
        let Some(key_types) = &self.key_types else {
            files.sort_by_key(|file| file.min_sequence_number);
            return Ok(self.raw(files));
        };
        let clean = files.iter().all(|file| file.level != 0 && !has_deletes(file));
        let one_level = files.windows(2).all(|pair| pair[0].level == pair[1].level);
        if clean && (self.one_version_each || one_level) {
            return Ok(self.raw(files));
        }
        let sections =
            sections(files, key_types)?.into_iter().map(|runs| runs.into_iter().flatten().collect::<Vec<_>>());
        let weight = |section: &Vec<DataFileMeta>| {
            section.iter().map(|file| file.file_size).sum::<u64>().max(self.open_cost_bytes)
        };
        let packed = pack(sections, weight, self.target_bytes).into_iter().map(|bin| {
            let files = bin.concat();
            let raw_convertible = files.len() == 1 && !has_deletes(&files[0]);
            Packed { files, raw_convertible }
        });
        Ok(packed.collect())
    }

    /// For a read of changes as they were stored: all files of a bucket in one split, so that their order is kept. Files
    /// without buckets have no order.
    pub(crate) fn stream(&self, files: Vec<DataFileMeta>) -> Result<Vec<Packed>> {
        match self.unaware {
            true => self.batch(files),
            false => Ok(vec![Packed { files, raw_convertible: true }]),
        }
    }

    fn raw(&self, files: Vec<DataFileMeta>) -> Vec<Packed> {
        let weight = |file: &DataFileMeta| file.file_size.max(self.open_cost_bytes);
        let bins = pack(files, weight, self.target_bytes);
        bins.into_iter().map(|files| Packed { files, raw_convertible: true }).collect()
    }
}

fn has_deletes(file: &DataFileMeta) -> bool {
    file.delete_row_count.is_some_and(|deletes| deletes > 0)
}

fn pack<T>(items: impl IntoIterator<Item = T>, weight: impl Fn(&T) -> u64, target: u64) -> Vec<Vec<T>> {
    let (mut bins, mut bin, mut bin_weight) = (Vec::new(), Vec::new(), 0u64);
    for item in items {
        let heavier = bin_weight.saturating_add(weight(&item));
        if heavier > target && !bin.is_empty() {
            bins.push(std::mem::take(&mut bin));
            bin_weight = weight(&item);
        } else {
            bin_weight = heavier;
        }
        bin.push(item);
    }
    if !bin.is_empty() {
        bins.push(bin);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::pack;

    #[test]
    fn bins_are_filled_in_order() {
        let packed = |items: &[u64], target| pack(items.to_vec(), |item| *item, target);
        assert_eq!(packed(&[3, 3, 3], 6), [vec![3, 3], vec![3]]);
        assert_eq!(packed(&[1, 9, 1, 1], 5), [vec![1], vec![9], vec![1, 1]], "a heavy item stands alone");
        assert_eq!(packed(&[9], 5), [vec![9]]);
        assert_eq!(packed(&[5, 1], 5), [vec![5], vec![1]]);
        assert!(packed(&[], 5).is_empty());
    }
}
