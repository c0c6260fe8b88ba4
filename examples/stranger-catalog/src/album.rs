//! The pages on storage: which is the newest, and how the next one is made.

use std::sync::Arc;

use tidelake_catalog::{
    Bytes, Classify, Error, ErrorKind, FileIO, FileIOExt, FilePath, Publish, Result, Runtime,
    io::{Child, stream::TryStreamExt},
};

use crate::page::Page;

/// Each lost race means that somebody's change went in, so this many are only lost to a crowd.
const EDITS_MAX: u32 = 64;
/// How often an unclear answer is asked again.
const ASKED_MAX: u32 = 5;
/// Some hundred thousand tables.
const PAGE_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug)]
pub(crate) struct Album {
    pub(crate) folder: FilePath,
    pub(crate) io: Arc<dyn FileIO>,
    pub(crate) runtime: Runtime,
}

impl Album {
    /// The newest page. An album without pages has nothing on it.
    pub(crate) async fn newest(&self) -> Result<Page> {
        Ok(self.newest_numbered().await?.1)
    }

    /// Changes the newest page, again if others are faster. An error of `change` is the caller's, and nothing is written.
    pub(crate) async fn edit<T>(&self, change: impl Fn(&mut Page) -> Result<T>) -> Result<T> {
        for _ in 0..EDITS_MAX {
            let (number, mut page) = self.newest_numbered().await?;
            let made = change(&mut page)?;
            let text = page.to_text(&self.runtime.ids().uuid());
            if self.publish(number + 1, text.into()).await? {
                return Ok(made);
            }
        }
        let message = format!("others changed it {EDITS_MAX} times meanwhile");
        Err(Error::service(ErrorKind::Conflict, format!("change {}", self.folder), message))
    }

    async fn newest_numbered(&self) -> Result<(u64, Page)> {
        let mut newest = 0;
        let mut children = self.io.list_children(&self.folder);
        while let Some(child) = children.try_next().await? {
            if let Child::File(file) = child
                && let Some(number) = file.path.name().strip_prefix("page-").and_then(|number| number.parse().ok())
            {
                newest = newest.max(number);
            }
        }
        if newest == 0 {
            return Ok((0, Page::default()));
        }
        let path = self.path(newest)?;
        let text = self.io.read_file_text(&path, PAGE_BYTES_MAX).await?;
        let page = Page::parse(&text);
        Ok((newest, page.map_err(|reason| Error::service(ErrorKind::Corrupt, format!("read {path}"), reason))?))
    }

    /// Whether the page is ours now; `false` if another's is there. Whatever storage answers, what counts is whose bytes
    /// stand there: "exists" may speak of our own earlier request.
    async fn publish(&self, number: u64, bytes: Bytes) -> Result<bool> {
        let path = self.path(number)?;
        for _ in 0..ASKED_MAX {
            match self.io.publish(&path, bytes.clone()).await {
                Ok(Publish::Created) => return Ok(true),
                Ok(Publish::AlreadyExists | Publish::Unknown) => {}
                Err(error) if error.is_ambiguous() => {}
                Err(error) => return Err(error.into()),
            }
            match self.io.read_all(&path, PAGE_BYTES_MAX).await {
                Ok(found) if found == bytes => {
                    self.io.sync(&[path]).await?;
                    return Ok(true);
                }
                Ok(_) => return Ok(false),
                Err(_) => {}
            }
        }
        Err(Error::ambiguous(ErrorKind::Unavailable, format!("publish {path}"), "storage gives no clear answer"))
    }

    fn path(&self, number: u64) -> Result<FilePath> {
        Ok(self.folder.child(&format!("page-{number}"))?)
    }
}
