//! From DataFusion's expressions to predicates that a scan understands.
//!
//! Only what can be said exactly is turned over: a predicate made here is true for a row exactly when the expression is.

use datafusion::{
    common::ScalarValue,
    logical_expr::{Between, BinaryExpr, Expr, Like, Operator as SqlOperator, expr::InList},
};
use tidelake_expr::{LeafPredicate, Operator, Predicate};
use tidelake_table::{DataField, Scalar, TableSchema};
use tidelake_types::arrow_type;

/// The predicate that says what the expression says; `None` if none does.
pub fn to_predicate(expr: &Expr, schema: &TableSchema) -> Option<Predicate> {
    match expr {
        Expr::Alias(alias) => to_predicate(&alias.expr, schema),
        Expr::Literal(ScalarValue::Boolean(Some(value)), _) => {
            Some(if *value { Predicate::True } else { Predicate::False })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: SqlOperator::And, right }) => {
            Some(Predicate::and([to_predicate(left, schema)?, to_predicate(right, schema)?]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: SqlOperator::Or, right }) => {
            Some(Predicate::or([to_predicate(left, schema)?, to_predicate(right, schema)?]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let operator = operator_of(*op)?;
            match (field_of(left, schema), field_of(right, schema)) {
                (Some(field), None) => leaf(field, operator, [literal_of(right, field)?]),
                (None, Some(field)) => leaf(field, mirrored(operator), [literal_of(left, field)?]),
                _ => None,
            }
        }
        Expr::IsNull(inner) => leaf(field_of(inner, schema)?, Operator::IsNull, []),
        Expr::IsNotNull(inner) => leaf(field_of(inner, schema)?, Operator::IsNotNull, []),
        Expr::InList(InList { expr, list, negated }) => {
            let field = field_of(expr, schema)?;
            let literals = list.iter().map(|item| literal_of(item, field)).collect::<Option<Vec<_>>>()?;
            leaf(field, if *negated { Operator::NotIn } else { Operator::In }, literals)
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let field = field_of(expr, schema)?;
            let (low, high) = (literal_of(low, field)?, literal_of(high, field)?);
            let (below, above) = if *negated {
                (leaf(field, Operator::Less, [low])?, leaf(field, Operator::Greater, [high])?)
            } else {
                (leaf(field, Operator::GreaterOrEqual, [low])?, leaf(field, Operator::LessOrEqual, [high])?)
            };
            Some(if *negated { Predicate::or([below, above]) } else { Predicate::and([below, above]) })
        }
        Expr::Like(Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false }) => {
            let field = field_of(expr, schema)?;
            let Scalar::String(pattern) = literal_of(pattern, field)? else { return None };
            let prefix = pattern.strip_suffix('%')?;
            if prefix.contains(['%', '_', '\\']) {
                return None;
            }
            leaf(field, Operator::StartsWith, [Scalar::String(prefix.to_owned())])
        }
        // A boolean column by itself, or its negation.
        Expr::Column(_) => boolean(field_of(expr, schema)?, true),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Column(_) => boolean(field_of(inner, schema)?, false),
            Expr::IsNull(inner) => leaf(field_of(inner, schema)?, Operator::IsNotNull, []),
            Expr::IsNotNull(inner) => leaf(field_of(inner, schema)?, Operator::IsNull, []),
            _ => None,
        },
        _ => None,
    }
}

/// The conjunction of those expressions that have a predicate.
pub fn predicate_of(filters: &[Expr], schema: &TableSchema) -> Predicate {
    Predicate::and(filters.iter().filter_map(|filter| to_predicate(filter, schema)).collect::<Vec<_>>())
}

fn boolean(field: &DataField, value: bool) -> Option<Predicate> {
    match field.data_type.kind {
        tidelake_table::TypeKind::Boolean => leaf(field, Operator::Equal, [Scalar::Boolean(value)]),
        _ => None,
    }
}

fn leaf(field: &DataField, operator: Operator, literals: impl IntoIterator<Item = Scalar>) -> Option<Predicate> {
    let literals = literals.into_iter().map(Some).collect();
    Some(Predicate::Leaf(LeafPredicate { field: field.clone(), operator, literals }))
}

fn field_of<'a>(expr: &Expr, schema: &'a TableSchema) -> Option<&'a DataField> {
    match expr {
        Expr::Column(column) => schema.field(&column.name).filter(|field| !field.data_type.kind.is_nested()),
        _ => None,
    }
}

/// A literal as a value of the column; `None` is "not a literal, not exactly of that type, or compared otherwise in SQL":
/// a null, whose comparisons the optimizer takes apart, and the numbers where Paimon's order of floats differs (it has two
/// zeros).
fn literal_of(expr: &Expr, field: &DataField) -> Option<Scalar> {
    let Expr::Literal(value, _) = expr else { return None };
    let target = arrow_type(&field.data_type).ok()?;
    let cast = value.cast_to(&target).ok()?;
    // There and back again: a literal that is cut or rounded compares differently.
    if cast.is_null() || cast.cast_to(&value.data_type()).ok()? != *value {
        return None;
    }
    let array = cast.to_array().ok()?;
    let scalar = Scalar::from_array(array.as_ref(), 0, &field.data_type).ok()??;
    let otherwise = match scalar {
        Scalar::Float(number) => number == 0.0 || number.is_nan(),
        Scalar::Double(number) => number == 0.0 || number.is_nan(),
        _ => false,
    };
    (!otherwise).then_some(scalar)
}

fn operator_of(operator: SqlOperator) -> Option<Operator> {
    Some(match operator {
        SqlOperator::Eq => Operator::Equal,
        SqlOperator::NotEq => Operator::NotEqual,
        SqlOperator::Lt => Operator::Less,
        SqlOperator::LtEq => Operator::LessOrEqual,
        SqlOperator::Gt => Operator::Greater,
        SqlOperator::GtEq => Operator::GreaterOrEqual,
        _ => return None,
    })
}

/// For `3 < x` instead of `x > 3`.
fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}
