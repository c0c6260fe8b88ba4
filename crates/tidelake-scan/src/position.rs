//! Where a stream stands, as a few bytes.

use crate::{Result, StreamStart};

/// Where a stream resumes. Small plain bytes with a version; they name the table, so that a position of another is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPosition {
    /// The table's location.
    pub table: String,
    /// How far it came.
    pub phase: StreamPhase,
}

/// How far a stream came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamPhase {
    /// It has not begun: where it will.
    Start(StreamStart),
    /// The snapshot that is next.
    Follow {
        /// Its number.
        next: i64,
    },
}

impl StreamPosition {
    /// For a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// From a checkpoint. `InvalidInput` if it is none, or of a newer version.
    pub fn from_bytes(_bytes: &[u8]) -> Result<Self> {
        unimplemented!()
    }

    /// The snapshot that is next; `None` before the first step.
    pub fn next_snapshot(&self) -> Option<i64> {
        match self.phase {
            StreamPhase::Start(_) => None,
            StreamPhase::Follow { next } => Some(next),
        }
    }
}
