//! Being told of commits.

use std::fmt::Debug;

use async_trait::async_trait;
use tidelake_meta::{ManifestEntry, Snapshot};

use crate::Result;

/// Told after each commit, in order. A failure is reported; it does not undo the commit.
#[async_trait]
pub trait CommitListener: Debug + Send + Sync + 'static {
    /// `snapshot` exists now; `changes` are the entries of its delta. Failures are made with [`crate::Error::listener`].
    async fn committed(&self, snapshot: &Snapshot, changes: &[ManifestEntry]) -> Result<()>;
}
