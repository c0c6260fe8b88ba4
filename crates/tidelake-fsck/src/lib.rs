//! Tidelake: whether the files of a table are whole and agree.
