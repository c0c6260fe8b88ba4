//! The files of a table: listed once, then looked up.

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt;
use snafu::ResultExt;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{Bytes, FileIO, FilePath};

use crate::error::{Result, StorageSnafu};

/// The files below a table's location, as they were when the check began.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) io: Arc<dyn FileIO>,
    pub(crate) location: FilePath,
    sizes: BTreeMap<FilePath, u64>,
    by_name: BTreeMap<String, Vec<FilePath>>,
}

impl Store {
    pub(crate) async fn open(io: Arc<dyn FileIO>, location: &FilePath) -> Result<Self> {
        let mut store = Self { io, location: location.clone(), sizes: BTreeMap::new(), by_name: BTreeMap::new() };
        let mut files = store.io.list(location);
        while let Some(file) = files.try_next().await.context(StorageSnafu { path: location.to_string() })? {
            store.by_name.entry(file.path.name().to_owned()).or_default().push(file.path.clone());
            store.sizes.insert(file.path, file.size_bytes);
        }
        Ok(store)
    }

    /// The files directly in `<location>/<folder>` whose names begin with `prefix`, with the rest of the name.
    pub(crate) fn in_folder(&self, folder: &str, prefix: &str) -> Vec<(FilePath, String)> {
        let Ok(folder) = self.location.child(folder) else { return Vec::new() };
        let files = self.sizes.keys().filter(|path| path.parent().as_ref() == Some(&folder));
        files.filter_map(|path| Some((path.clone(), path.name().strip_prefix(prefix)?.to_owned()))).collect()
    }

    /// As [`Store::in_folder`], for names that end with a number; others are leftovers and not looked at.
    pub(crate) fn numbered(&self, folder: &str, prefix: &str) -> BTreeMap<i64, FilePath> {
        let files = self.in_folder(folder, prefix).into_iter();
        files
            .filter(|(_, rest)| rest.bytes().all(|byte| byte.is_ascii_digit()))
            .filter_map(|(path, rest)| Some((rest.parse().ok()?, path)))
            .collect()
    }

    pub(crate) fn size(&self, path: &FilePath) -> Option<u64> {
        self.sizes.get(path).copied()
    }

    /// All files of that name, in whatever folder.
    pub(crate) fn named(&self, name: &str) -> &[FilePath] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// A file whole. The inner error says what is wrong with the file; the outer one, that the storage does not answer.
    pub(crate) async fn read(&self, path: &FilePath, max_bytes: u64) -> Result<Result<Bytes, String>> {
        about_file(path, self.io.read_all(path, max_bytes).await)
    }
}

/// Parts errors that tell of a file from those that tell of the storage.
pub(crate) fn about_file<T>(path: &FilePath, outcome: tidelake_io::Result<T>) -> Result<Result<T, String>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(Err("it is missing".to_owned())),
            ErrorKind::Corrupt | ErrorKind::ResourceExhausted | ErrorKind::InvalidInput => Ok(Err(error.to_string())),
            _ => Err(error).context(StorageSnafu { path: path.to_string() }),
        },
    }
}
