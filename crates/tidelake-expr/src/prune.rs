//! A predicate against what is known of a file's columns.
use std::cmp::Ordering;

use tidelake_types::{DataField, Scalar};

use crate::{LeafPredicate, Operator, Predicate};

/// What is known of one column of a set of rows. Bounds need not be values that occur.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnBounds {
    /// Not above any value. `None`: unknown.
    pub min: Option<Scalar>,
    /// Not below any value, NaN aside: file formats leave it out of statistics. `None`: unknown.
    pub max: Option<Scalar>,
    /// How many are null. `None`: unknown.
    pub null_count: Option<i64>,
}

/// Whether a row can pass among `rows` rows. `bounds` gives what is known of a column, `None` where nothing is. All
/// null (`null_count == rows`) prunes comparisons; NaN bounds never prune; a false answer is a promise.
///
/// It is kept whatever a file format does with NaN (a value above all others that may not show in the bounds) and with
/// the sign of zero.
pub fn may_match(predicate: &Predicate, rows: i64, bounds: &dyn Fn(&DataField) -> Option<ColumnBounds>) -> bool {
    if rows == 0 {
        return false;
    }
    match predicate {
        Predicate::True => true,
        Predicate::False => false,
        Predicate::And(parts) => parts.iter().all(|part| may_match(part, rows, bounds)),
        Predicate::Or(parts) => parts.iter().any(|part| may_match(part, rows, bounds)),
        Predicate::Leaf(leaf) => leaf_may_match(leaf, rows, bounds(&leaf.field).unwrap_or_default()),
    }
}

fn leaf_may_match(leaf: &LeafPredicate, rows: i64, bounds: ColumnBounds) -> bool {
    if leaf.operator == Operator::IsNull {
        return bounds.null_count != Some(0);
    }
    if bounds.null_count == Some(rows) {
        return false;
    }
    let null_literal = leaf.literals.iter().any(Option::is_none);
    let range = Range::new(bounds);
    match (leaf.operator, leaf.literals.as_slice()) {
        (Operator::IsNull | Operator::IsNotNull, _) => true,
        (Operator::In, literals) => literals.iter().flatten().any(|literal| range.may_hold(literal)),
        (Operator::NotIn, literals) => {
            !null_literal && !literals.iter().flatten().any(|literal| range.is_only(literal))
        }
        (_, [None]) => false,
        (operator, [Some(literal)]) => match operator {
            Operator::Equal => range.may_hold(literal),
            Operator::NotEqual => !range.is_only(literal),
            Operator::Less => range.min_may_be(literal, Ordering::is_lt),
            Operator::LessOrEqual => range.min_may_be(literal, Ordering::is_le),
            Operator::Greater => range.max_may_be(literal, Ordering::is_gt),
            Operator::GreaterOrEqual => range.max_may_be(literal, Ordering::is_ge),
            Operator::StartsWith => range.may_hold_prefix(literal),
            _ => true,
        },
        _ => true,
    }
}

struct Range {
    min: Option<Scalar>,
    max: Option<Scalar>,
}

impl Range {
    fn new(bounds: ColumnBounds) -> Self {
        let not_nan = |bound: &Scalar| {
            !matches!(bound, Scalar::Double(bound) if bound.is_nan())
                && !matches!(bound, Scalar::Float(bound) if bound.is_nan())
        };
        let min = bounds.min.filter(not_nan).map(|min| match min {
            Scalar::Double(0.0) => Scalar::Double(-0.0),
            Scalar::Float(0.0) => Scalar::Float(-0.0),
            min => min,
        });
        let max = bounds.max.filter(not_nan).map(|max| match max {
            Scalar::Double(0.0) => Scalar::Double(0.0),
            Scalar::Float(0.0) => Scalar::Float(0.0),
            max => max,
        });
        Self { min, max }
    }

    fn min_may_be(&self, literal: &Scalar, test: fn(Ordering) -> bool) -> bool {
        self.min.as_ref().and_then(|min| min.compare(literal)).is_none_or(test)
    }

    /// With floats a NaN may be above the bound.
    fn max_may_be(&self, literal: &Scalar, test: fn(Ordering) -> bool) -> bool {
        is_float(literal) || self.max.as_ref().and_then(|max| max.compare(literal)).is_none_or(test)
    }

    fn may_hold(&self, literal: &Scalar) -> bool {
        let nan = match literal {
            Scalar::Double(literal) => literal.is_nan(),
            Scalar::Float(literal) => literal.is_nan(),
            _ => false,
        };
        let below = self.max.as_ref().and_then(|max| max.compare(literal)).is_none_or(Ordering::is_ge);
        self.min_may_be(literal, Ordering::is_le) && (nan || below)
    }

    /// Whether every value is this one.
    fn is_only(&self, literal: &Scalar) -> bool {
        let same =
            |bound: &Option<Scalar>| bound.as_ref().and_then(|bound| bound.compare(literal)) == Some(Ordering::Equal);
        !is_float(literal) && same(&self.min) && same(&self.max)
    }

    fn may_hold_prefix(&self, prefix: &Scalar) -> bool {
        let not_below = self.max.as_ref().and_then(|max| max.compare(prefix)).is_none_or(Ordering::is_ge);
        let starts = match (&self.min, prefix) {
            (Some(Scalar::String(min)), Scalar::String(prefix)) => min.starts_with(prefix),
            (Some(Scalar::Bytes(min)), Scalar::Bytes(prefix)) => min.starts_with(prefix),
            _ => true,
        };
        not_below && (starts || self.min_may_be(prefix, Ordering::is_le))
    }
}

fn is_float(literal: &Scalar) -> bool {
    matches!(literal, Scalar::Double(_) | Scalar::Float(_))
}
