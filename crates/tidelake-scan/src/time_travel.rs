//! Which snapshot a batch read is of, and in which columns its rows come.

use std::sync::Arc;

use tidelake_meta::{ChangelogProducer, CommitKind, Snapshot, TableSchema};
use tidelake_types::OptionKey;

use crate::{Planner, ReadFrom, ReadPoint, Result, error::NoSnapshotSnafu};

const FULL_COMPACTION_DELTA_COMMITS: OptionKey<Option<i64>> = OptionKey::new("full-compaction.delta-commits", || None);

impl Planner {
    /// Finds the snapshot and the schema of a read: what a predicate's fields must come from. One that is not kept
    /// (any more) is `NotFound`, naming what is.
    pub async fn resolve(&self, from: &ReadFrom) -> Result<ReadPoint> {
        let snapshot = self.snapshot_of(from).await?;
        let schema = match &snapshot {
            Some(snapshot) if from.is_time_travel() => self.schema_of(snapshot).await?,
            _ => Arc::clone(&self.parts.schema),
        };
        Ok(ReadPoint { snapshot, schema })
    }

    async fn snapshot_of(&self, from: &ReadFrom) -> Result<Option<Snapshot>> {
        let snapshots = &self.parts.snapshots;
        match from {
            ReadFrom::Latest | ReadFrom::Between(_) => Ok(snapshots.latest().await?),
            ReadFrom::LatestCompacted => match self.latest_compacted().await? {
                Some(snapshot) => Ok(Some(snapshot)),
                None => Ok(snapshots.latest().await?),
            },
            ReadFrom::Snapshot(id) => self.snapshot(*id).await.map(Some),
            ReadFrom::Tag(name) => Ok(Some(self.parts.tags.load(name).await?.snapshot)),
            ReadFrom::Version(version) => self.version(version).await.map(Some),
            ReadFrom::Timestamp(at_ms) => match snapshots.at_or_before(*at_ms).await? {
                Some(snapshot) => Ok(Some(snapshot)),
                None => self.no_snapshot(format!("at or before {at_ms} ms since 1970")).await,
            },
            ReadFrom::Watermark(watermark) => self.watermark(*watermark).await.map(Some),
        }
    }

    /// The columns that the table had at a snapshot, with the options that it has now.
    pub(crate) async fn schema_of(&self, snapshot: &Snapshot) -> Result<Arc<TableSchema>> {
        let current = &self.parts.schema;
        if snapshot.schema_id == current.id {
            return Ok(Arc::clone(current));
        }
        let then = self.parts.schemas.load(snapshot.schema_id).await?;
        Ok(Arc::new(TableSchema { options: current.options.clone(), ..TableSchema::clone(&then) }))
    }

    pub(crate) async fn snapshot(&self, id: i64) -> Result<Snapshot> {
        match self.parts.snapshots.try_load(id).await? {
            Some(snapshot) => Ok(snapshot),
            None => self.no_snapshot(format!("{id}")).await,
        }
    }

    /// A tag, else `watermark-N`, else a number.
    async fn version(&self, version: &str) -> Result<Snapshot> {
        if let Some(tag) = self.parts.tags.try_load(version).await? {
            return Ok(tag.snapshot);
        }
        if let Some(watermark) = version.strip_prefix("watermark-").and_then(|number| number.parse().ok()) {
            return self.watermark(watermark).await;
        }
        match version.parse() {
            Ok(id) => self.snapshot(id).await,
            Err(_) => self.no_snapshot(format!("version `{version}`, which is no tag either")).await,
        }
    }

    /// The oldest snapshot with at least this watermark. Watermarks do not go back, but a snapshot may have none.
    async fn watermark(&self, watermark: i64) -> Result<Snapshot> {
        if let (Some(earliest), Some(latest)) =
            (self.parts.snapshots.earliest_id().await?, self.parts.snapshots.latest_id().await?)
        {
            for id in earliest..=latest {
                if let Some(snapshot) = self.parts.snapshots.try_load(id).await?
                    && snapshot.watermark.is_some_and(|found| found >= watermark)
                {
                    return Ok(snapshot);
                }
            }
        }
        self.no_snapshot(format!("with a watermark of at least {watermark}")).await
    }

    /// The newest COMPACT snapshot; where full compactions are scheduled, the newest that was one.
    async fn latest_compacted(&self) -> Result<Option<Snapshot>> {
        let schema = &self.parts.schema;
        let every = schema.options.get(&FULL_COMPACTION_DELTA_COMMITS)?;
        let scheduled = every.is_some() || schema.changelog_producer()? == ChangelogProducer::FullCompaction;
        let every = every.unwrap_or(1).max(1);
        let (earliest, latest) = (self.parts.snapshots.earliest_id().await?, self.parts.snapshots.latest_id().await?);
        for id in (earliest.unwrap_or(1)..=latest.unwrap_or(0)).rev() {
            let Some(snapshot) = self.parts.snapshots.try_load(id).await? else { break };
            let full = snapshot.commit_identifier == i64::MAX || snapshot.commit_identifier % every == 0;
            if snapshot.commit_kind == CommitKind::Compact && (full || !scheduled) {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }

    pub(crate) async fn no_snapshot<T>(&self, wanted: String) -> Result<T> {
        let (earliest, latest) = (self.parts.snapshots.earliest_id().await?, self.parts.snapshots.latest_id().await?);
        NoSnapshotSnafu { table: self.parts.layout.root().to_string(), wanted, earliest, latest }.fail()
    }
}
