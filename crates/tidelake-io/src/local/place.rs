//! A temporary file, and how it takes its place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use tidelake_error::ErrorKind;

use super::{durable::DurableFolders, local_error};
use crate::{Error, FilePath, Publish, Result};

/// Of the target's name, how much a temporary name repeats: names may have 255 bytes.
const NAME_BYTES_MAX: usize = 120;
const SUFFIX: &str = ".tmp";
const UUID_BYTES: usize = 36;

/// A file that is not visible yet, and where it shall be.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) path: FilePath,
    pub(super) target: PathBuf,
    pub(super) os: PathBuf,
}

impl Temporary {
    /// `.NAME.UUID.tmp` in the target's folder.
    pub(super) fn beside(path: &FilePath, target: PathBuf, uuid: &str) -> Self {
        let name = path.name();
        let kept = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        let os = target.with_file_name(format!(".{kept}.{uuid}{SUFFIX}"));
        Self { path: path.clone(), target, os }
    }

    /// Whether a name is one of ours. Lists hide those.
    pub(super) fn is_name(name: &str) -> bool {
        let uuid = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(SUFFIX)).and_then(|rest| {
            let at = rest.len().checked_sub(UUID_BYTES + 1)?;
            rest.get(at..)?.strip_prefix('.')
        });
        uuid.is_some_and(|uuid| uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'))
    }

    /// Opens it for writing; missing folders are made.
    pub(super) fn open(&self) -> Result<File> {
        let open = || OpenOptions::new().write(true).create_new(true).open(&self.os);
        let opened = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = self.os.parent().unwrap_or(Path::new("/"));
                fs::create_dir_all(folder).and_then(|()| open())
            }
            opened => opened,
        };
        opened.map_err(|error| local_error("create", &self.path, error))
    }

    /// Makes it visible as `target` unless there is one. The temporary name is gone afterwards, whatever comes of it.
    pub(super) fn place(&self) -> Result<Placed> {
        let placed = place(&self.os, &self.target);
        if placed.is_err() || matches!(placed, Ok(Placed::Occupied)) {
            self.remove();
        }
        placed.map_err(|error| match error.kind() {
            io::ErrorKind::Unsupported => {
                let reason = "this file system has neither hard links nor a rename that refuses to replace";
                Error::backend(ErrorKind::Unsupported, "create", &self.path, reason)
            }
            _ => local_error("create", &self.path, error),
        })
    }

    /// Takes it away; what is left after a failure is hidden garbage.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.os);
    }

    /// The whole of `FileIO::publish`.
    pub(super) fn publish(&self, content: &[u8], durable: &DurableFolders) -> Result<Publish> {
        self.write_all("publish", content, true)?;
        match self.place()? {
            Placed::Occupied => Ok(Publish::AlreadyExists),
            // It is visible. If it cannot be made durable, that is not known to be a failure, nor a success.
            Placed::Visible => match durable.sync_folders_of(&self.target) {
                Ok(()) => Ok(Publish::Created),
                Err(_) => Ok(Publish::Unknown),
            },
        }
    }

    /// The whole of `FileIO::overwrite`.
    pub(super) fn overwrite(&self, content: &[u8]) -> Result<()> {
        self.write_all("overwrite", content, false)?;
        fs::rename(&self.os, &self.target).map_err(|error| {
            self.remove();
            local_error("overwrite", &self.path, error)
        })
    }

    fn write_all(&self, operation: &'static str, content: &[u8], durable: bool) -> Result<()> {
        let mut file = self.open()?;
        let written = file.write_all(content).and_then(|()| if durable { file.sync_data() } else { Ok(()) });
        written.map_err(|error| {
            self.remove();
            local_error(operation, &self.path, error)
        })
    }
}

/// What came of placing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    Visible,
    /// Another file is there.
    Occupied,
}

/// `link(2)`, or else a rename that refuses to replace; `Unsupported` without either.
fn place(temporary: &Path, target: &Path) -> io::Result<Placed> {
    match fs::hard_link(temporary, target) {
        Ok(()) => {
            let _ = fs::remove_file(temporary); // linked already: what is left would be hidden garbage
            Ok(Placed::Visible)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Placed::Occupied),
        Err(error) if has_no_links(&error) => rename_without_replacing(temporary, target),
        Err(error) => Err(error),
    }
}

fn has_no_links(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK | Errno::INVAL))
}

fn rename_without_replacing(temporary: &Path, target: &Path) -> io::Result<Placed> {
    match renameat_with(CWD, temporary, CWD, target, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Placed::Visible),
        Err(Errno::EXIST) => Ok(Placed::Occupied),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(io::ErrorKind::Unsupported.into()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_told_from_all_others() {
        let uuid = "6f1c0a52-7d31-4c9e-9a86-0d8e2f3b4c5d";
        let path = FilePath::parse("/t/data-1.parquet").unwrap();
        let made = Temporary::beside(&path, "/t/data-1.parquet".into(), uuid);
        assert_eq!(made.os, Path::new("/t/.data-1.parquet.6f1c0a52-7d31-4c9e-9a86-0d8e2f3b4c5d.tmp"));
        assert!(Temporary::is_name(".data-1.parquet.6f1c0a52-7d31-4c9e-9a86-0d8e2f3b4c5d.tmp"));
        for other in ["data-1.parquet", ".tmp", ".a.tmp", "x.6f1c0a52-7d31-4c9e-9a86-0d8e2f3b4c5d.tmp", ".é.ü.tmp"] {
            assert!(!Temporary::is_name(other), "{other}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = "ü".repeat(127);
        let path = FilePath::parse(&format!("/t/{name}")).unwrap();
        let made = Temporary::beside(&path, format!("/t/{name}").into(), &"a".repeat(36));
        assert!(made.os.file_name().unwrap().len() < 200);
    }

    #[test]
    fn the_fallback_refuses_to_replace_too() {
        let folder = std::env::temp_dir().join(format!("tidelake-place-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (a, b, target) = (folder.join("a"), folder.join("b"), folder.join("target"));
        fs::write(&a, "a").unwrap();
        fs::write(&b, "b").unwrap();
        assert_eq!(rename_without_replacing(&a, &target).unwrap(), Placed::Visible);
        assert_eq!(rename_without_replacing(&b, &target).unwrap(), Placed::Occupied);
        assert_eq!(fs::read(&target).unwrap(), b"a");
        fs::remove_dir_all(&folder).unwrap();
    }
}
