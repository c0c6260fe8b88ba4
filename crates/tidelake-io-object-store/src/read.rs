//! Positional reads.

use std::{ops::Range, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use tidelake_io::{Bytes, FilePath, FileRead, Result, async_trait, check_range, join_ranges, slice_ranges};

use crate::error::store_error;

/// Reading this much for nothing is cheaper than another request.
const GAP_BYTES: u64 = 1 << 20;
/// How many requests one call has under way.
const PARALLEL: usize = 8;

#[derive(Debug)]
pub(crate) struct StoreRead {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: FilePath,
    pub(crate) key: Path,
    pub(crate) size_bytes: u64,
}

#[async_trait]
impl FileRead for StoreRead {
    fn path(&self) -> &FilePath {
        &self.path
    }

    async fn size_bytes(&self) -> Result<u64> {
        Ok(self.size_bytes)
    }

    async fn read_many(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        for range in ranges {
            check_range(&self.path, self.size_bytes, range)?;
        }
        let joined = join_ranges(ranges, GAP_BYTES);
        let requests = joined.iter().cloned().map(|range| self.read_one(range));
        let reads: Vec<Bytes> = stream::iter(requests.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await?;
        Ok(slice_ranges(ranges, &joined, &reads))
    }
}

impl StoreRead {
    /// The size was perhaps only somebody's word for it, so the answer may be short, or a refusal.
    async fn read_one(&self, range: Range<u64>) -> Result<Bytes> {
        match self.store.get_range(&self.key, range.clone()).await {
            Ok(bytes) if bytes.len() as u64 == range.end - range.start => Ok(bytes),
            Ok(bytes) => {
                check_range(&self.path, range.start + bytes.len() as u64, &range)?;
                Ok(bytes.slice(..usize::try_from(range.end - range.start).unwrap_or(usize::MAX)))
            }
            Err(error @ object_store::Error::Generic { .. }) => {
                if let Ok(found) = self.store.head(&self.key).await {
                    check_range(&self.path, found.size, &range)?;
                }
                Err(store_error("read", &self.path, error))
            }
            Err(error) => Err(store_error("read", &self.path, error)),
        }
    }
}
