//! Predicates: the tree, their evaluation over batches, and pruning by statistics.
//!
//! A predicate names columns by their [`DataField`](tidelake_types::DataField), so that it can be rewritten for files
//! of older schemas by field id.

mod error;
mod evaluate;
mod evolve;
mod predicate;
mod prune;

pub use error::{Error, Result};
pub use evaluate::evaluate;
pub use evolve::cast_leaf;
pub use predicate::{LeafPredicate, Operator, Predicate, column};
pub use prune::{ColumnBounds, may_match};
