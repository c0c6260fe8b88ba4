//! Whole tables, written by the engine, then damaged file by file.

mod damage;
mod tables;
