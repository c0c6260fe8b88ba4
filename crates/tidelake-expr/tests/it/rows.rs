//! Which rows pass.

use tidelake_expr::{Operator::*, Predicate, column, evaluate};
use tidelake_types::Scalar;

use crate::{batches, field, leaf, passing};

fn ints(values: &[Option<i32>]) -> Vec<Option<Scalar>> {
    values.iter().map(|value| value.map(Scalar::Int)).collect()
}

fn texts(values: &[&str]) -> Vec<Option<Scalar>> {
    values.iter().map(|value| Some(Scalar::String((*value).to_owned()))).collect()
}

#[test]
fn null_passes_only_the_test_for_null() {
    let c = field("INT");
    let values = ints(&[Some(1), None, Some(3), Some(2)]);
    let two = [Some(Scalar::Int(2))];
    for (operator, literals, rows) in [
        (Equal, &two[..], vec![3]),
        (NotEqual, &two, vec![0, 2]),
        (Less, &two, vec![0]),
        (LessOrEqual, &two, vec![0, 3]),
        (Greater, &two, vec![2]),
        (GreaterOrEqual, &two, vec![2, 3]),
        (In, &ints(&[Some(3), Some(1), None]), vec![0, 2]),
        (NotIn, &ints(&[Some(3), Some(1)]), vec![3]),
        (NotIn, &ints(&[Some(3), None]), vec![]),
        (In, &[], vec![]),
        (NotIn, &[], vec![0, 2, 3]),
        (Equal, &[None], vec![]),
        (NotEqual, &[None], vec![]),
        (IsNull, &[], vec![1]),
        (IsNotNull, &[], vec![0, 2, 3]),
    ] {
        assert_eq!(passing(&leaf(&c, operator, literals), &c, &values), rows, "{operator:?} {literals:?}");
    }
}

#[test]
fn floats_compare_as_java_orders_them() {
    let c = field("DOUBLE");
    let values: Vec<_> =
        [-0.0, 0.0, f64::NAN, f64::INFINITY, -f64::NAN].iter().map(|value| Some(Scalar::Double(*value))).collect();
    let literal = |value: f64| [Some(Scalar::Double(value))];
    assert_eq!(passing(&leaf(&c, Equal, &literal(0.0)), &c, &values), [1]);
    assert_eq!(passing(&leaf(&c, Less, &literal(0.0)), &c, &values), [0]);
    assert_eq!(passing(&leaf(&c, Equal, &literal(f64::NAN)), &c, &values), [2, 4]);
    assert_eq!(passing(&leaf(&c, Greater, &literal(f64::INFINITY)), &c, &values), [2, 4]);
    assert_eq!(passing(&leaf(&c, In, &[literal(f64::NAN), literal(0.0)].concat()), &c, &values), [1, 2, 4]);
}

#[test]
fn texts_compare_by_bytes_and_by_prefix() {
    let c = field("STRING");
    let values = texts(&["a", "ab", "b", "\u{fffd}", "\u{1f600}"]);
    assert_eq!(passing(&leaf(&c, Less, &texts(&["b"])), &c, &values), [0, 1]);
    assert_eq!(passing(&leaf(&c, Greater, &texts(&["\u{fffd}"])), &c, &values), [4]);
    assert_eq!(passing(&leaf(&c, StartsWith, &texts(&["a"])), &c, &values), [0, 1]);
    assert_eq!(passing(&leaf(&c, StartsWith, &texts(&[""])), &c, &values), [0, 1, 2, 3, 4]);
    assert_eq!(passing(&leaf(&c, StartsWith, &[None]), &c, &values), [0_usize; 0]);
}

#[test]
fn timestamps_compare_in_any_form_and_year() {
    let at = |millis, nanos| Some(Scalar::Timestamp { millis, nanos });
    for text in ["TIMESTAMP(9)", "TIMESTAMP(9) WITH LOCAL TIME ZONE"] {
        let c = field(text);
        let values = [at(-1, 999_999), at(0, 0), at(0, 1), None];
        assert_eq!(passing(&leaf(&c, Less, &[at(0, 1)]), &c, &values), [0, 1]);
        // The year 1: nanoseconds in 64 bits cannot hold the literal.
        assert_eq!(passing(&leaf(&c, Greater, &[at(-62_135_596_800_000, 0)]), &c, &values), [0, 1, 2]);
    }
}

#[test]
fn and_or_combine() {
    let c = field("INT");
    let values = ints(&[Some(1), Some(2), Some(3), None]);
    let less = |value| leaf(&c, Less, &[Some(Scalar::Int(value))]);
    let greater = |value| leaf(&c, Greater, &[Some(Scalar::Int(value))]);
    assert_eq!(passing(&Predicate::and([less(3), greater(1)]), &c, &values), [1]);
    assert_eq!(passing(&Predicate::or([less(2), greater(2)]), &c, &values), [0, 2]);
    assert_eq!(passing(&Predicate::and([less(0), greater(1)]), &c, &values), [0_usize; 0]);
    assert_eq!(passing(&Predicate::True, &c, &values), [0, 1, 2, 3]);
    assert_eq!(passing(&Predicate::False, &c, &values), [0_usize; 0]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let c = field("INT");
    let [batch, _] = batches(&c, &ints(&[Some(1)]));
    let other = tidelake_types::DataField { name: "other".to_owned(), ..c.clone() };
    assert!(evaluate(&column(&other).equal(Scalar::Int(1)), &batch).unwrap_err().to_string().contains("`other`"));
    assert!(evaluate(&column(&c).equal(Scalar::BigInt(1)), &batch).is_err());
    assert!(evaluate(&leaf(&c, In, &[Some(Scalar::BigInt(1))]), &batch).is_err());
    assert!(evaluate(&leaf(&c, Equal, &[]), &batch).is_err());
    assert!(evaluate(&column(&field("STRING")).equal(Scalar::String("a".into())), &batch).is_err());
}
