//! The changes of several snapshots, read as one batch.
//!
//! The range is open at its start: `3,5` reads snapshots 4 and 5. Changes come as they were stored; a key that changed
//! twice comes twice.

use indexmap::IndexMap;
use tidelake_expr::Predicate;
use tidelake_meta::{ChangelogProducer, CommitKind, DataFileMeta, Snapshot, unsupported_for_reading};
use tidelake_types::PartitionValues;

use crate::{
    Between, BetweenEnd, BetweenMode, Plan, Planner, ReadPoint, Result,
    error::{InvalidSnafu, UnsupportedSnafu},
    pack::Packer,
    planner::Place,
    prune::Pruning,
};

impl Planner {
    pub(crate) async fn plan_between(
        &self,
        between: &Between,
        point: &ReadPoint,
        predicate: Option<&Predicate>,
    ) -> Result<Plan> {
        let schema = &point.schema;
        unsupported_for_reading(schema)?;
        let pruning = Pruning::new(schema, predicate)?;
        let Some((start, end)) = self.ends(between).await? else { return Ok(Plan::empty(None, schema, &pruning)) };
        let deltas = match between.mode {
            BetweenMode::Delta => true,
            BetweenMode::Changelog => false,
            BetweenMode::Auto => !schema.has_primary_key() || schema.changelog_producer()? == ChangelogProducer::None,
            BetweenMode::Diff => return unsupported("`incremental-between-scan-mode` = `diff` is not supported yet"),
        };
        // By value: partitions that differ may share a path (null and blank text).
        let mut buckets: IndexMap<(PartitionValues, i32), (Place, Vec<DataFileMeta>)> = IndexMap::new();
        let mut num_files = 0;
        for id in start + 1..=end {
            let snapshot = self.snapshot(id).await?;
            let Some(list) = changes_of(&snapshot, deltas) else { continue };
            let changes = self.read_changes(list, schema, &pruning).await?;
            num_files += changes.num_files;
            for (place, files) in changes.buckets {
                let key = (place.partition.clone(), place.bucket);
                buckets.entry(key).or_insert_with(|| (place, Vec::new())).1.extend(files);
            }
        }
        buckets.sort_by(|_, (a, _), _, (b, _)| a.path.cmp(&b.path));
        let packer = Packer::new(schema, &pruning.key_fields)?;
        let mut splits = Vec::new();
        for (place, files) in buckets.into_values() {
            splits.extend(place.splits(end, packer.batch(files)?, true));
        }
        Ok(Plan::new(Some(end), schema, splits, num_files, &pruning))
    }

    /// The snapshot before the first and the last one of a range; `None` if there is nothing in it.
    async fn ends(&self, between: &Between) -> Result<Option<(i64, i64)>> {
        let snapshots = &self.parts.snapshots;
        let (Some(earliest), Some(latest)) = (snapshots.earliest_id().await?, snapshots.latest_id().await?) else {
            return Ok(None);
        };
        let (start, end) = match (&between.start, &between.end) {
            (BetweenEnd::Version(start), BetweenEnd::Version(end)) => {
                (self.end_id(start).await?, self.end_id(end).await?)
            }
            (BetweenEnd::Timestamp(start), BetweenEnd::Timestamp(end)) => {
                let Some(last) = snapshots.at_or_before(*end).await? else { return Ok(None) };
                (snapshots.at_or_before(*start).await?.map_or(earliest - 1, |snapshot| snapshot.id), last.id)
            }
            _ => return invalid("a range has two versions or two times as its ends".to_owned()),
        };
        if start > end {
            return invalid(format!("the range {start} to {end} ends before it starts"));
        }
        if start < earliest - 1 || end > latest {
            return self.no_snapshot(format!("for every number after {start}, up to {end}")).await;
        }
        Ok((start < end).then_some((start, end)))
    }

    async fn end_id(&self, version: &str) -> Result<i64> {
        if self.parts.tags.try_load(version).await?.is_some() {
            return unsupported(
                "`incremental-between` two tags is not supported yet: give the numbers of two snapshots",
            );
        }
        match version.parse() {
            Ok(id) => Ok(id),
            Err(_) => self.no_snapshot(format!("version `{version}`, which is no tag either")).await,
        }
    }
}

/// The list of a snapshot that holds its changes, if it counts.
fn changes_of(snapshot: &Snapshot, deltas: bool) -> Option<(&str, Option<u64>)> {
    match deltas {
        true if snapshot.commit_kind == CommitKind::Append => {
            Some((&snapshot.delta_manifest_list, snapshot.delta_manifest_list_size))
        }
        false if snapshot.commit_kind != CommitKind::Overwrite => {
            Some((snapshot.changelog_manifest_list.as_ref()?, snapshot.changelog_manifest_list_size))
        }
        _ => None,
    }
}

fn invalid<T>(message: String) -> Result<T> {
    InvalidSnafu { message }.fail()
}

fn unsupported<T>(message: &str) -> Result<T> {
    UnsupportedSnafu { message }.fail()
}
