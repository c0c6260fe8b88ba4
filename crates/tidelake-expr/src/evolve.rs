//! A comparison for a file whose column has an older type.

use tidelake_types::{CastRule, DataField, Scalar, cast_rule, cast_scalar};

use crate::{LeafPredicate, Operator};

/// Rewrites a leaf for a file in which the column is `file_field`, so that it passes exactly the rows it would pass
/// after their cast. `None` where that is not certain: values would be lost or reordered by the cast, or a literal does
/// not exist in the older type.
pub fn cast_leaf(leaf: &LeafPredicate, file_field: &DataField) -> Option<LeafPredicate> {
    let (new, old) = (&leaf.field.data_type, &file_field.data_type);
    let literals = match cast_rule(old, new) {
        CastRule::Identity => leaf.literals.clone(),
        CastRule::Lossless if matches!(leaf.operator, Operator::IsNull | Operator::IsNotNull) => Vec::new(),
        CastRule::Lossless => {
            let back = |literal: &Scalar| {
                let cast = cast_scalar(literal, new, old).ok()??;
                let again = cast_scalar(&cast, old, new).ok()??;
                (again.compare(literal) == Some(std::cmp::Ordering::Equal)).then_some(cast)
            };
            leaf.literals
                .iter()
                .map(|literal| literal.as_ref().map_or(Some(None), |some| back(some).map(Some)))
                .collect::<Option<_>>()?
        }
        CastRule::Explicit | CastRule::No => return None,
    };
    Some(LeafPredicate { field: file_field.clone(), operator: leaf.operator, literals })
}
