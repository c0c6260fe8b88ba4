//! Tidelake: SQL over Tidelake tables, by DataFusion.
