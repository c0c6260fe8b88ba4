//! Deleting a tag, and what it alone has kept.

use tidelake_meta::{Snapshot, Tag};

use crate::{CommitTable, Result};

use super::{ExpireOutcome, has_branches, leftovers::Leftovers, tag_store, tagged};

/// Deletes a tag, and the files that only it has kept, if its snapshot has expired. What cannot be told to be free stays.
///
/// # Errors
///
/// `NotFound` if there is no such tag. After any other error it may be there still.
pub async fn delete_tag(table: &CommitTable, name: &str) -> Result<ExpireOutcome> {
    let tags = tag_store(table);
    let tag = tags.load(name).await?;
    let gathered = only_kept_by(table, tag).await;
    tags.delete(name).await?;
    // A tag whose files are not whole can be deleted too.
    let Ok(Some((mut leftovers, known))) = gathered else { return Ok(ExpireOutcome::default()) };
    for other in tags.list().await?.into_iter().map(tagged).filter(|other| !known.contains(other)) {
        leftovers.spare(table, &other).await?;
    }
    let outcome = leftovers.outcome();
    Ok(ExpireOutcome { left_behind: leftovers.delete(table).await, ..outcome })
}

/// With what the other tags keep. `None`: nothing is to be deleted.
async fn only_kept_by(table: &CommitTable, tag: Tag) -> Result<Option<(Leftovers, Vec<Snapshot>)>> {
    let snapshots = &table.snapshots;
    let (name, tag) = (tag.name.clone(), tagged(tag));
    let (Some(earliest), Some(latest)) = (snapshots.earliest_id().await?, snapshots.latest().await?) else {
        return Ok(None);
    };
    if tag.id >= earliest || snapshots.try_load(tag.id).await?.is_some() || has_branches(table).await? {
        return Ok(None);
    }
    let Some(earliest) = snapshots.try_load(earliest).await? else { return Ok(None) };
    let others = tag_store(table).list().await?.into_iter().filter(|other| other.name != name);
    let others: Vec<Snapshot> = others.map(tagged).collect();
    let mut leftovers = Leftovers::default();
    leftovers.take_alive(table, &tag).await?;
    leftovers.take_named(table, &tag).await?;
    // The neighbours have all that anybody further away shares with it.
    let before = others.iter().filter(|other| other.id <= tag.id).max_by_key(|other| other.id);
    let after = others.iter().filter(|other| other.id >= tag.id).min_by_key(|other| other.id);
    for snapshot in [before, after].into_iter().flatten().chain([&earliest, &latest]) {
        leftovers.spare(table, snapshot).await?;
    }
    leftovers.refuse_indexes(table)?;
    Ok(Some((leftovers, others)))
}
