//! Snapshots that have expired but whose changes are kept: `changelog/changelog-N` has the form of a snapshot.
//!
//! ```text
//! changelog/   1  2  3  4
//! snapshot/               5  6  7
//! ```
//!
//! Of such a file only the list of changes counts; its other lists may be gone.

use futures::TryStreamExt;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::Child;
use tidelake_meta::Snapshot;

use crate::{Planner, Result};

const FILE_BYTES_MAX: u64 = 16 << 20;
const PREFIX: &str = "changelog-";

impl Planner {
    /// A snapshot, or what is kept of it.
    pub(crate) async fn snapshot_or_changelog(&self, id: i64) -> Result<Option<Snapshot>> {
        if let Some(snapshot) = self.parts.snapshots.try_load(id).await? {
            return Ok(Some(snapshot));
        }
        let path =
            self.parts.layout.changelog_dir()?.child(&format!("{PREFIX}{id}")).map_err(tidelake_meta::Error::from)?;
        match self.parts.io.read_all(&path, FILE_BYTES_MAX).await {
            Ok(bytes) => Ok(Some(Snapshot::from_json(&bytes, &path.to_string())?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(tidelake_meta::Error::from(error).into()),
        }
    }

    /// The lowest number from which on every change up to the earliest snapshot is kept.
    pub(crate) async fn earliest_change(&self) -> Result<Option<i64>> {
        let Some(mut earliest) = self.parts.snapshots.earliest_id().await? else { return Ok(None) };
        let mut children = self.parts.io.list_children(&self.parts.layout.changelog_dir()?);
        let mut kept = std::collections::BTreeSet::new();
        while let Some(child) = children.try_next().await.map_err(tidelake_meta::Error::from)? {
            if let Child::File(file) = child
                && let Some(id) = file.path.name().strip_prefix(PREFIX).and_then(|number| number.parse::<i64>().ok())
            {
                kept.insert(id);
            }
        }
        while kept.contains(&(earliest - 1)) {
            earliest -= 1;
        }
        Ok(Some(earliest))
    }
}
