//! Tidelake: from a snapshot to splits.
