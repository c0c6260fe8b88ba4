//! Tidelake: a streaming lakehouse on Apache Paimon tables.
