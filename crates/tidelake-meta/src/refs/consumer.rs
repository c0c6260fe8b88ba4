//! Remembered reading positions (metadata spec 8.3).

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tidelake_io::FileIO;

use crate::{
    Result, TableLayout,
    json::{JSON_BYTES_MAX, from_json, to_json},
    listing::{names_below, read_small},
};

/// A remembered reading position (metadata spec 8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub id: String,
    /// The next snapshot it wants.
    pub next_snapshot: i64,
}

/// Reads and lists consumers.
#[derive(Debug, Clone)]
pub struct ConsumerStore {
    io: Arc<dyn FileIO>,
    layout: TableLayout,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    next_snapshot: i64,
}

impl Consumer {
    /// From the bytes of its file; `path` is for errors.
    pub fn from_json(id: &str, bytes: &[u8], path: &str) -> Result<Self> {
        let members: Members = from_json(bytes, "consumer", path)?;
        Ok(Self { id: id.to_owned(), next_snapshot: members.next_snapshot })
    }

    /// The bytes of its file.
    pub fn to_json(&self) -> Bytes {
        to_json(&json!({"nextSnapshot": self.next_snapshot})).into()
    }
}

impl ConsumerStore {
    /// For the table at `layout`.
    pub fn new(io: Arc<dyn FileIO>, layout: TableLayout) -> Self {
        Self { io, layout }
    }

    /// A consumer's position, `None` if it has none.
    pub async fn load(&self, id: &str) -> Result<Option<Consumer>> {
        let path = self.layout.consumer(id)?;
        let bytes = read_small(&*self.io, &path, JSON_BYTES_MAX).await?;
        bytes.map(|bytes| Consumer::from_json(id, &bytes, &path.to_string())).transpose()
    }

    /// All consumers, by name.
    pub async fn list(&self) -> Result<Vec<Consumer>> {
        let mut consumers = Vec::new();
        for id in names_below(&*self.io, &self.layout.root().child("consumer")?, "consumer-").await? {
            // One that ended since is none.
            consumers.extend(self.load(&id).await?);
        }
        Ok(consumers)
    }
}
