//! What becomes of a window.

mod plain;

pub use plain::Plain;

use std::fmt::Debug;

use crate::{MergeWindow, Merged, Result};

/// What becomes of a window. Pure.
pub trait Decider: Debug + Send + Sync {
    /// Decides about every group.
    fn decide(&self, window: &MergeWindow) -> Result<Decision>;
}

/// What comes out of a window. References only: nothing is copied before `gather`.
#[derive(Debug, Clone)]
pub struct Decision {
    /// One result for each group.
    pub rows: Merged,
}
