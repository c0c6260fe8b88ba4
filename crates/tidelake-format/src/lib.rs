//! Tidelake: the contract of file formats.
