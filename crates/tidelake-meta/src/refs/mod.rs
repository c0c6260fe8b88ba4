//! What keeps snapshots alive or remembers a position: tags and consumers.
use std::sync::Arc;

use tidelake_io::FileIO;

use crate::{Result, Snapshot, TableLayout};

/// A kept snapshot (metadata spec 8.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The snapshot it keeps; readable even when the snapshot's own file is gone.
    pub snapshot: Snapshot,
    /// When it was made: local wall-clock milliseconds, only with a retention.
    pub create_time_ms: Option<i64>,
    /// How long it is kept, in milliseconds.
    pub time_retained_ms: Option<i64>,
}

/// A remembered reading position (metadata spec 8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub id: String,
    /// The next snapshot it wants.
    pub next_snapshot: i64,
}

/// Reads and lists tags.
#[derive(Debug, Clone)]
pub struct TagStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

/// Reads and lists consumers.
#[derive(Debug, Clone)]
pub struct ConsumerStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

impl TagStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }
    /// A tag by name; `NoTag` if it is not there.
    pub async fn load(&self, _name: &str) -> Result<Tag> {
        let _ = (&self.io, &self.layout);
        todo!()
    }
    /// All tags, by name.
    pub async fn list(&self) -> Result<Vec<Tag>> {
        todo!()
    }
}

impl ConsumerStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }
    /// A consumer's position, `None` if it has none.
    pub async fn load(&self, _id: &str) -> Result<Option<Consumer>> {
        let _ = (&self.io, &self.layout);
        todo!()
    }
    /// All consumers, by name.
    pub async fn list(&self) -> Result<Vec<Consumer>> {
        todo!()
    }
}
