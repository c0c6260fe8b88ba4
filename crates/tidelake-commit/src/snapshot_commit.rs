//! The one step that decides: making `snapshot-N` exist.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, Publish};
use tidelake_meta::{CommitIdentity, Snapshot, TableLayout};

use crate::Result;

/// Makes a prepared snapshot the next one, or tells that another writer did, or that it cannot tell.
///
/// One call sends at most one request that could take effect. Calling again with the same publication is safe and is how
/// the committer resolves [`Published::Unknown`].
#[async_trait]
pub trait SnapshotCommit: Debug + Send + Sync + 'static {
    /// Publishes once. An error that is not ambiguous means: this call had no effect.
    async fn publish(&self, publication: &SnapshotPublication) -> Result<Published>;
}

/// A snapshot about to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotPublication {
    /// Who commits what.
    pub identity: CommitIdentity,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The file of `snapshot`, frozen: every repetition sends these bytes. They name manifest lists that no other attempt
    /// names, so equal bytes mean this very attempt.
    pub bytes: Bytes,
    /// The branch: `main`.
    pub branch: String,
    /// The snapshot this one was built on, for catalogs that compare.
    pub base_uuid: Option<String>,
}

/// What came of [`SnapshotCommit::publish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The snapshot exists with our bytes, and is durable.
    Committed,
    /// Another snapshot holds the number, and ours can never appear there.
    LostRace,
    /// It may have taken effect, or may still do so.
    Unknown,
}

/// Publishes through [`FileIO::publish`]: for storage that creates files exclusively and is shared with writers that do so too.
#[derive(Debug, Clone)]
pub struct PublishSnapshotCommit {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

impl PublishSnapshotCommit {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }

    /// A file in the way is always read: an answer "exists" may speak of our own earlier request.
    async fn whose(&self, publication: &SnapshotPublication) -> Result<Published> {
        let path = self.layout.snapshot(publication.snapshot.id)?;
        match self.io.read_all(&path, MAX_SNAPSHOT_BYTES).await {
            // Ours, but perhaps not durable: an earlier request may have ended before its last step.
            Ok(found) if found == publication.bytes => match self.io.sync(&[path]).await {
                Ok(()) => Ok(Published::Committed),
                Err(_) => Ok(Published::Unknown),
            },
            Ok(_) => Ok(Published::LostRace),
            Err(error) if error.kind() == ErrorKind::ResourceExhausted => Ok(Published::LostRace),
            // The storage said "exists" and shows nothing: a conflict among requests still under way.
            Err(_) => Ok(Published::Unknown),
        }
    }
}

/// No snapshot file is longer.
const MAX_SNAPSHOT_BYTES: u64 = 64 << 20;

#[async_trait]
impl SnapshotCommit for PublishSnapshotCommit {
    async fn publish(&self, publication: &SnapshotPublication) -> Result<Published> {
        let path = self.layout.snapshot(publication.snapshot.id)?;
        match self.io.publish(&path, publication.bytes.clone()).await {
            Ok(Publish::Created) => Ok(Published::Committed),
            Ok(Publish::AlreadyExists) => self.whose(publication).await,
            Ok(Publish::Unknown) => Ok(Published::Unknown),
            Err(error) if error.is_ambiguous() => Ok(Published::Unknown),
            Err(error) => Err(error.into()),
        }
    }
}
