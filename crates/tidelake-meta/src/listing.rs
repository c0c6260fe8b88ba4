//! What several stores ask of storage: numbered files, names behind a prefix, small files that may be missing.

use bytes::Bytes;
use futures::TryStreamExt;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{Child, FileIO, FilePath};

use crate::Result;

/// What follows `prefix` in the names of the files directly in a folder, sorted.
pub(crate) async fn names_below(io: &dyn FileIO, folder: &FilePath, prefix: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut children = io.list_children(folder);
    while let Some(child) = children.try_next().await? {
        if let Child::File(file) = child
            && let Some(name) = file.path.name().strip_prefix(prefix)
        {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The numbers of files named `<prefix><number>`, ascending. Other names (temporary files) are passed over.
pub(crate) async fn numbers_below(io: &dyn FileIO, folder: &FilePath, prefix: &str) -> Result<Vec<i64>> {
    let names = names_below(io, folder, prefix).await?;
    let mut numbers: Vec<i64> = names.iter().filter_map(|name| plain_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// As the writer prints it: no sign, no leading zero, so that each number has one name.
fn plain_number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| *number >= 0 && number.to_string() == text)
}

/// A small file whole, `None` if it is not there.
pub(crate) async fn read_small(io: &dyn FileIO, path: &FilePath, bytes_max: u64) -> Result<Option<Bytes>> {
    match io.read_all(path, bytes_max).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
