//! Buckets without a key: rows are appended to files as they come.
