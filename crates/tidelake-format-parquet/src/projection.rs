//! Which leaves of the file a request needs.
//!
//! Columns and fields are found by name: files of other writers may have no ids. Inside the standard three-level list and
//! the standard map the walk goes on; of any other shape all leaves are taken and `convert` drops what is too much.

use arrow_schema::{DataType, Fields};
use parquet::{
    basic::ConvertedType,
    schema::types::{SchemaDescriptor, Type},
};

/// The numbers of the leaves to decode, ascending.
pub(crate) fn leaves(schema: &SchemaDescriptor, wanted: &Fields) -> Vec<usize> {
    let mut found = Vec::new();
    fields_of_group(schema.root_schema(), wanted, 0, &mut found);
    found
}

/// Takes the leaves of the wanted children of a group whose first leaf is number `first`.
fn fields_of_group(group: &Type, wanted: &Fields, first: usize, found: &mut Vec<usize>) {
    let mut leaf = first;
    let mut taken: Vec<&str> = Vec::new();
    for child in group.get_fields() {
        // Of two children with one name, the first is the column.
        if let Some((_, field)) = wanted.find(child.name()).filter(|_| !taken.contains(&child.name())) {
            taken.push(child.name());
            value(child, field.data_type(), leaf, found);
        }
        leaf += leaf_count(child);
    }
}

fn value(node: &Type, wanted: &DataType, first: usize, found: &mut Vec<usize>) {
    match (wanted, shape(node)) {
        (DataType::List(element), Shape::List(stored)) => value(stored, element.data_type(), first, found),
        (DataType::Map(entries, _), Shape::Map(key, stored)) => {
            if let DataType::Struct(fields) = entries.data_type()
                && let [_, wanted] = &fields[..]
            {
                found.extend(first..first + leaf_count(key));
                value(stored, wanted.data_type(), first + leaf_count(key), found);
            }
        }
        (DataType::Struct(fields), Shape::Group) => {
            let before = found.len();
            fields_of_group(node, fields, first, found);
            if found.len() == before {
                // Nothing of it is in the file, but whether the group is null: any leaf tells.
                found.push(first);
            }
        }
        _ => found.extend(first..first + leaf_count(node)),
    }
}

enum Shape<'a> {
    List(&'a Type),
    Map(&'a Type, &'a Type),
    Group,
    Other,
}

fn shape(node: &Type) -> Shape<'_> {
    if node.is_primitive() {
        return Shape::Other;
    }
    match (node.get_basic_info().converted_type(), node.get_fields()) {
        (ConvertedType::LIST, [repeated]) if repeated.is_group() => match repeated.get_fields() {
            [element] if repeated.name() != "array" && repeated.name() != format!("{}_tuple", node.name()) => {
                Shape::List(element)
            }
            _ => Shape::Other,
        },
        (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, [entries]) if entries.is_group() => {
            match entries.get_fields() {
                [key, value] => Shape::Map(key, value),
                _ => Shape::Other,
            }
        }
        (ConvertedType::NONE, [_, ..]) => Shape::Group,
        _ => Shape::Other,
    }
}

fn leaf_count(node: &Type) -> usize {
    if node.is_primitive() { 1 } else { node.get_fields().iter().map(|child| leaf_count(child)).sum() }
}
