//! The types of a file: a tree, kept as a list in which a type's children come after it.
//!
//! ```text
//! 0 struct<id, m>   children 1, 2
//! 1 long
//! 2 map             children 3, 4
//! 3 string
//! 4 struct<x>       child 5
//! 5 int
//! ```
//!
//! Its number is also the column number that streams and statistics go by, so pruning takes children out of their struct
//! and leaves the list as it is.

use arrow_schema::{DataType, Fields};
use orc_rust::proto::{Type, r#type::Kind};
use tidelake_types::is_wide_timestamp;

/// Deeper types are refused: everything that walks the tree recurses.
const DEPTH_MAX: usize = 64;

/// What is wrong with the types of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// They are no tree.
    Corrupt(String),
    /// They are of a kind that is not read.
    Unsupported(String),
}

/// Checks that the list is a tree below a struct, of kinds that are read. Whatever walks it later may rely on it.
pub(crate) fn check(types: &[Type]) -> Result<(), Refused> {
    let corrupt = |reason: String| Err(Refused::Corrupt(reason));
    let mut depths: Vec<Option<usize>> = vec![None; types.len()];
    match (types.first(), depths.first_mut()) {
        (Some(root), Some(depth)) if root.kind == Some(Kind::Struct as i32) => *depth = Some(0),
        _ => return corrupt("its type is not a struct".to_owned()),
    }
    for (index, parent) in types.iter().enumerate() {
        let Some(depth) = depths[index] else { return corrupt(format!("type {index} belongs to no column")) };
        check_kind(index, parent)?;
        for child in &parent.subtypes {
            let child = *child as usize;
            let slot = depths.get_mut(child).filter(|slot| child > index && slot.is_none());
            let Some(slot) = slot else { return corrupt(format!("type {index} cannot have child {child}")) };
            if depth == DEPTH_MAX {
                return Err(Refused::Unsupported(format!("types nested deeper than {DEPTH_MAX}")));
            }
            *slot = Some(depth + 1);
        }
    }
    Ok(())
}

fn check_kind(index: usize, node: &Type) -> Result<(), Refused> {
    let children = node.subtypes.len();
    let fits = match kind(node) {
        Some(Kind::Struct) => node.field_names.len() == children,
        Some(Kind::List) => children == 1,
        Some(Kind::Map) => children == 2,
        Some(Kind::Union) => return Err(Refused::Unsupported(format!("the union at type {index}"))),
        Some(Kind::Decimal) => {
            let (precision, scale) = (node.precision.unwrap_or(0), node.scale.unwrap_or(0));
            if !(1..=38).contains(&precision) || scale > precision {
                return Err(Refused::Unsupported(format!("DECIMAL({precision}, {scale}) at type {index}")));
            }
            children == 0
        }
        Some(_) => children == 0,
        None => return Err(Refused::Unsupported(format!("kind {:?} of type {index}", node.kind))),
    };
    let wrong =
        || Refused::Corrupt(format!("type {index} has {children} children and {} names", node.field_names.len()));
    fits.then_some(()).ok_or_else(wrong)
}

/// The kind of a type; `None` if it is not known.
pub(crate) fn kind(node: &Type) -> Option<Kind> {
    node.kind.and_then(|kind| Kind::try_from(kind).ok())
}

/// Number and name of a struct's children. Of two with one name the first is the field.
pub(crate) fn child(node: &Type, name: &str) -> Option<usize> {
    let place = node.field_names.iter().position(|field| field == name)?;
    node.subtypes.get(place).map(|index| *index as usize)
}

/// The same types without the columns and fields that are not wanted. A struct of which nothing is wanted keeps its first
/// field: whether it is null shows there. `None` if no column is wanted.
pub(crate) fn pruned(types: &[Type], wanted: &Fields) -> Option<Vec<Type>> {
    let root = types.first()?;
    if !wanted.iter().any(|field| child(root, field.name()).is_some()) {
        return None;
    }
    let mut types = types.to_vec();
    prune_struct(&mut types, 0, wanted);
    Some(types)
}

fn prune_struct(types: &mut [Type], index: usize, wanted: &Fields) {
    let node = &types[index];
    let mut kept: Vec<(usize, &DataType)> = Vec::new();
    for (place, name) in node.field_names.iter().enumerate() {
        let first = node.field_names.iter().position(|other| other == name) == Some(place);
        if let Some((_, field)) = wanted.find(name).filter(|_| first) {
            kept.push((place, field.data_type()));
        }
    }
    let places: Vec<usize> = if kept.is_empty() { vec![0] } else { kept.iter().map(|(place, _)| *place).collect() };
    let children: Vec<u32> = places.iter().filter_map(|place| node.subtypes.get(*place).copied()).collect();
    let names = places.iter().filter_map(|place| node.field_names.get(*place).cloned()).collect();
    let below: Vec<(usize, &DataType)> =
        children.iter().zip(&kept).map(|(child, (_, wanted))| (*child as usize, *wanted)).collect();
    types[index].subtypes = children;
    types[index].field_names = names;
    for (child, wanted) in below {
        prune_value(types, child, wanted);
    }
}

fn prune_value(types: &mut [Type], index: usize, wanted: &DataType) {
    match (kind(&types[index]), wanted) {
        (Some(Kind::Struct), DataType::Struct(fields)) if !is_wide_timestamp(wanted) => {
            prune_struct(types, index, fields);
        }
        (Some(Kind::List), DataType::List(element)) => {
            prune_value(types, types[index].subtypes[0] as usize, element.data_type());
        }
        (Some(Kind::Map), DataType::Map(entries, _)) => {
            if let DataType::Struct(pair) = entries.data_type()
                && let [_, value] = &pair[..]
            {
                prune_value(types, types[index].subtypes[1] as usize, value.data_type());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::Field;

    use super::*;

    fn node(kind: Kind, children: &[(&str, u32)]) -> Type {
        let names = children.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !name.is_empty());
        Type {
            kind: Some(kind as i32),
            subtypes: children.iter().map(|(_, child)| *child).collect(),
            field_names: names.collect(),
            ..Type::default()
        }
    }

    fn tree() -> Vec<Type> {
        vec![
            node(Kind::Struct, &[("id", 1), ("m", 2)]),
            node(Kind::Long, &[]),
            node(Kind::Map, &[("", 3), ("", 4)]),
            node(Kind::String, &[]),
            node(Kind::Struct, &[("x", 5), ("y", 6)]),
            node(Kind::Int, &[]),
            node(Kind::Int, &[]),
        ]
    }

    #[test]
    fn what_is_no_tree_is_corrupt() {
        assert_eq!(check(&tree()), Ok(()));
        let broken = |change: &dyn Fn(&mut Vec<Type>)| {
            let mut types = tree();
            change(&mut types);
            assert!(matches!(check(&types), Err(Refused::Corrupt(_))), "{types:?}");
        };
        broken(&|types| types.clear());
        broken(&|types| types[2].subtypes[1] = 2);
        broken(&|types| types[2].subtypes[1] = 7);
        broken(&|types| types[4].subtypes[1] = 5);
        broken(&|types| types[0].subtypes.truncate(1));
        broken(&|types| types[1].subtypes.push(6));
        broken(&|types| types[0].kind = Some(Kind::Int as i32));
    }

    #[test]
    fn endless_nesting_and_strange_kinds_are_refused() {
        let mut lists: Vec<Type> = (1..200).map(|child| node(Kind::List, &[("", child)])).collect();
        lists[0] = node(Kind::Struct, &[("c", 1)]);
        lists.push(node(Kind::Int, &[]));
        assert!(matches!(check(&lists), Err(Refused::Unsupported(_))));
        let mut types = tree();
        types[1].kind = Some(77);
        assert!(matches!(check(&types), Err(Refused::Unsupported(_))));
    }

    #[test]
    fn pruning_reaches_into_map_values_and_keeps_the_numbers() {
        let value = DataType::Struct(vec![Field::new("y", DataType::Int32, true)].into());
        let pair = vec![Field::new("key", DataType::Utf8, false), Field::new("value", value, true)];
        let entries = Field::new("entries", DataType::Struct(pair.into()), false);
        let wanted = Fields::from(vec![Field::new("m", DataType::Map(entries.into(), false), true)]);
        let types = pruned(&tree(), &wanted).unwrap();
        assert_eq!(types[0].subtypes, [2]);
        assert_eq!((&types[4].subtypes[..], &types[4].field_names[..]), (&[6][..], &["y".to_owned()][..]));
        assert_eq!(pruned(&tree(), &Fields::empty()), None);
    }
}
