//! Tidelake: catalogs: from names to table entries.
