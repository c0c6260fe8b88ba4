//! The adapter.

use std::{fmt::Debug, sync::Arc};

use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, path::Path};
use tidelake_io::{
    Bytes, Child, Error, ErrorKind, FileIO, FilePath, FileRead, FileStatus, FileWrite, Publish, Result, Runtime,
    async_trait,
};

use crate::{
    error::{refused_publish, store_error},
    probe::Probe,
    read::StoreRead,
    write::StoreWrite,
};

/// Marks a prefix that would be empty otherwise. Never shown.
const MARKER: &str = ".prefix";
/// The longest key that S3 takes, in bytes.
const KEY_BYTES_MAX: usize = 1024;

/// One bucket of an object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ObjectStoreFileIO {
    name: &'static str,
    root: FilePath,
    store: Arc<dyn ObjectStore>,
    /// The same bucket by a client that sends each request once.
    once: Arc<dyn ObjectStore>,
    probe: Arc<Probe>,
    runtime: Runtime,
}

impl ObjectStoreFileIO {
    /// The bucket that `root` lies in. `once` must send each request at most once: it publishes. `root` itself is only
    /// where the probe puts its object.
    pub fn new(
        name: &'static str,
        root: FilePath,
        store: Arc<dyn ObjectStore>,
        once: Arc<dyn ObjectStore>,
        runtime: Runtime,
    ) -> Self {
        Self { name, root, store, once, probe: Arc::default(), runtime }
    }

    /// Whether the store refuses to create what exists already: two objects of one name are put below `root`; the second
    /// put must fail and the first content survive. `publish` asks this once for each bucket, and is `Unsupported` where
    /// the answer is no.
    pub async fn probe_exclusive_create(&self, root: &FilePath) -> Result<bool> {
        let key = self.key(&root.child(&format!(".tidelake-probe-{}", self.runtime.ids().uuid()))?)?;
        Probe::run(self.once.as_ref(), root, &key).await
    }

    /// The key of a path in this bucket.
    fn key(&self, path: &FilePath) -> Result<Path> {
        let refuse = |reason: String| Error::backend(ErrorKind::InvalidInput, "open", path, reason);
        if path.authority() != self.root.authority() {
            return Err(refuse(format!("this backend serves the bucket `{}`", self.root.authority())));
        }
        if path.key().len() > KEY_BYTES_MAX {
            return Err(refuse(format!("a key has at most {KEY_BYTES_MAX} bytes, this one {}", path.key().len())));
        }
        Path::parse(path.key()).map_err(|error| refuse(error.to_string()))
    }

    async fn put(&self, operation: &'static str, path: &FilePath, content: Bytes) -> Result<()> {
        let put = self.store.put(&self.key(path)?, PutPayload::from(content)).await;
        put.map(|_| ()).map_err(|error| store_error(operation, path, error))
    }
}

#[async_trait]
impl FileIO for ObjectStoreFileIO {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn open(&self, path: &FilePath, size_bytes: Option<u64>) -> Result<Arc<dyn FileRead>> {
        let size_bytes = match size_bytes {
            Some(size_bytes) => size_bytes,
            None => self.stat(path).await?.size_bytes,
        };
        Ok(Arc::new(StoreRead { store: Arc::clone(&self.store), path: path.clone(), key: self.key(path)?, size_bytes }))
    }

    async fn read_all(&self, path: &FilePath, max_bytes: u64) -> Result<Bytes> {
        let failed = |error| store_error("read", path, error);
        let answer = self.store.get(&self.key(path)?).await.map_err(failed)?;
        let size_bytes = answer.meta.size;
        if size_bytes > max_bytes {
            let path = path.to_string();
            return Err(Error::TooLarge { path, size_bytes, max_bytes, location: std::panic::Location::caller() });
        }
        answer.bytes().await.map_err(failed)
    }

    async fn create(&self, path: &FilePath) -> Result<Box<dyn FileWrite>> {
        let key = self.key(path)?;
        Ok(Box::new(StoreWrite::new(Arc::clone(&self.store), self.runtime.clone(), path.clone(), key)))
    }

    async fn sync(&self, paths: &[FilePath]) -> Result<()> {
        // Durable when written.
        paths.iter().try_for_each(|path| self.key(path).map(|_| ()))
    }

    async fn publish(&self, path: &FilePath, content: Bytes) -> Result<Publish> {
        let key = self.key(path)?;
        if !self.probe.verdict(|| self.probe_exclusive_create(&self.root)).await? {
            let reason = "this store replaces an object although told to create it only (`If-None-Match: *`)";
            return Err(Error::backend(ErrorKind::Unsupported, "publish", path, reason));
        }
        match self.once.put_opts(&key, PutPayload::from(content), PutMode::Create.into()).await {
            Ok(_) => Ok(Publish::Created),
            Err(error) => refused_publish(path, error),
        }
    }

    async fn overwrite(&self, path: &FilePath, content: Bytes) -> Result<()> {
        self.put("overwrite", path, content).await
    }

    async fn stat(&self, path: &FilePath) -> Result<FileStatus> {
        let found = self.store.head(&self.key(path)?).await.map_err(|error| store_error("stat", path, error))?;
        Ok(status(path.clone(), &found))
    }

    fn list(&self, prefix: &FilePath) -> BoxStream<'static, Result<FileStatus>> {
        let key = match self.key(prefix) {
            Ok(key) => key,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let prefix = prefix.clone();
        let found = self.store.list(Some(&key));
        found.filter_map(move |entry| std::future::ready(file(&prefix, &key, entry))).boxed()
    }

    fn list_children(&self, prefix: &FilePath) -> BoxStream<'static, Result<Child>> {
        let (io, prefix) = (self.clone(), prefix.clone());
        let children = async move {
            let key = io.key(&prefix)?;
            let failed = |error| store_error("list", &prefix, error);
            let found = io.store.list_with_delimiter(Some(&key)).await.map_err(failed)?;
            let files = found.objects.into_iter().filter_map(|object| file(&prefix, &key, Ok(object)));
            let folders = found.common_prefixes.iter().map(|folder| Ok(Child::Prefix(below(&prefix, &key, folder)?)));
            let children = files.map(|file| file.map(Child::File)).chain(folders).collect::<Vec<_>>();
            Ok(stream::iter(children))
        };
        stream::once(children).try_flatten().boxed()
    }

    async fn create_prefix(&self, prefix: &FilePath) -> Result<()> {
        self.put("create", &prefix.child(MARKER)?, Bytes::new()).await
    }

    async fn delete(&self, path: &FilePath) -> Result<()> {
        match self.store.delete(&self.key(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(store_error("delete", path, error)),
        }
    }

    async fn delete_prefix(&self, prefix: &FilePath) -> Result<()> {
        let found = self.store.list(Some(&self.key(prefix)?)).map_ok(|object| object.location).boxed();
        let mut deleted = self.store.delete_stream(found);
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(store_error("delete", prefix, error)),
            }
        }
        if prefix.segments().is_empty() { Ok(()) } else { self.delete(prefix).await }
    }
}

/// A listed object; `None` for what is not shown.
fn file(prefix: &FilePath, key: &Path, entry: object_store::Result<ObjectMeta>) -> Option<Result<FileStatus>> {
    let object = match entry {
        Ok(object) => object,
        // Some stores answer 404 where nothing has the prefix.
        Err(object_store::Error::NotFound { .. }) => return None,
        Err(error) => return Some(Err(store_error("list", prefix, error))),
    };
    if object.location.filename() == Some(MARKER) {
        return None;
    }
    Some(below(prefix, key, &object.location).map(|path| status(path, &object)))
}

/// `location`, which begins with `key`, as a path below `prefix`.
fn below(prefix: &FilePath, key: &Path, location: &Path) -> Result<FilePath> {
    let rest = location.as_ref().strip_prefix(key.as_ref()).unwrap_or(location.as_ref());
    prefix.join(rest.trim_start_matches('/'))
}

fn status(path: FilePath, object: &ObjectMeta) -> FileStatus {
    FileStatus { path, size_bytes: object.size, modified_ms: object.last_modified.timestamp_millis() }
}
