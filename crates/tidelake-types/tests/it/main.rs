//! Behaviour of types and values that takes more than one item to show.
#![expect(clippy::unwrap_used, reason = "tests")]

mod binary_rows;
mod canonical_lines;
mod casts;
mod foreign_bytes;
mod partitions;

use tidelake_types::{DataField, DataType, parse_ddl_type};

fn ddl(text: &str) -> DataType {
    parse_ddl_type(text, &mut 100).unwrap()
}

/// Columns `c0`, `c1` .. of these types.
fn columns(types: &[&str]) -> Vec<DataField> {
    let field = |(index, text): (usize, &&str)| DataField::new(index as i32, format!("c{index}"), ddl(text));
    types.iter().enumerate().map(field).collect()
}
