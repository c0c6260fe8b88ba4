//! Tidelake: buckets without a key.
