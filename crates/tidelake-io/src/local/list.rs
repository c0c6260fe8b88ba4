//! Walking folders. Links are neither followed nor shown; our temporary files and names that are not UTF-8 are not
//! shown either.

use std::{fs, io};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tidelake_runtime::Runtime;

use super::{is_absent, local_error, os_path, place::Temporary, read::status};
use crate::{Child, FilePath, FileStatus, Result};

/// A call reads folders until it has this many files.
const FILES_PER_CALL: usize = 1000;

/// All files below `prefix`. One call reads many small folders; a reader that stops early costs no whole walk.
pub(super) fn files(runtime: Runtime, prefix: FilePath) -> BoxStream<'static, Result<FileStatus>> {
    let calls = stream::unfold(vec![prefix], move |folders| {
        let runtime = runtime.clone();
        async move {
            if folders.is_empty() {
                return None;
            }
            let (found, rest) = runtime.block(move || walk(folders)).await;
            Some((stream::iter(found), rest))
        }
    });
    calls.flatten().boxed()
}

/// What stands directly below `prefix`.
pub(super) fn children(runtime: Runtime, prefix: FilePath) -> BoxStream<'static, Result<Child>> {
    let call = async move {
        let found = runtime.block(move || read_folder(&prefix)).await;
        stream::iter(match found {
            Ok(children) => children.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    };
    stream::once(call).flatten().boxed()
}

/// Files found, and folders still to be read. An error ends the walk.
fn walk(mut folders: Vec<FilePath>) -> (Vec<Result<FileStatus>>, Vec<FilePath>) {
    let mut found = Vec::new();
    while found.len() < FILES_PER_CALL
        && let Some(folder) = folders.pop()
    {
        match read_folder(&folder) {
            Ok(children) => {
                for child in children {
                    match child {
                        Child::File(file) => found.push(Ok(file)),
                        Child::Prefix(path) => folders.push(path),
                    }
                }
            }
            Err(error) => {
                found.push(Err(error));
                return (found, Vec::new());
            }
        }
    }
    (found, folders)
}

/// In the order of their names. Nothing if there is no such folder.
fn read_folder(folder: &FilePath) -> Result<Vec<Child>> {
    let failed = |error| local_error("list", folder, error);
    let entries = match fs::read_dir(os_path(folder)?) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut children = Vec::new();
    for entry in entries {
        if let Some(child) = child(folder, entry.map_err(failed)?)? {
            children.push(child);
        }
    }
    children.sort_by(|a, b| name(a).cmp(name(b)));
    Ok(children)
}

fn child(folder: &FilePath, entry: fs::DirEntry) -> Result<Option<Child>> {
    let file_name = entry.file_name();
    let Some(name) = file_name.to_str().filter(|name| !Temporary::is_name(name)) else { return Ok(None) };
    let path = folder.child(name)?;
    let described = entry.file_type().and_then(|kind| {
        if kind.is_dir() {
            Ok(Some(Child::Prefix(path.clone())))
        } else if kind.is_file() {
            Ok(Some(Child::File(status(path.clone(), &entry.metadata()?))))
        } else {
            Ok(None)
        }
    });
    match described {
        // Deleted since the folder was read.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        described => described.map_err(|error| local_error("list", &path, error)),
    }
}

fn name(child: &Child) -> &str {
    match child {
        Child::File(file) => file.path.name(),
        Child::Prefix(path) => path.name(),
    }
}
