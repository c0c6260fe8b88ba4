//! The table options that data files read.
