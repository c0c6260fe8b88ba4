//! Decoded manifests and lists by name. Their files never change, so an entry is never wrong.

use std::{fmt, sync::Arc};

use quick_cache::{Weighter, sync::Cache};

/// Decoded files, the least useful dropped when they take more than the cache may.
pub(super) struct ManifestCache<T>(Cache<String, Arc<Decoded<T>>, ByMemory>);

/// A decoded file.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    /// What it holds.
    pub(super) values: Arc<Vec<T>>,
    /// How long the file is.
    pub(super) file_bytes: u64,
    /// What the values take in memory.
    pub(super) memory_bytes: u64,
}

#[derive(Clone)]
struct ByMemory;

impl<T> Weighter<String, Arc<Decoded<T>>> for ByMemory {
    fn weight(&self, name: &String, decoded: &Arc<Decoded<T>>) -> u64 {
        name.len() as u64 + decoded.memory_bytes + 64
    }
}

impl<T> ManifestCache<T> {
    pub(super) fn new(bytes_max: u64) -> Self {
        const FILES_EXPECTED: usize = 1024;
        Self(Cache::with_weighter(FILES_EXPECTED, bytes_max, ByMemory))
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Decoded<T>>> {
        self.0.get(name)
    }

    pub(super) fn put(&self, name: &str, decoded: Arc<Decoded<T>>) {
        self.0.insert(name.to_owned(), decoded);
    }
}

impl<T> fmt::Debug for ManifestCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestCache").field("files", &self.0.len()).field("bytes", &self.0.weight()).finish()
    }
}
