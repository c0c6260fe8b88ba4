//! Finding and reading snapshots.
//!
//! Snapshots are numbered without gaps; the oldest go (expiry), and sometimes the newest (rollback). The files `LATEST`
//! and `EARLIEST` are hints that may be old, missing or half a number, so nothing here trusts them:
//!
//! ```text
//!            zombies of a broken expiry        the table
//! snapshot     3                               9  10  11  12
//! EARLIEST   ignored                           ↑ lowest number without a gap up to the newest
//! LATEST     11: is there, and so is 12, and 13 is not  → 12
//! ```

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, FilePath};

use crate::{
    Result, Snapshot, TableLayout,
    error::{NoSnapshotSnafu, corrupt},
    json::JSON_BYTES_MAX,
    listing::{numbers_below, read_small},
};

/// How far the newest is sought beyond the hint before listing is cheaper.
const PROBES_MAX: usize = 8;
/// How often the newest is sought again when it is gone as soon as it is found.
const RACES_MAX: usize = 5;
/// How many snapshots are read ahead when walking down.
const READ_AHEAD: usize = 8;

/// Finds and reads snapshots. Hints are guesses: the newest is found by probing from the hint, else by listing (spec 3.5).
#[derive(Debug, Clone)]
pub struct SnapshotStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

impl SnapshotStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }

    /// A snapshot by number; `NoSnapshot` if it is not there.
    pub async fn load(&self, id: i64) -> Result<Snapshot> {
        if let Some(snapshot) = self.try_load(id).await? {
            return Ok(snapshot);
        }
        let ids = self.list_ids().await?;
        let (earliest, latest) = (contiguous(&ids).first().copied().unwrap_or(0), ids.last().copied().unwrap_or(0));
        NoSnapshotSnafu { table: self.layout.root().to_string(), id, earliest, latest }.fail()
    }

    /// As [`Self::load`], with `None` instead of an error.
    pub async fn try_load(&self, id: i64) -> Result<Option<Snapshot>> {
        let Some(bytes) = self.read_bytes(id).await? else { return Ok(None) };
        let path = self.layout.snapshot(id)?;
        let snapshot = Snapshot::from_json(&bytes, &path.to_string())?;
        if snapshot.id != id {
            return Err(corrupt("snapshot", path, format!("its `id` is {}", snapshot.id)));
        }
        Ok(Some(snapshot))
    }

    /// The bytes of a snapshot's file as they are.
    pub async fn read_bytes(&self, id: i64) -> Result<Option<Bytes>> {
        read_small(&*self.io, &self.layout.snapshot(id)?, JSON_BYTES_MAX).await
    }

    /// The newest number, `None` for an empty table.
    pub async fn latest_id(&self) -> Result<Option<i64>> {
        if let Some(hint) = self.read_hint(&self.layout.latest_hint()?).await?
            && self.exists(hint).await?
        {
            for id in (hint..i64::MAX).take(PROBES_MAX) {
                if !self.exists(id + 1).await? {
                    return Ok(Some(id));
                }
            }
        }
        Ok(self.list_ids().await?.last().copied())
    }

    /// The newest snapshot.
    pub async fn latest(&self) -> Result<Option<Snapshot>> {
        for _ in 0..RACES_MAX {
            let Some(id) = self.latest_id().await? else { return Ok(None) };
            if let Some(snapshot) = self.try_load(id).await? {
                return Ok(Some(snapshot));
            }
        }
        match self.list_ids().await?.last() {
            Some(id) => self.load(*id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether an error came of reading a snapshot that has expired meanwhile: something was not found, and neither is it.
    pub async fn has_expired(&self, id: i64, error: &impl Classify) -> Result<bool> {
        Ok(error.kind() == ErrorKind::NotFound && self.try_load(id).await?.is_none())
    }

    /// The oldest number of the contiguous run that ends in the newest (zombies below it are ignored).
    pub async fn earliest_id(&self) -> Result<Option<i64>> {
        Ok(contiguous(&self.list_ids().await?).first().copied())
    }

    /// As [`Self::earliest_id`], without listing where the hint `EARLIEST` names a snapshot and none lies right below: an
    /// expiry that was cut short leaves its last snapshots right below the next.
    pub async fn earliest_id_by_hint(&self) -> Result<Option<i64>> {
        match self.earliest_hint().await? {
            Some(hint) if self.exists(hint).await? && (hint == 1 || !self.exists(hint - 1).await?) => Ok(Some(hint)),
            _ => self.earliest_id().await,
        }
    }

    /// What the hint `EARLIEST` says.
    pub async fn earliest_hint(&self) -> Result<Option<i64>> {
        self.read_hint(&self.layout.earliest_hint()?).await
    }

    /// Writes the hint `EARLIEST`.
    pub async fn write_earliest_hint(&self, earliest: i64) -> Result<()> {
        Ok(self.io.overwrite(&self.layout.earliest_hint()?, earliest.to_string().into()).await?)
    }

    /// All numbers, ascending, by listing.
    pub async fn list_ids(&self) -> Result<Vec<i64>> {
        numbers_below(&*self.io, &self.layout.snapshot_dir()?, "snapshot-").await
    }

    /// The newest snapshot with `time_ms <= at_ms`, by binary search.
    pub async fn at_or_before(&self, at_ms: i64) -> Result<Option<Snapshot>> {
        Ok(self.around(&|snapshot| snapshot.time_ms <= at_ms).await?.0)
    }

    /// The oldest snapshot with `time_ms >= at_ms`.
    pub async fn at_or_after(&self, at_ms: i64) -> Result<Option<Snapshot>> {
        Ok(self.around(&|snapshot| snapshot.time_ms < at_ms).await?.1)
    }

    /// The last snapshot for which `before` holds and the first for which it does not. Times do not decrease.
    async fn around(
        &self,
        before: &(dyn Fn(&Snapshot) -> bool + Sync),
    ) -> Result<(Option<Snapshot>, Option<Snapshot>)> {
        let mut ids = contiguous(&self.list_ids().await?).to_vec();
        let (mut low, mut high) = (None, None);
        while !ids.is_empty() {
            let middle = ids.len() / 2;
            match self.try_load(ids[middle]).await? {
                // Expired (or rolled back) since it was listed.
                None => drop(ids.remove(middle)),
                Some(snapshot) if before(&snapshot) => {
                    low = Some(snapshot);
                    ids.drain(..=middle);
                }
                Some(snapshot) => {
                    high = Some(snapshot);
                    ids.truncate(middle);
                }
            }
        }
        Ok((low, high))
    }

    /// The newest snapshot of a user at or below `from` (the newest if `None`), walking down.
    pub async fn latest_of_user(&self, user: &str, from: Option<i64>) -> Result<Option<Snapshot>> {
        let mut ids = self.list_ids().await?;
        ids.retain(|id| from.is_none_or(|from| *id <= from));
        let mut snapshots = stream::iter(ids.into_iter().rev()).map(|id| self.try_load(id)).buffered(READ_AHEAD);
        while let Some(snapshot) = snapshots.try_next().await? {
            if let Some(found) = snapshot.filter(|snapshot| snapshot.commit_user == user) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Writes the hint `LATEST`, and `EARLIEST` where it is missing and `earliest` is given. Best effort: errors are returned, callers may drop them.
    pub async fn write_hints(&self, latest: i64, earliest: Option<i64>) -> Result<()> {
        self.io.overwrite(&self.layout.latest_hint()?, latest.to_string().into()).await?;
        if let Some(earliest) = earliest {
            let path = self.layout.earliest_hint()?;
            if self.read_hint(&path).await?.is_none() {
                self.io.overwrite(&path, earliest.to_string().into()).await?;
            }
        }
        Ok(())
    }

    async fn read_hint(&self, path: &FilePath) -> Result<Option<i64>> {
        const HINT_BYTES_MAX: u64 = 64;
        let text = match read_small(&*self.io, path, HINT_BYTES_MAX).await {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::ResourceExhausted => None,
            Err(error) => return Err(error),
        };
        Ok(text.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse().ok()).filter(|id| *id > 0))
    }

    /// Whether there is a snapshot of this number.
    pub async fn exists(&self, id: i64) -> Result<bool> {
        match self.io.stat(&self.layout.snapshot(id)?).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The numbers without a gap up to the last.
fn contiguous(ids: &[i64]) -> &[i64] {
    let gap = ids.windows(2).rposition(|pair| pair[0] + 1 != pair[1]);
    &ids[gap.map_or(0, |gap| gap + 1)..]
}
