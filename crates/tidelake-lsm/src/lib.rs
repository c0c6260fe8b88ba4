//! Tidelake: buckets with a primary key.
