//! What is handed to the committer.

use std::collections::BTreeMap;

use tidelake_io::FilePath;
use tidelake_meta::CommitMessage;

use crate::Overwrite;

/// Everything of one logical commit: up to two snapshots, the rows and then their compaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreparedCommit {
    /// Ascending for a named user; [`PreparedCommit::BATCH`] for a batch with a fresh user.
    pub identifier: i64,
    /// What each bucket's writer handed over.
    pub messages: Vec<CommitMessage>,
    /// What the new rows replace; `None`: they are added. An overwrite commits no changelog.
    pub overwrite: Option<Overwrite>,
    /// Files written in this process and not durable yet: synced with the manifests. Messages that leave the process are
    /// synced first.
    pub unsynced: Vec<FilePath>,
    /// How far event time has come, in milliseconds.
    pub watermark: Option<i64>,
    /// Members of the snapshot's `properties`: source positions and the like.
    pub properties: BTreeMap<String, String>,
}

impl PreparedCommit {
    /// The identifier of every batch commit, as in Java; its user is fresh each time.
    pub const BATCH: i64 = i64::MAX;

    /// Whether it changes no file.
    pub fn is_empty(&self) -> bool {
        self.overwrite.is_none() && self.messages.iter().all(|message| message.increment.is_empty())
    }

    /// Whether compactions are part of it.
    pub fn has_compaction(&self) -> bool {
        self.messages.iter().any(|message| !message.increment.compact.is_empty())
    }

    /// Only the compactions: what is left of a commit whose rows are in already.
    pub(crate) fn into_compaction(mut self) -> Self {
        self.overwrite = None;
        for message in &mut self.messages {
            message.increment.append = Default::default();
        }
        self.messages.retain(|message| !message.increment.is_empty());
        self
    }
}
