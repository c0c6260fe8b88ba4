//! Tidelake: FileIO over the object_store crate.
