//! Whether a store keeps the promise that commits stand on.

use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, path::Path};
use tidelake_io::{FilePath, Result};
use tokio::sync::OnceCell;

use crate::error::store_error;

const FIRST: &[u8] = b"first";
const SECOND: &[u8] = b"second, which must not be seen";

/// The verdict on one bucket, asked for once.
#[derive(Debug, Default)]
pub(crate) struct Probe(OnceCell<bool>);

impl Probe {
    /// The verdict; a probe that failed on the way is not one, and is made again next time.
    pub(crate) async fn verdict<F: Future<Output = Result<bool>>>(&self, probe: impl FnOnce() -> F) -> Result<bool> {
        self.0.get_or_try_init(probe).await.copied()
    }

    /// Puts two objects of one name; the second put must fail and the first content survive.
    pub(crate) async fn run(store: &dyn ObjectStore, root: &FilePath, key: &Path) -> Result<bool> {
        let create =
            |content: &'static [u8]| store.put_opts(key, PutPayload::from_static(content), PutMode::Create.into());
        let failed = |error| store_error("probe", root, error);
        match create(FIRST).await {
            Ok(_) => {}
            Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => return Ok(false),
            Err(error) => return Err(failed(error)),
        }
        let second = create(SECOND).await;
        let seen = match store.get(key).await {
            Ok(answer) => answer.bytes().await,
            Err(error) => Err(error),
        };
        let _ = store.delete(key).await; // what is left is small, and named for what it was
        match second {
            Ok(_) => Ok(false),
            Err(
                StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } | StoreError::NotModified { .. },
            ) => Ok(seen.map_err(failed)?.as_ref() == FIRST),
            Err(error) => Err(failed(error)),
        }
    }
}
