//! A file being written: one put if it is small, a multipart upload otherwise.

use std::{mem, sync::Arc};

use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart, path::Path};
use tidelake_io::{Bytes, Error, ErrorKind, FilePath, FileStatus, FileWrite, Result, Runtime, async_trait};

use crate::error::store_error;

/// The size of a part; what is smaller goes in one request. A store takes at most 10,000 parts, so a file has at most
/// 80 GiB.
const PART_BYTES: usize = 8 << 20;
/// How many parts are under way.
const PARALLEL: usize = 4;

pub(crate) struct StoreWrite {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    path: FilePath,
    key: Path,
    size_bytes: u64,
    state: State,
}

enum State {
    /// Chunks, as long as they may fit one request.
    Small(Vec<Bytes>),
    Parts(WriteMultipart),
    /// An earlier call failed or was cancelled.
    Broken,
}

impl StoreWrite {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, runtime: Runtime, path: FilePath, key: Path) -> Self {
        Self { store, runtime, path, key, size_bytes: 0, state: State::Small(Vec::new()) }
    }

    fn broken(&self) -> Error {
        Error::backend(ErrorKind::Cancelled, "write", &self.path, "an earlier write of it failed or was cancelled")
    }
}

#[async_trait]
impl FileWrite for StoreWrite {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.size_bytes += chunk.len() as u64;
        let failed = |error| store_error("write", &self.path, error);
        self.state = match mem::replace(&mut self.state, State::Broken) {
            State::Small(mut chunks) => {
                chunks.push(chunk);
                if self.size_bytes < PART_BYTES as u64 {
                    State::Small(chunks)
                } else {
                    let upload = self.store.put_multipart(&self.key).await.map_err(failed)?;
                    let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
                    chunks.into_iter().for_each(|chunk| parts.put(chunk));
                    State::Parts(parts)
                }
            }
            State::Parts(mut parts) => {
                if let Err(error) = parts.wait_for_capacity(PARALLEL).await {
                    // Parts that nobody ends cost money for ever; the first error says more than one of this.
                    let _ = parts.abort().await;
                    return Err(failed(error));
                }
                parts.put(chunk);
                State::Parts(parts)
            }
            State::Broken => return Err(self.broken()),
        };
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<FileStatus> {
        let failed = |error| store_error("create", &self.path, error);
        match mem::replace(&mut self.state, State::Broken) {
            State::Small(chunks) => {
                self.store.put(&self.key, PutPayload::from_iter(chunks)).await.map_err(failed)?;
            }
            State::Parts(parts) => {
                parts.finish().await.map_err(failed)?;
            }
            State::Broken => return Err(self.broken()),
        }
        // The store's own time would cost a request.
        let modified_ms = self.runtime.clock().now_ms();
        Ok(FileStatus { path: self.path.clone(), size_bytes: self.size_bytes, modified_ms })
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        match mem::replace(&mut self.state, State::Broken) {
            State::Parts(parts) => parts.abort().await.map_err(|error| store_error("abort", &self.path, error)),
            _ => Ok(()),
        }
    }
}
