//! Buckets with a primary key: an LSM tree over Arrow batches.
//!
//! [`LsmBucket`] takes rows into a memtable and flushes them to sorted level-0 files; [`read_bucket`] merges the sorted runs
//! of a bucket into rows, by windows of Arrow batches.
