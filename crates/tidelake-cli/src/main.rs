//! `tide`: Tidelake on the command line.
fn main() {}
