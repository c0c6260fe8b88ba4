//! Tidelake: every metadata file of the table format.
