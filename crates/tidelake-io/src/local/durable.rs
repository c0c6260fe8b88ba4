//! What survives a power cut: `fsync` of files, and of the folders that name them.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use futures::future::try_join_all;
use parking_lot::Mutex;
use tidelake_runtime::Runtime;

use super::{is_absent, local_error};
use crate::{FilePath, Result};

/// How many files one call flushes; calls run in parallel.
const FILES_PER_CALL: usize = 4;
/// How many folders are remembered.
const REMEMBERED: usize = 10_000;

/// Folders whose own name is known to be durable, so that only new ones cost an `fsync` of their parent.
#[derive(Debug, Default)]
pub(super) struct DurableFolders(Mutex<BTreeSet<PathBuf>>);

impl DurableFolders {
    /// Makes the name of `file` durable, present or absent, and those of the folders above it.
    pub(super) fn sync_folders_of(&self, file: &Path) -> io::Result<()> {
        let Some(mut folder) = file.parent() else { return Ok(()) };
        // A deleted folder needs no flush of its own: its absence is written in the one above.
        while let Err(error) = sync_folder(folder) {
            match folder.parent() {
                Some(above) if is_absent(&error) => folder = above,
                _ => return Err(error),
            }
        }
        let mut made = Vec::new();
        while let Some(above) = folder.parent()
            && !self.0.lock().contains(folder)
        {
            match sync_folder(above) {
                // A folder that we may not read was not made by us.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                flushed => flushed?,
            }
            made.push(folder.to_owned());
            folder = above;
        }
        let mut known = self.0.lock();
        if known.len() > REMEMBERED {
            known.clear();
        }
        known.extend(made);
        Ok(())
    }

    /// They are about to go; if they return, they are new.
    pub(super) fn forget_below(&self, prefix: &Path) {
        self.0.lock().retain(|folder| !folder.starts_with(prefix));
    }
}

/// All files in parallel, then each folder once.
pub(super) async fn sync(
    runtime: &Runtime,
    durable: &std::sync::Arc<DurableFolders>,
    files: Vec<(FilePath, PathBuf)>,
) -> Result<()> {
    // Each flush begins the write-back of its file, so they overlap. Few files are not worth more threads.
    let flushes = files.chunks(FILES_PER_CALL).map(|some| {
        let some = some.to_vec();
        runtime.block(move || some.iter().try_for_each(|(path, os)| sync_file(path, os)))
    });
    try_join_all(flushes).await?;
    let durable = std::sync::Arc::clone(durable);
    let folders = move || {
        let mut done = BTreeSet::new();
        for (path, os) in &files {
            if done.insert(os.parent()) {
                durable.sync_folders_of(os).map_err(|error| local_error("sync", path, error))?;
            }
        }
        Ok(())
    };
    runtime.block(folders).await
}

/// Of a deleted file there is nothing to flush but its folder.
fn sync_file(path: &FilePath, os: &Path) -> Result<()> {
    match File::open(os).and_then(|file| file.sync_data()) {
        Err(error) if !is_absent(&error) => Err(local_error("sync", path, error)),
        _ => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
