//! Tidelake: which snapshots exist: the commit protocol.
