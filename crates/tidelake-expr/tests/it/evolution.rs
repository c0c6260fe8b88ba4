//! Comparisons for files of older types.

use tidelake_expr::{LeafPredicate, Operator::*, cast_leaf};
use tidelake_types::Scalar;

use crate::field;

fn literals(old: &str, new: &str, literal: Scalar) -> Option<Vec<Option<Scalar>>> {
    let leaf = LeafPredicate { field: field(new), operator: Less, literals: vec![Some(literal)] };
    let old = field(old);
    cast_leaf(&leaf, &old).map(|cast| {
        assert_eq!((cast.field, cast.operator), (old, Less));
        cast.literals
    })
}

#[test]
fn a_literal_that_the_older_type_has_is_cast_back() {
    let midnight = Scalar::Timestamp { millis: 86_400_000, nanos: 0 };
    for (old, new, literal, cast) in [
        ("INT", "BIGINT", Scalar::BigInt(7), Scalar::Int(7)),
        ("TINYINT", "DOUBLE", Scalar::Double(-3.0), Scalar::TinyInt(-3)),
        ("INT", "DECIMAL(12, 2)", Scalar::Decimal(700), Scalar::Int(7)),
        ("DECIMAL(8, 2)", "DECIMAL(16, 4)", Scalar::Decimal(15000), Scalar::Decimal(150)),
        ("FLOAT", "DOUBLE", Scalar::Double(0.5), Scalar::Float(0.5)),
        ("VARCHAR(3)", "STRING", Scalar::String("abc".into()), Scalar::String("abc".into())),
        ("DATE", "TIMESTAMP(3)", midnight, Scalar::Date(1)),
        ("INT NOT NULL", "INT", Scalar::Int(1), Scalar::Int(1)),
    ] {
        assert_eq!(literals(old, new, literal), Some(vec![Some(cast)]), "{old} to {new}");
    }
}

#[test]
fn what_is_not_certain_is_given_up() {
    for (old, new, literal) in [
        ("INT", "BIGINT", Scalar::BigInt(1 << 40)),
        ("INT", "DECIMAL(12, 2)", Scalar::Decimal(750)),
        ("FLOAT", "DOUBLE", Scalar::Double(0.1)),
        ("VARCHAR(3)", "STRING", Scalar::String("abcd".into())),
        ("DATE", "TIMESTAMP(3)", Scalar::Timestamp { millis: 1, nanos: 0 }),
        ("BIGINT", "INT", Scalar::Int(1)),
        ("STRING", "INT", Scalar::Int(1)),
        ("INT", "STRING", Scalar::String("1".into())),
        ("TIMESTAMP(6)", "TIMESTAMP(3)", Scalar::Timestamp { millis: 1, nanos: 0 }),
    ] {
        assert_eq!(literals(old, new, literal), None, "{old} to {new}");
    }
}

#[test]
fn tests_for_null_survive_lossless_casts_only() {
    let is_null = |old: &str, new: &str| {
        cast_leaf(&LeafPredicate { field: field(new), operator: IsNull, literals: vec![] }, &field(old)).is_some()
    };
    assert!(is_null("INT", "BIGINT"));
    assert!(!is_null("DECIMAL(8, 2)", "DECIMAL(2, 0)"));
}
