//! Keeping snapshots under a name.

use tidelake_commit::{ExpireOutcome, delete_tag};
use tidelake_meta::Tag;

use crate::{Result, Table, TableCommitter, error::NotFoundSnafu};

impl Table {
    /// Keeps a snapshot, the latest if none is named, until the tag is deleted.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name that is blank, a number, or taken; `NotFound` for a snapshot that is not there (any more).
    pub async fn create_tag(&self, name: &str, snapshot: Option<i64>) -> Result<Tag> {
        let snapshot = match snapshot {
            Some(id) => self.snapshots.load(id).await?,
            None => match self.snapshots.latest().await? {
                Some(latest) => latest,
                None => {
                    let message = format!("{} has no snapshot to tag yet: write to it first", self.layout.root());
                    return NotFoundSnafu { message }.fail();
                }
            },
        };
        self.tags.create(name, &snapshot).await?;
        Ok(self.tags.load(name).await?)
    }

    /// Deletes a tag, and the files that only it has kept. Says which went.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such tag.
    pub async fn delete_tag(&self, name: &str) -> Result<ExpireOutcome> {
        Ok(delete_tag(&TableCommitter::parts(self), name).await?)
    }
}
