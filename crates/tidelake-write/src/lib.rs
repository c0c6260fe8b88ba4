//! Tidelake: from batches to commit messages.
