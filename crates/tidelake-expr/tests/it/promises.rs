//! What pruning promises: no row that passes is ever lost.

use proptest::prelude::*;
use tidelake_expr::{ColumnBounds, Operator, Operator::*, Predicate, may_match};
use tidelake_types::Scalar;

use crate::{field, leaf, passing};

fn bounds(min: Option<Scalar>, max: Option<Scalar>, null_count: Option<i64>) -> ColumnBounds {
    ColumnBounds { min, max, null_count }
}

fn int(value: i32) -> Option<Scalar> {
    Some(Scalar::Int(value))
}

#[test]
fn what_cannot_pass_is_pruned() {
    let c = field("INT");
    let known = bounds(int(3), int(5), Some(0));
    for (operator, literals, matches) in [
        (Equal, vec![int(2)], false),
        (Equal, vec![int(3)], true),
        (Equal, vec![int(6)], false),
        (Less, vec![int(3)], false),
        (LessOrEqual, vec![int(3)], true),
        (Greater, vec![int(5)], false),
        (GreaterOrEqual, vec![int(5)], true),
        (NotEqual, vec![int(4)], true),
        (In, vec![int(1), int(9)], false),
        (In, vec![int(1), int(4)], true),
        (NotIn, vec![int(4)], true),
        (NotIn, vec![int(1), None], false),
        (Equal, vec![None], false),
        (IsNull, vec![], false),
        (IsNotNull, vec![], true),
    ] {
        let predicate = leaf(&c, operator, &literals);
        assert_eq!(may_match(&predicate, 10, &|_| Some(known.clone())), matches, "{operator:?} {literals:?}");
        let unknown = may_match(&predicate, 10, &|_| None);
        assert_eq!(unknown, !literals.contains(&None), "{operator:?} {literals:?}");
    }
    let only = bounds(int(3), int(3), None);
    assert!(!may_match(&leaf(&c, NotEqual, &[int(3)]), 10, &|_| Some(only.clone())));
    assert!(!may_match(&leaf(&c, NotIn, &[int(1), int(3)]), 10, &|_| Some(only.clone())));
}

#[test]
fn columns_of_nulls_pass_only_the_test_for_null() {
    let c = field("INT");
    let nulls = bounds(None, None, Some(10));
    for operator in [Equal, NotEqual, Less, In, NotIn, IsNotNull] {
        assert!(!may_match(&leaf(&c, operator, &[int(1)]), 10, &|_| Some(nulls.clone())), "{operator:?}");
    }
    assert!(may_match(&leaf(&c, IsNull, &[]), 10, &|_| Some(nulls.clone())));
    assert!(!may_match(&Predicate::True, 0, &|_| None));
}

#[test]
fn prefixes_are_ranges() {
    let c = field("STRING");
    let text = |text: &str| Some(Scalar::String(text.to_owned()));
    let known = bounds(text("abcd"), text("abz"), None);
    for (prefix, matches) in [
        ("ab", true),
        ("abc", true),
        ("abcde", true),
        ("abd", true),
        ("abzz", false),
        ("aa", false),
        ("b", false),
        ("", true),
    ] {
        let predicate = leaf(&c, StartsWith, &[text(prefix)]);
        assert_eq!(may_match(&predicate, 10, &|_| Some(known.clone())), matches, "{prefix}");
    }
}

#[test]
fn nan_and_the_sign_of_zero_are_never_lost() {
    let c = field("DOUBLE");
    let double = |value: f64| Some(Scalar::Double(value));
    let may = |operator, literal: f64, min: f64, max: f64| {
        may_match(&leaf(&c, operator, &[double(literal)]), 10, &|_| Some(bounds(double(min), double(max), None)))
    };
    assert!(may(Greater, 9.0, 1.0, 2.0), "a NaN that statistics leave out");
    assert!(may(Equal, f64::NAN, 1.0, 2.0));
    assert!(may(NotEqual, 1.0, 1.0, 1.0));
    assert!(may(Equal, 5.0, f64::NAN, f64::NAN));
    assert!(may(Equal, -0.0, 0.0, 1.0));
    assert!(may(Equal, 0.0, -1.0, -0.0));
    assert!(!may(Equal, 3.0, 1.0, 2.0));
    assert!(!may(Less, 1.0, 1.0, 2.0));
}

fn operators() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec![
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        In,
        NotIn,
        StartsWith,
        IsNull,
        IsNotNull,
    ])
}

/// A type and a few of its values that lie close together.
fn typed() -> impl Strategy<Value = (&'static str, BoxedStrategy<Scalar>)> {
    let doubles = vec![-1.0, -0.0, 0.0, 1.0, 2.0, f64::INFINITY, f64::NAN];
    prop::sample::select(vec![
        ("INT", (-3..3_i32).prop_map(Scalar::Int).boxed()),
        ("STRING", "[ab]{0,3}".prop_map(Scalar::String).boxed()),
        ("BYTES", prop::collection::vec(0..2_u8, 0..3).prop_map(Scalar::Bytes).boxed()),
        ("DOUBLE", prop::sample::select(doubles).prop_map(Scalar::Double).boxed()),
        ("BOOLEAN", any::<bool>().prop_map(Scalar::Boolean).boxed()),
        ("DECIMAL(20, 2)", (-3..3_i128).prop_map(Scalar::Decimal).boxed()),
        ("DATE", (-2..2_i32).prop_map(Scalar::Date).boxed()),
        ("TIMESTAMP(9)", (-1..1_i64, 0..3_i32).prop_map(|(millis, nanos)| Scalar::Timestamp { millis, nanos }).boxed()),
    ])
}

type Case = (&'static str, Vec<Option<Scalar>>, Vec<(Operator, Vec<Option<Scalar>>)>, bool);

fn cases() -> impl Strategy<Value = Case> {
    typed().prop_flat_map(|(text, value)| {
        let values = prop::collection::vec(prop::option::weighted(0.8, value.clone()), 1..6);
        let literals = prop::collection::vec(prop::option::weighted(0.95, value), 1..3);
        let leaves = prop::collection::vec((operators(), literals), 1..4);
        (Just(text), values, leaves, any::<bool>())
    })
}

proptest! {
    #[test]
    fn a_pruned_set_of_rows_never_has_a_match((text, values, leaves, any_of) in cases()) {
        let c = field(text);
        let parts = leaves.into_iter().map(|(operator, mut literals)| {
            match operator {
                In | NotIn => {}
                IsNull | IsNotNull => literals.clear(),
                _ => literals.truncate(1),
            }
            leaf(&c, operator, &literals)
        });
        let predicate = if any_of { Predicate::or(parts) } else { Predicate::and(parts) };
        // Statistics as file formats make them: without NaN.
        let mut present: Vec<_> = values
            .iter()
            .flatten()
            .filter(|value| !matches!(value, Scalar::Double(value) if value.is_nan()))
            .cloned()
            .collect();
        present.sort_by(|a, b| a.compare(b).unwrap());
        let nulls = values.iter().filter(|value| value.is_none()).count() as i64;
        let known = bounds(present.first().cloned(), present.last().cloned(), Some(nulls));
        let rows = passing(&predicate, &c, &values);
        if !may_match(&predicate, values.len() as i64, &|_| Some(known.clone())) {
            prop_assert!(rows.is_empty(), "{predicate:?} lost rows {rows:?} of {values:?}");
        }
        for (row, value) in values.iter().enumerate() {
            let alone = bounds(value.clone(), value.clone(), Some(i64::from(value.is_none())));
            if rows.contains(&row) {
                prop_assert!(may_match(&predicate, 1, &|_| Some(alone.clone())));
            }
        }
    }
}
