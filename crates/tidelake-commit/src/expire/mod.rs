//! Letting old snapshots go, and the files that nothing needs then.
//!
//! ```text
//! snapshots   3   4   5   6   7 … 20          tag on 4
//!             └─ go ─┘   end                  kept from 6 on
//!
//! data        deleted by the deltas of 4, 5 and 6, but alive neither in 6 nor at the tag; the changelogs of 3 to 5
//! metadata    lists and manifests of 3 to 5 that neither 6 nor the tag names
//! ```
//!
//! **Order.** Everything is read first: an error that can happen while reading happens before the first deletion. Then the
//! snapshots' own files go, oldest first, and their absence is made durable: from here on no reader can begin with them.
//! Then tags are looked for once more (see [`TagStore::create`]): what one of them has come to keep is spared. Then data
//! files, then metadata. A crash leaves files that nothing refers to, never a snapshot without its files.
//!
//! **Why deltas and the nearest tags are enough.** A file that was deleted is never added again. So what 6 and its
//! predecessors deleted no later snapshot needs; and of the tags before a deletion the nearest has every file that any
//! of them shares with the snapshots in between.

mod leftovers;
mod range;
mod tag;

use std::sync::Arc;

use futures::TryStreamExt;
use tidelake_io::{Child, FilePath};
use tidelake_meta::{ConsumerStore, Snapshot, Tag, TagStore};

use crate::{CommitTable, Result, error::UnsupportedSnafu};

use leftovers::Leftovers;
pub use range::Retention;
pub use tag::delete_tag;

/// One expiry of a table's snapshots.
#[derive(Debug, Clone)]
pub struct SnapshotExpiry {
    table: CommitTable,
    retention: Retention,
    dry_run: bool,
    /// With the latest snapshot.
    in_passing: Option<i64>,
}

/// What an expiry did, or would do.
#[must_use]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpireOutcome {
    /// How many snapshots went.
    pub snapshots: u64,
    /// The oldest that is kept, if any went.
    pub earliest: Option<i64>,
    /// How many data and changelog files went.
    pub data_files: u64,
    /// How many manifests, lists and statistics files went.
    pub manifests: u64,
    /// What they took in storage.
    pub bytes: u64,
    /// How many of these files could not be deleted: nothing refers to them any more.
    pub left_behind: u64,
}

impl SnapshotExpiry {
    /// Of this table, by these rules.
    pub fn new(table: CommitTable, retention: Retention) -> Self {
        Self { table, retention, dry_run: false, in_passing: None }
    }

    /// Only says what would go.
    pub fn dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// For the end of the commit that made snapshot `latest`: asks as little as it can when there is nothing to do, and lets
    /// lie what was published far too late, below the oldest snapshot.
    pub fn in_passing(self, latest: i64) -> Self {
        Self { in_passing: Some(latest), ..self }
    }

    /// Lets go what may go. Another expiry at the same time is no error: one of them does it.
    ///
    /// # Errors
    ///
    /// `Unsupported` for tables with branches, a changelog that outlives its snapshots, or index files. Any error while it
    /// is read what may go: then nothing was deleted.
    pub async fn run(&self) -> Result<ExpireOutcome> {
        let CommitTable { snapshots, .. } = &self.table;
        let nothing = Ok(ExpireOutcome::default());
        let latest = match self.in_passing {
            Some(latest) if latest <= self.retention.min => return nothing,
            Some(latest) => latest,
            None => match snapshots.latest_id().await? {
                Some(latest) => latest,
                None => return nothing,
            },
        };
        let Some(earliest) = self.earliest().await? else { return nothing };
        let Some(end) = self.retention.end(&self.table, earliest, latest).await? else { return nothing };
        let (mut leftovers, known) = match self.gather(earliest, end, latest).await {
            Ok(Some(gathered)) => gathered,
            Ok(None) => return nothing,
            // Another expiry was faster.
            Err(error) if snapshots.has_expired(earliest, &error).await? => return nothing,
            Err(error) => return Err(error),
        };
        if !self.dry_run {
            self.delete_snapshots(earliest, end).await?;
            refuse_branches(&self.table).await?;
            let tagged = tagged_that_keep(&self.table, earliest, end).await?;
            for snapshot in tagged.iter().filter(|snapshot| !known.contains(snapshot)) {
                leftovers.spare(&self.table, snapshot).await?;
            }
        }
        let outcome =
            ExpireOutcome { snapshots: (end - earliest).unsigned_abs(), earliest: Some(end), ..leftovers.outcome() };
        let left_behind = if self.dry_run { 0 } else { leftovers.delete(&self.table).await };
        Ok(ExpireOutcome { left_behind, ..outcome })
    }

    /// The oldest snapshot. In passing the hint will do, if there is a snapshot and none right below: what an expiry that
    /// was cut short has left lies right below.
    async fn earliest(&self) -> Result<Option<i64>> {
        let snapshots = &self.table.snapshots;
        if self.in_passing.is_some() {
            return Ok(snapshots.earliest_id_by_hint().await?);
        }
        let earliest = snapshots.earliest_id().await?;
        if let Some(earliest) = earliest.filter(|_| !self.dry_run) {
            self.delete_zombies(earliest).await?;
        }
        Ok(earliest)
    }

    /// Snapshots below the oldest were published by a request that arrived when their number had expired already. Only
    /// their own files go: what they name is nobody's, or another's by now.
    async fn delete_zombies(&self, earliest: i64) -> Result<()> {
        let CommitTable { snapshots, io, layout, .. } = &self.table;
        // Numbers that the hint has not passed may be behind a hole that a rollback made: let them be.
        let Some(hint) = snapshots.earliest_hint().await? else { return Ok(()) };
        for id in snapshots.list_ids().await?.into_iter().filter(|id| *id < earliest.min(hint)) {
            io.delete(&layout.snapshot(id)?).await?;
        }
        Ok(())
    }

    /// What the snapshots from `earliest` on leave when they go, up to and without `end`, and what tags were asked.
    /// `None`: some of them are gone already.
    async fn gather(&self, earliest: i64, end: i64, latest: i64) -> Result<Option<(Leftovers, Vec<Snapshot>)>> {
        let table = &self.table;
        refuse_branches(table).await?;
        refuse_long_changelog(table).await?;
        let mut snapshots: Vec<Snapshot> = Vec::new();
        for id in earliest..=end {
            match table.snapshots.try_load(id).await? {
                Some(snapshot) => snapshots.push(snapshot),
                None => return Ok(None),
            }
        }
        let Some(latest) = table.snapshots.try_load(latest).await? else { return Ok(None) };
        let tagged = tagged_that_keep(table, earliest, end).await?;
        let mut leftovers = Leftovers::default();
        let (Some((kept, going)), Some((_, deleting))) = (snapshots.split_last(), snapshots.split_first()) else {
            return Ok(None);
        };
        for snapshot in deleting {
            leftovers.take_deleted(table, snapshot).await?;
        }
        for snapshot in going {
            leftovers.take_named(table, snapshot).await?;
        }
        for snapshot in [kept, &latest].into_iter().chain(&tagged) {
            leftovers.spare(table, snapshot).await?;
        }
        leftovers.refuse_indexes(table)?;
        Ok(Some((leftovers, tagged)))
    }

    /// Oldest first, so that one cut short leaves no hole. The hint is best effort.
    async fn delete_snapshots(&self, earliest: i64, end: i64) -> Result<()> {
        let CommitTable { snapshots, io, layout, .. } = &self.table;
        let paths: Vec<FilePath> = (earliest..end).map(|id| layout.snapshot(id)).collect::<Result<_, _>>()?;
        for path in &paths {
            io.delete(path).await?;
        }
        io.sync(&paths).await?;
        let _ = snapshots.write_earliest_hint(end).await;
        Ok(())
    }
}

/// The snapshots under tags that may keep files which the expiry of these snapshots would delete: those within, and the
/// nearest before.
async fn tagged_that_keep(table: &CommitTable, earliest: i64, end: i64) -> Result<Vec<Snapshot>> {
    let mut tagged: Vec<Snapshot> = tag_store(table).list().await?.into_iter().map(tagged).collect();
    let nearest = tagged.iter().map(|snapshot| snapshot.id).filter(|id| *id <= earliest).max().unwrap_or(earliest);
    tagged.retain(|snapshot| (nearest..end).contains(&snapshot.id));
    Ok(tagged)
}

/// What a tag keeps: a version of the table, and no changelog, which goes with the snapshot's own file (as in Java).
fn tagged(tag: Tag) -> Snapshot {
    Snapshot { changelog_manifest_list: None, ..tag.snapshot }
}

fn tag_store(table: &CommitTable) -> TagStore {
    TagStore::new(Arc::clone(&table.io), table.layout.clone())
}

fn consumer_store(table: &CommitTable) -> ConsumerStore {
    ConsumerStore::new(Arc::clone(&table.io), table.layout.clone())
}

/// Branches share data files and manifests with the table, and have snapshots of their own.
async fn refuse_branches(table: &CommitTable) -> Result<()> {
    if has_branches(table).await? {
        let message = format!("{} has branches, whose files expiry does not look at yet", table.layout.root());
        return UnsupportedSnafu { message }.fail();
    }
    Ok(())
}

async fn has_branches(table: &CommitTable) -> Result<bool> {
    let folder = table.layout.root().child("branch").map_err(tidelake_meta::Error::from)?;
    Ok(table.io.list_children(&folder).try_next().await?.is_some())
}

/// A changelog that is kept longer than its snapshots names files that go with them otherwise.
async fn refuse_long_changelog(table: &CommitTable) -> Result<()> {
    let folder = table.layout.changelog_dir()?;
    let mut children = table.io.list_children(&folder);
    while let Some(child) = children.try_next().await? {
        if matches!(&child, Child::File(file) if file.path.name().starts_with("changelog-")) {
            return refuse_changelog(table, "files in its folder `changelog`");
        }
    }
    match Retention::changelog_option(&table.schema.options)? {
        Some(option) => refuse_changelog(table, &format!("option `{option}`")),
        None => Ok(()),
    }
}

fn refuse_changelog(table: &CommitTable, sign: &str) -> Result<()> {
    let message = format!(
        "the changelog of {} is kept longer than its snapshots ({sign}), which expiry cannot do yet",
        table.layout.root()
    );
    UnsupportedSnafu { message }.fail()
}
