//! What keeps snapshots alive or remembers a position: tags and consumers.

mod consumer;
mod tag;

pub use consumer::{Consumer, ConsumerStore};
pub use tag::{Tag, TagStore};
