//! Tidelake: Parquet, Arrow in and Arrow out.
